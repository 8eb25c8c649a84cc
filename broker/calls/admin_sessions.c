// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/admin_sessions.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/calls/services.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct admin {
    char digest[DIGEST_SIZE]; // of the token; the key
    char id[ID_SIZE];         // for lists
    struct peer peer;
    char group[DN_SIZE]; // membership of it was proven; empty: the first administrator's
    char user_name[USER_NAME_SIZE], key[NAME_SIZE];
    int64_t since_ms, until_ms, proven_ms, asked_ms;
};

struct admin_sessions {
    struct sorted_table table;
    char first_token_file[512];
};

struct admin_sessions *admin_sessions_new(const char *first_token_file)
{
    struct admin_sessions *admin_sessions = mem_new(1, sizeof *admin_sessions);
    TEXT_PUT(admin_sessions->first_token_file, first_token_file);
    return admin_sessions;
}

void admin_sessions_free(struct admin_sessions *admin_sessions)
{
    if (!admin_sessions)
        return;
    sorted_table_clear(&admin_sessions->table);
    free(admin_sessions);
}

static bool is_valid(const struct admin *admin, int64_t now_ms)
{
    return admin->until_ms > now_ms && (!admin->group[0] || now_ms - admin->proven_ms < ADMIN_TRUST_MS);
}

bool admin_sessions_prove_again(struct admin_sessions *admin_sessions, const struct state *state, int64_t now_ms,
                                struct peer *peer)
{
    const struct admin *admin = sorted_table_find(&admin_sessions->table, peer->token);
    if (!admin || !is_valid(admin, now_ms))
        return false;
    const struct tenant *tenant = state_tenant(state, admin->peer.tenant);
    bool is_first = !admin->peer.tenant[0];
    if (!is_first && (!tenant || !text_equal(tenant->admin_group, admin->group)))
        return false;
    peer->role = is_first || tenant->district ? ROLE_DISTRICT : ROLE_ADMIN;
    TEXT_PUT(peer->tenant, admin->peer.tenant);
    TEXT_PUT(peer->id, admin->peer.id);
    return true;
}

bool admin_sessions_prove(struct admin_sessions *admin_sessions, const struct state *state, const char *token,
                          int64_t now_ms, struct peer *peer)
{
    services_digest(peer->token, token, strlen(token));
    bool proven = admin_sessions_prove_again(admin_sessions, state, now_ms, peer);
    if (!proven)
        peer->token[0] = 0;
    return proven;
}

static void forget_old(struct admin_sessions *admin_sessions, int64_t now_ms)
{
    for (size_t i = admin_sessions->table.count; i-- > 0;) {
        struct admin *admin = admin_sessions->table.records[i];
        if (admin->until_ms <= now_ms)
            free(sorted_table_take(&admin_sessions->table, admin->digest));
    }
}

// A program that logs on for every question would else keep everybody out for hours.
static void forget_surplus(struct admin_sessions *admin_sessions, const char *id)
{
    size_t count = 0;
    struct admin *oldest = NULL;
    for (size_t i = 0; i < admin_sessions->table.count; i++) {
        struct admin *admin = admin_sessions->table.records[i];
        if (!text_equal(admin->peer.id, id))
            continue;
        count++;
        if (!oldest || admin->until_ms < oldest->until_ms)
            oldest = admin;
    }
    assert(count <= ADMIN_TOKENS_MAX && !oldest == (count == 0));
    if (count >= ADMIN_TOKENS_MAX)
        free(sorted_table_take(&admin_sessions->table, oldest->digest));
}

static void name_token(char id[ID_SIZE], const struct peer *peer)
{
    char random[17];
    services_random_hex(random, 8);
    snprintf(id, ID_SIZE, "%.63s/t-%s", peer->tenant[0] ? peer->tenant : peer->id, random);
}

bool admin_sessions_add(struct admin_sessions *admin_sessions, const struct peer *peer, const struct admin_proof *proof,
                        int64_t now_ms, char token[ADMIN_TOKEN_SIZE])
{
    forget_old(admin_sessions, now_ms);
    forget_surplus(admin_sessions, peer->id);
    if (admin_sessions->table.count >= ADMINS_MAX)
        return false;
    struct admin *admin = mem_new(1, sizeof *admin);
    services_random_hex(token, 32);
    services_digest(admin->digest, token, strlen(token));
    admin->peer = *peer;
    name_token(admin->id, peer);
    if (proof) {
        TEXT_PUT(admin->group, proof->group);
        TEXT_PUT(admin->user_name, proof->user_name);
        TEXT_PUT(admin->key, proof->key);
    }
    admin->since_ms = admin->proven_ms = admin->asked_ms = now_ms;
    admin->until_ms = now_ms + ADMIN_MS;
    const void *replaced = sorted_table_put(&admin_sessions->table, admin);
    assert(!replaced && admin_sessions->table.count <= ADMINS_MAX);
    return true;
}

static void remove_at(struct admin_sessions *admin_sessions, size_t i)
{
    const struct admin *admin = admin_sessions->table.records[i];
    free(sorted_table_take(&admin_sessions->table, admin->digest));
}

void admin_sessions_remove(struct admin_sessions *admin_sessions, const struct peer *peer)
{
    for (size_t i = admin_sessions->table.count; i-- > 0;) {
        const struct admin *admin = admin_sessions->table.records[i];
        if (text_equal(admin->peer.id, peer->id) && text_equal(admin->peer.address, peer->address))
            remove_at(admin_sessions, i);
    }
}

void admin_sessions_remove_tenant(struct admin_sessions *admin_sessions, const char *tenant_id)
{
    for (size_t i = admin_sessions->table.count; i-- > 0;) {
        const struct admin *admin = admin_sessions->table.records[i];
        if (text_equal(admin->peer.tenant, tenant_id))
            remove_at(admin_sessions, i);
    }
}

// ---- one by one

static struct admin_session shown(const struct admin *admin)
{
    return (struct admin_session){admin->id,       &admin->peer,    admin->user_name,
                                  admin->since_ms, admin->until_ms, admin->group[0] ? admin->proven_ms : 0};
}

bool admin_sessions_next(const struct admin_sessions *admin_sessions, size_t *at, int64_t now_ms,
                         struct admin_session *session)
{
    while (*at < admin_sessions->table.count) {
        const struct admin *admin = admin_sessions->table.records[(*at)++];
        *session = shown(admin);
        if (is_valid(admin, now_ms))
            return true;
    }
    return false;
}

bool admin_sessions_revoke(struct admin_sessions *admin_sessions, const char *id)
{
    for (size_t i = 0; i < admin_sessions->table.count; i++) {
        const struct admin *admin = admin_sessions->table.records[i];
        if (!text_equal(admin->id, id))
            continue;
        remove_at(admin_sessions, i);
        return true;
    }
    return false;
}

// ---- whether they still may

bool admin_sessions_due(struct admin_sessions *admin_sessions, int64_t now_ms, struct admin_session *session)
{
    const struct admin *due = NULL;
    for (size_t i = 0; i < admin_sessions->table.count; i++) {
        struct admin *admin = admin_sessions->table.records[i];
        bool is_old = admin->group[0] && is_valid(admin, now_ms) && now_ms - admin->asked_ms >= ADMIN_CHECK_MS;
        if (!due && is_old)
            due = admin;
        // One question for all that somebody has.
        if (due && text_equal(admin->peer.id, due->peer.id))
            admin->asked_ms = now_ms;
    }
    if (due)
        *session = shown(due);
    return due != NULL;
}

size_t admin_sessions_answered(struct admin_sessions *admin_sessions, const char *peer_id, const char *key,
                               int64_t asked_ms)
{
    size_t ended = 0;
    for (size_t i = admin_sessions->table.count; i-- > 0;) {
        struct admin *admin = admin_sessions->table.records[i];
        if (!text_equal(admin->peer.id, peer_id) || admin->since_ms > asked_ms)
            continue;
        if (key[0] && text_equal(admin->key, key)) {
            admin->proven_ms = asked_ms;
            continue;
        }
        remove_at(admin_sessions, i);
        ended++;
    }
    return ended;
}

bool admin_sessions_take_first(struct admin_sessions *admin_sessions, const char *token)
{
    char kept[DIGEST_SIZE] = "", digest[DIGEST_SIZE];
    struct fault why = {0};
    if (!file_read_text(admin_sessions->first_token_file, kept, sizeof kept, NULL))
        return false;
    services_digest(digest, token, strlen(token));
    if (!secret_equal(kept, digest, DIGEST_SIZE))
        return false;
    if (file_remove(admin_sessions->first_token_file, &why))
        return true;
    log_error("admin", "the first token cannot be removed, so it is not accepted: %s", why.text);
    return false;
}
