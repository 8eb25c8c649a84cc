// SPDX-License-Identifier: EUPL-1.2
// How long nobody has touched keyboard and mouse of a session: its X server is asked over a connection that is kept
// (X11 protocol, MIT-SCREEN-SAVER). Nothing here waits: a server that hangs is just not known. The cookie is read by a
// program that runs as the person, since homes may lie on a file server that knows no root; where there is none, as in
// a home that is full, the person's account is proof enough.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"

struct idle;

struct idle *idle_new(struct loop *loop, const struct xrdp_session *session);
// Asks no more. True when idle_free will not wait for the reader of the cookie.
bool idle_stop(struct idle *idle);
void idle_free(struct idle *idle);       // NULL allowed
void idle_ask(struct idle *idle);        // now and then; the answer comes by itself
int64_t idle_s(const struct idle *idle); // 0 as long as it is not known

enum { IDLE_COOKIE_MAX = 64 };
// The MIT-MAGIC-COOKIE-1 for a display in the bytes of an .Xauthority, which may be anything. Its length, or 0.
size_t idle_cookie(const unsigned char *bytes, size_t length, int display, unsigned char cookie[IDLE_COOKIE_MAX]);
// The first root window in an X server's greeting, of which the first bytes are here; 0: there is none.
uint32_t idle_root_window(const unsigned char *bytes, size_t length);
