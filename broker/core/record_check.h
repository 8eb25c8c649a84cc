// SPDX-License-Identifier: EUPL-1.2
// What may be set: whether a record from outside fits into the state.
#pragma once
#include "broker/core/state.h"

// Every id it refers to exists and may be used by the record's owner; values that go together do. FAULT_INVALID naming
// the field; FAULT_CONFLICT naming the quota of its owner that is used up.
bool record_check(const struct state *state, enum noun noun, const void *record, struct fault *why)
    __attribute__((warn_unused_result));
