// SPDX-License-Identifier: EUPL-1.2
// People enrol what they will show besides their password, on pages of the portal, once they are logged on there.
#pragma once
#include "broker/calls/services.h"

// `why` is NULL when it is durable. FAULT_DENIED: it was not shown rightly; FAULT_CONFLICT: they have too many.
typedef void factor_enrolled(void *arg, const struct fault *why);

// A secret for a telephone: nothing is kept until its first code is shown. The offer is to be wiped. False: the names
// of organisation and person are too long for telephones.
bool factor_offer_totp(const struct services *services, const char *person_id, struct factor_offer *offer)
    __attribute__((warn_unused_result));
// All that is given is hostile. `name`: what they call it. `done` comes later, once.
void factor_enrol_totp(struct services *services, const char *person_id, const char *name, const char *sealed,
                       const char *code, factor_enrolled *done, void *arg);

// As the browser sends it after navigator.credentials.create. `challenge` came with the page of the cookie whose digest
// is `holder` (see outside_logon_challenge), through this gateway.
struct passkey_offer {
    const char *gateway, *holder, *challenge;
    const char *client_data, *authenticator_data; // base64
};
void factor_enrol_passkey(struct services *services, const char *person_id, const char *name,
                          const struct passkey_offer *offer, factor_enrolled *done, void *arg);

// Codes on paper, which replace those there were; to be shown once `done` has come, and wiped.
void factor_renew_recovery(struct services *services, const char *person_id,
                           char codes[FACTOR_CODES_MAX][FACTOR_CODE_SIZE], factor_enrolled *done, void *arg);
// Their own, that they do not want any more. FAULT_ABSENT: it is none of theirs.
void factor_remove_own(struct services *services, const char *person_id, const char *id, factor_enrolled *done,
                       void *arg);
