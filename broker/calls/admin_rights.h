// SPDX-License-Identifier: EUPL-1.2
// Who administers a tenant: those whom its directory calls members of its group, at log-on and every few minutes after.
#pragma once
#include "broker/calls/services.h"

// Whether the directory's answer makes them an administrator. `tenant` may be NULL.
bool admin_rights_hold(const struct services *services, const struct tenant *tenant, const struct identity *identity);
// Who has shown this certificate.
void admin_rights_by_certificate(const struct state *state, const struct administrator *administrator,
                                 struct peer *peer);
// After something was waited for: whether the caller's rights are gone meanwhile. Then the request is refused.
bool admin_rights_refuse(const struct services *services, struct request *request);
// Asks again about those who are logged on. Call it every few seconds.
void admin_rights_sweep(struct services *services);
