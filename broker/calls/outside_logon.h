// SPDX-License-Identifier: EUPL-1.2
// Who somebody is that comes from outside, by name, password and second factor.
#pragma once
#include "broker/core/port.h"

struct services;

// Borrowed during the call, and hostile.
struct outside_logon_input {
    const char *address;     // where from
    const char *name, *code; // as typed
    const char *holder;      // digest of the cookie that the form came with
    struct secret password;  // taken over
};

// Comes later, exactly once. REFUSAL_NONE, with somebody whom the broker knows, durably; borrowed. What must look alike
// is REFUSAL_WRONG_PASSWORD, at a time that tells nothing.
typedef void outside_logon_done(void *arg, enum refusal refusal, int64_t retry_after_ms,
                                const struct store_person *person);

typedef void outside_logon_function(struct services *services, struct outside_logon_input *input,
                                    outside_logon_done *done, void *arg);
