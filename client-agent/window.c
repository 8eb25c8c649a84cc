// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/window.h"
#include "broker/base/mem.h"
#include "client-agent/server.h"

#include <stdlib.h>
#include <string.h>
#include <xcb/xcb.h>

struct window_watch {
    xcb_connection_t *connection;
    struct loop_watch *watch;
    window_shown *shown;
    void *arg;
};

// True when it is a window of its own, not a menu or a tooltip.
static bool takes_keyboard(struct window_watch *watch, const xcb_generic_event_t *event)
{
    if ((event->response_type & 0x7f) != XCB_MAP_NOTIFY)
        return false;
    xcb_map_notify_event_t mapped;
    memcpy(&mapped, event, sizeof mapped);
    if (mapped.override_redirect)
        return false;
    xcb_set_input_focus(watch->connection, XCB_INPUT_FOCUS_POINTER_ROOT, mapped.window, XCB_CURRENT_TIME);
    xcb_flush(watch->connection);
    return true;
}

static void ready(void *arg, bool readable, bool writable)
{
    struct window_watch *watch = arg;
    bool appeared = false;
    (void)readable;
    (void)writable;
    for (;;) {
        xcb_generic_event_t *event = xcb_poll_for_event(watch->connection);
        if (!event)
            break;
        appeared = takes_keyboard(watch, event) || appeared;
        free(event);
    }
    // The end of the X server is noticed by who started it.
    if (xcb_connection_has_error(watch->connection))
        loop_watch_set(watch->watch, false, false);
    if (appeared)
        watch->shown(watch->arg);
}

static xcb_connection_t *let_in(const char *display, const unsigned char *cookie)
{
    char name[] = "MIT-MAGIC-COOKIE-1";
    char data[COOKIE_SIZE];
    memcpy(data, cookie, sizeof data);
    xcb_auth_info_t auth = {.namelen = sizeof name - 1, .name = name, .datalen = sizeof data, .data = data};
    return xcb_connect_to_display_with_auth_info(display, &auth, NULL);
}

static void listen_to_root(xcb_connection_t *connection)
{
    const uint32_t mask = XCB_EVENT_MASK_SUBSTRUCTURE_NOTIFY;
    xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(connection));
    for (; screens.rem; xcb_screen_next(&screens))
        xcb_change_window_attributes(connection, screens.data->root, XCB_CW_EVENT_MASK, &mask);
    xcb_flush(connection);
}

struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      window_shown *shown, void *arg, struct fault *why)
{
    xcb_connection_t *connection = let_in(display, cookie);
    if (xcb_connection_has_error(connection)) {
        xcb_disconnect(connection);
        fault_set(why, FAULT_UNAVAILABLE, "the X server %s does not let us in", display);
        return NULL;
    }
    listen_to_root(connection);
    struct window_watch *watch = mem_new(1, sizeof *watch);
    watch->connection = connection;
    watch->shown = shown;
    watch->arg = arg;
    watch->watch = loop_watch_new(loop, xcb_get_file_descriptor(connection), ready, watch);
    loop_watch_set(watch->watch, true, false);
    return watch;
}

void window_watch_free(struct window_watch *watch)
{
    if (!watch)
        return;
    loop_watch_free(watch->watch);
    xcb_disconnect(watch->connection);
    free(watch);
}
