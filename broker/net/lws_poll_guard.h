// SPDX-License-Identifier: EUPL-1.2
// libwebsockets asks libuv again and again to wait for what it waits for already, and libuv (uv_poll_start) then has
// the kernel forget the socket and learn it anew: five of seven epoll_ctl calls of a request. And after each answer it
// wants to be told that it may write before it reads on: a turn of the loop for nothing. So what it asks of libuv comes
// here first: nothing is done when nothing changes, and what it says while it is held counts in the end only.
#pragma once
#include <stdbool.h>

bool lws_poll_guard_works(void); // whether it asks us; false would be a mistake in how the program was linked
void lws_poll_hold(void);        // of one connection; until lws_poll_release, in the same turn of the loop
void lws_poll_release(void);
