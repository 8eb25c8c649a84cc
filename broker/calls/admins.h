// SPDX-License-Identifier: EUPL-1.2
// Administrators who are logged on: a token each, kept as its digest, for 8 hours or until the broker ends. What it
// allows is what their tenant is now; once it is gone, or others administer it, nothing.
#pragma once
#include "broker/core/state.h"
#include "broker/core/wall.h"

struct admins;

enum { ADMINS_MAX = 1000, ADMIN_TOKENS_MAX = 20, ADMIN_TOKEN_SIZE = 65, ADMIN_MS = 8 * 60 * 60 * 1000 };

// `first_token_file` holds the digest of the first administrator's token; it is removed when used. May not exist.
struct admins *admins_new(const char *first_token_file);
void admins_free(struct admins *admins);
// True: `peer` gets role, tenant and id. The token is hostile.
bool admins_prove(struct admins *admins, const struct state *state, const char *token, int64_t now_ms,
                  struct peer *peer);
// The new token. Who has ADMIN_TOKENS_MAX loses the oldest; false when ADMINS_MAX are there in all. `group` is the one
// they are in, "" for the first administrator.
bool admins_add(struct admins *admins, const struct peer *peer, const char *group, int64_t now_ms,
                char token[ADMIN_TOKEN_SIZE]);
void admins_remove(struct admins *admins, const struct peer *peer);
bool admins_take_first(struct admins *admins, const char *token);
