// SPDX-License-Identifier: EUPL-1.2
// In a window manager's place on an X server: tells when the client shows a window and gives it the keyboard.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct window_watch;

typedef void window_shown(void *arg);

// NULL with a fault when the X server does not let us in. `cookie` has COOKIE_SIZE bytes.
struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      window_shown *shown, void *arg, struct fault *why);
void window_watch_free(struct window_watch *watch); // also from `shown`; NULL allowed
