// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/admin_sessions.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/calls/services.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct admin {
    char digest[DIGEST_SIZE]; // of the token; the key
    struct peer peer;
    char group[DN_SIZE]; // membership of it was proven
    int64_t until_ms;
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

bool admin_sessions_prove(struct admin_sessions *admin_sessions, const struct state *state, const char *token,
                          int64_t now_ms, struct peer *peer)
{
    char digest[DIGEST_SIZE];
    services_digest(digest, token, strlen(token));
    const struct admin *admin = sorted_table_find(&admin_sessions->table, digest);
    if (!admin || admin->until_ms <= now_ms)
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

bool admin_sessions_add(struct admin_sessions *admin_sessions, const struct peer *peer, const char *group,
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
    TEXT_PUT(admin->group, group);
    admin->until_ms = now_ms + ADMIN_MS;
    const void *replaced = sorted_table_put(&admin_sessions->table, admin);
    assert(!replaced && admin_sessions->table.count <= ADMINS_MAX);
    return true;
}

void admin_sessions_remove(struct admin_sessions *admin_sessions, const struct peer *peer)
{
    for (size_t i = admin_sessions->table.count; i-- > 0;) {
        struct admin *admin = admin_sessions->table.records[i];
        if (text_equal(admin->peer.id, peer->id) && text_equal(admin->peer.address, peer->address))
            free(sorted_table_take(&admin_sessions->table, admin->digest));
    }
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
