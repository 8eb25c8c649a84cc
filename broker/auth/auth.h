// SPDX-License-Identifier: EUPL-1.2
// The auth port over the directories of all tenants. A tenant's connections are made when it is first asked about.
#pragma once
#include "broker/auth/directory.h"

struct auth;

// Before other threads run: sets LDAPNOINIT, see ldap.h.
struct auth *auth_new(struct loop *loop, const struct directory_config *config);
// Answers what is still open with AUTH_UNAVAILABLE, so before what those answers go to. Not from within an answer.
void auth_free(struct auth *auth);
struct auth_port auth_port(struct auth *auth);
