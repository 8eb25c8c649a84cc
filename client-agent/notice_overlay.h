// SPDX-License-Identifier: EUPL-1.2
// A few words over a session, on the viewer's own X server. The words come as a picture of black and white, drawn
// elsewhere: here nobody reads fonts, and nothing that the server or its other clients say is waited for. The window
// takes no keyboard; a click on it is told.
#pragma once
#include "client-agent/notice_picture.h"

#include <xcb/xcb.h>

struct notice_overlay {
    xcb_window_t window; // none: 0
};

// At the upper edge of a monitor of that width, which begins at x and y. False: such a server is none that we know how
// to draw on.
bool notice_overlay_open(struct notice_overlay *notice, xcb_connection_t *connection, int x, int y, int width,
                         const struct notice_picture *picture);
void notice_overlay_close(struct notice_overlay *notice, xcb_connection_t *connection);
bool notice_overlay_is_clicked(const struct notice_overlay *notice, const xcb_generic_event_t *event);
