// SPDX-License-Identifier: EUPL-1.2
// The auth port over the directories of all tenants. A tenant's connections are made when it is first asked about.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct auth;

// 0 and NULL stand for the value in brackets.
struct auth_config {
    // <tenant>.password: of the service account; <tenant>.ca.pem: the only authority believed for its servers; both
    // read anew for every connection. <tenant>.keytab: for tickets; read anew after `forget`.
    const char *credentials_dir;
    int64_t deadline_ms;    // for a whole answer; then AUTH_UNAVAILABLE [5000]
    int connections;        // kept per tenant for checking passwords, at most 64 [16]
    int64_t keep_groups_ms; // how long a group's own groups are remembered [60000]
    int64_t keep_names_ms;  // how long it is remembered where a name stands [300000]
    size_t most;            // requests of one tenant at a time; more are AUTH_UNAVAILABLE [4096]
};

// Before other threads run: sets LDAPNOINIT, see ldap.h.
struct auth *auth_new(struct loop *loop, const struct auth_config *config);
// Answers what is still open with AUTH_UNAVAILABLE, so before what those answers go to. Not from within an answer.
void auth_free(struct auth *auth);
struct auth_port auth_port(struct auth *auth);
