// SPDX-License-Identifier: EUPL-1.2
// In a window manager's place on an X server: tells when the client shows a window and gives it the keyboard; keeps
// for itself the keys that lock the desk, Super+L and Ctrl+Alt+L.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct window_watch;

struct window_watch_events {
    void (*shown)(void *arg);
    void (*lock)(void *arg); // NULL: those keys are the client's
};

// NULL with a fault when the X server does not let us in. `cookie` has COOKIE_SIZE bytes.
struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      const struct window_watch_events *events, void *arg, struct fault *why);
void window_watch_free(struct window_watch *watch); // also from an event; NULL allowed
