// SPDX-License-Identifier: EUPL-1.2
// Administrators who are logged on: a token each, kept as its digest, for 8 hours or until the broker ends. What it
// allows is what their tenant is now; once it is gone, or others administer it, nothing. Whether they still administer
// it the directory is asked every few minutes; one that is silent is waited for, for an hour.
#pragma once
#include "broker/core/state.h"
#include "broker/core/wall.h"

struct admin_sessions;

enum {
    ADMINS_MAX = 1000,
    ADMIN_TOKENS_MAX = 20,
    ADMIN_TOKEN_SIZE = 65,
    ADMIN_MS = 8 * 60 * 60 * 1000,
    ADMIN_CHECK_MS = 2 * 60 * 1000, // then the directory is asked again
    ADMIN_TRUST_MS = 60 * 60 * 1000 // without its answer
};

// What a directory said of them when they logged on.
struct admin_proof {
    const char *group; // they are in
    const char *user_name;
    const char *key; // the directory's unchanging id
};

// `first_token_file` holds the digest of the first administrator's token; it is removed when used. May not exist.
struct admin_sessions *admin_sessions_new(const char *first_token_file);
void admin_sessions_free(struct admin_sessions *admin_sessions);
// True: `peer` gets role, tenant and id. The token is hostile.
bool admin_sessions_prove(struct admin_sessions *admin_sessions, const struct state *state, const char *token,
                          int64_t now_ms, struct peer *peer);
// Once more, when something was waited for meanwhile: by peer->token. Another role may have come of it.
bool admin_sessions_prove_again(struct admin_sessions *admin_sessions, const struct state *state, int64_t now_ms,
                                struct peer *peer);
// The new token. Who has ADMIN_TOKENS_MAX loses the oldest; false when ADMINS_MAX are there in all. `proof`: NULL for
// the first administrator.
bool admin_sessions_add(struct admin_sessions *admin_sessions, const struct peer *peer, const struct admin_proof *proof,
                        int64_t now_ms, char token[ADMIN_TOKEN_SIZE]);
void admin_sessions_remove(struct admin_sessions *admin_sessions, const struct peer *peer);
void admin_sessions_remove_tenant(struct admin_sessions *admin_sessions, const char *tenant_id);
// It is gone from the disk before this says true.
bool admin_sessions_take_first(struct admin_sessions *admin_sessions, const char *token);

// ---- one by one

struct admin_session {
    const char *id; // "neustadt/t-<hex>"
    const struct peer *peer;
    const char *user_name;
    int64_t since_ms, until_ms;
    int64_t proven_ms; // when the directory confirmed it last
};
// Walks those that are valid: start with *at = 0; false at the end.
bool admin_sessions_next(const struct admin_sessions *admin_sessions, size_t *at, int64_t now_ms,
                         struct admin_session *session);
bool admin_sessions_revoke(struct admin_sessions *admin_sessions, const char *id);

// ---- whether they still may

// Somebody whose directory is to be asked again, once every ADMIN_CHECK_MS; false: nobody.
bool admin_sessions_due(struct admin_sessions *admin_sessions, int64_t now_ms, struct admin_session *session);
// What it said to the question of `asked_ms`: they still administer it, under this key. "": they do not, and all of
// theirs end that were not proven since. Returns how many ended.
size_t admin_sessions_answered(struct admin_sessions *admin_sessions, const char *peer_id, const char *key,
                               int64_t asked_ms);
