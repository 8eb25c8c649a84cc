// SPDX-License-Identifier: EUPL-1.2
// Passes bytes both ways between two stream descriptors. Each way has one bounded buffer: who does not read slows down
// who writes. The end of one way is passed on, the other goes on for a moment.
#pragma once
#include "broker/base/loop.h"

enum { PUMP_BUFFER = 128 * 1024, PUMP_LINGER_MS = 3000 };

enum pump_side { PUMP_NEAR, PUMP_FAR };

struct pump;

// Both ways are over, or a descriptor failed. `first` is the side that ended first. Never called from within pump_new.
typedef void pump_ended(void *arg, enum pump_side first);

// Takes over both descriptors, which are non-blocking, and closes them when it is freed.
struct pump *pump_new(struct loop *loop, int near_descriptor, int far_descriptor, pump_ended *ended, void *arg);
void pump_free(struct pump *pump); // also from `ended`; NULL allowed
// One way is over already, and it was this side that ended it.
bool pump_is_ending(const struct pump *pump, enum pump_side side);
