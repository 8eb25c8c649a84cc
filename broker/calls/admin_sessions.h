// SPDX-License-Identifier: EUPL-1.2
// Administrators who are logged on: a token each, kept as its digest, for 8 hours or until the broker ends. What it
// allows is what their tenant is now; once it is gone, or others administer it, nothing.
#pragma once
#include "broker/core/state.h"
#include "broker/core/wall.h"

struct admin_sessions;

enum { ADMINS_MAX = 1000, ADMIN_TOKENS_MAX = 20, ADMIN_TOKEN_SIZE = 65, ADMIN_MS = 8 * 60 * 60 * 1000 };

// `first_token_file` holds the digest of the first administrator's token; it is removed when used. May not exist.
struct admin_sessions *admin_sessions_new(const char *first_token_file);
void admin_sessions_free(struct admin_sessions *admin_sessions);
// True: `peer` gets role, tenant and id. The token is hostile.
bool admin_sessions_prove(struct admin_sessions *admin_sessions, const struct state *state, const char *token,
                          int64_t now_ms, struct peer *peer);
// The new token. Who has ADMIN_TOKENS_MAX loses the oldest; false when ADMINS_MAX are there in all. `group` is the one
// they are in, "" for the first administrator.
bool admin_sessions_add(struct admin_sessions *admin_sessions, const struct peer *peer, const char *group,
                        int64_t now_ms, char token[ADMIN_TOKEN_SIZE]);
void admin_sessions_remove(struct admin_sessions *admin_sessions, const struct peer *peer);
// It is gone from the disk before this says true.
bool admin_sessions_take_first(struct admin_sessions *admin_sessions, const char *token);
