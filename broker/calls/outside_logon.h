// SPDX-License-Identifier: EUPL-1.2
// Who somebody is that comes from outside, by name, password and second factor.
#pragma once
#include "broker/core/port.h"

struct services;

// Borrowed during the call, and hostile.
struct outside_logon_input {
    const char *address;     // where from
    const char *name, *code; // as typed
    // Of a passkey, "" without one: its id in base64url, as browsers write it, and the rest in base64.
    const char *passkey, *client_data, *authenticator_data, *signature;
    const char *challenge;  // that the page had, as it came back
    const char *holder;     // digest of the cookie that the form came with
    struct secret password; // taken over
};

// Comes later, exactly once. REFUSAL_NONE, with somebody whom the broker knows, durably; borrowed. What must look alike
// is REFUSAL_WRONG_PASSWORD, at a time that tells nothing.
typedef void outside_logon_done(void *arg, enum refusal refusal, int64_t retry_after_ms,
                                const struct store_person *person);

// For a page that lets people use a passkey, whose cookie has this digest: what it is to sign, in hexadecimal.
typedef void outside_challenge_function(const struct services *services, const char *holder, char text[DIGEST_SIZE]);

typedef void outside_logon_function(struct services *services, struct outside_logon_input *input,
                                    outside_logon_done *done, void *arg);
