// SPDX-License-Identifier: EUPL-1.2
// A seat before an X server (Xvfb) of the test's own: hands on its keyboard, eyes on its screen, and the loop that the
// things under test run in.
#pragma once
#include "client-agent/x_server.h"

#include <stdbool.h>

// For a suite's `.init` and `.fini`. Has a network of its own, so that X servers of other tests are not met.
void seat_take(void);
void seat_take_small(void); // 1024x768 instead of 1280x800
void seat_leave(void);
struct loop *seat_loop(void);
const struct x_server *seat_server(void);
const char *seat_folder(void); // empty, may be entered by all, removed by seat_leave

// Runs the loop until the flag is set or the time is over; true when it is set.
bool seat_wait(const volatile bool *flag, int64_t wait_ms);
void seat_run_ms(int64_t wait_ms);

void seat_type(const char *text);
void seat_press(const char *key); // X name: Return, Tab, ctrl+c
// What is in the middle of a pixel, such as "#123A5A".
void seat_colour(int x, int y, char colour[16]);
void seat_wait_for_colour(int x, int y, const char *colour); // at most some seconds
