// SPDX-License-Identifier: EUPL-1.2
// How a grant comes about: it is asked for, and approved by each side.
#pragma once
#include "broker/core/state.h"

enum {
    APPROVAL_DAYS_MAX = 366,   // how far ahead its end may be
    APPROVAL_WAITING_MAX = 50, // that one side has approved and the other has not, of the tenant that waits
};

// Whether what somebody asks for may be written down: its members fit together. Nothing is said of whether there are
// such a tenant and such a thing: that shows when the giver approves it. FAULT_INVALID naming the field.
bool approval_check(const struct grant *wanted, int64_t now_ms, struct fault *why) __attribute__((warn_unused_result));
// FAULT_CONFLICT: what is asked for is there already, or too much waits.
bool approval_fits(const struct state *state, const struct grant *wanted, enum grant_side side, struct fault *why)
    __attribute__((warn_unused_result));
// `by`, an administrator, approves it for a side; one with a review date is confirmed when both have done so again.
// Nobody does it for both. False, and as it was: FAULT_CONFLICT, FAULT_INVALID when there is no such thing to give.
bool approval_give(const struct state *state, struct grant *grant, enum grant_side side, const char *by, int64_t now_ms,
                   struct fault *why) __attribute__((warn_unused_result));
