// SPDX-License-Identifier: EUPL-1.2
// The wall between tenants: the one place where it is checked whether a caller may use a method on a thing.
#pragma once
#include "broker/api/method.h"
#include "broker/api/refusal.h"

// Who calls, as proven by certificate, ticket or token; never by what the request says.
struct peer {
    enum role role;                // ROLE_UNAUTHENTICATED, ROLE_DEVICE, ROLE_HOST, ROLE_ADMIN or ROLE_DISTRICT
    char tenant[SLUG_SIZE];        // of a device or an administrator
    char id[ID_SIZE];              // the device, or "tenant/log-on name" of an administrator
    char address[64];              // where from
    bool by_certificate;           // an administrator without a log-on
    char certificate[DIGEST_SIZE]; // of a device or a host, as the state has it; else empty
};

// `id` is what the path names, "" without. A foreign tenant's thing is REFUSAL_NOT_FOUND, existing or not.
enum refusal wall_authorize(const struct method *method, const struct peer *peer, const char *id);
// Whether the peer may see things of this tenant at all.
bool wall_can_see(const struct peer *peer, const char *tenant_id);
