// SPDX-License-Identifier: EUPL-1.2
// What somebody outside shows to log on, and what comes of it.
#pragma once
#include "broker/core/port.h"

struct services;

// As somebody sent it, hostile; borrowed but for the password, which is taken over.
struct outside_logon_input {
    const char *gateway; // its id
    const char *address; // the caller's
    const char *browser; // what people call it; "": not known
    const char *name;    // as typed
    struct secret password;
    const char *code; // of a telephone, on paper or of the help desk; "" with a passkey
    // Of a passkey, "" without one: its id in base64url, as browsers write it, and the rest in base64.
    const char *passkey, *client_data, *authenticator_data, *signature;
    const char *challenge; // that the page had, as it came back
    const char *holder;    // the digest of that page's cookie
};

// REFUSAL_NONE: this is `person`, borrowed; the groups are in the cache. REFUSAL_WRONG_PASSWORD: some of it was wrong,
// or nobody may find out now; it comes at the same time after the start for all that has to look alike.
typedef void outside_logon_done(void *arg, enum refusal refusal, int64_t retry_after_ms,
                                const struct store_person *person);

// For a page that lets people use a passkey, whose cookie has the digest `holder`: what the passkey is asked, in
// hexadecimal.
typedef void outside_challenge_function(const struct services *services, const char *holder, char text[DIGEST_SIZE]);
// `done` comes later, once.
typedef void outside_logon_function(struct services *services, struct outside_logon_input *input,
                                    outside_logon_done *done, void *arg);
