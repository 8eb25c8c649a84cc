// SPDX-License-Identifier: EUPL-1.2
// A seat before an X server (Xvfb) of the test's own: hands on its keyboard, eyes on its screen, and the loop that the
// things under test run in.
#pragma once
#include "client-agent/x_server.h"

#include <stdbool.h>

// For a suite's `.init` and `.fini`. Has a network of its own, so that X servers of other tests are not met.
void display_take(void);
void display_take_small(void); // 1024x768 instead of 1280x800
void display_take_large(void); // 3840x2160
void display_leave(void);
struct loop *display_loop(void);
const struct x_server *display_server(void);
const char *display_folder(void); // empty, may be entered by all, removed by display_leave

// Runs the loop until the flag is set or the time is over; true when it is set.
bool display_wait(const volatile bool *flag, int64_t wait_ms);
void display_run_ms(int64_t wait_ms);

void display_type(const char *text);
void display_press(const char *key); // X name: Return, Tab, ctrl+c
// What is in the middle of a pixel, such as "#123A5A".
void display_colour(int x, int y, char colour[16]);
void display_wait_for_colour(int x, int y, const char *colour); // at most some seconds
