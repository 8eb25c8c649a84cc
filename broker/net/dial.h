// SPDX-License-Identifier: EUPL-1.2
// Opens a TCP connection to a session host without blocking the loop: resolves the name, tries its addresses one after
// the other, gives up at the deadline.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct dial;

// `descriptor` is the receiver's, non-blocking, with keep-alive set so that a pulled cable shows within 15 s;
// or -1 with a fault. Never called from within dial_new.
typedef void dial_done(void *arg, int descriptor, const struct fault *why);

struct dial *dial_new(struct loop *loop, const char *address, int port, int64_t deadline_ms, dial_done *done,
                      void *arg);
// `done` does not come any more. Also from `done`. NULL allowed.
void dial_free(struct dial *dial);
