// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/admins.h"
#include "broker/base/log.h"
#include "broker/calls/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct admin {
    char digest[DIGEST_SIZE]; // of the token; the key
    struct peer peer;
    char group[DN_SIZE]; // membership of it was proven
    int64_t until_ms;
};

struct admins {
    struct shelf shelf;
    char first_token_file[512];
};

struct admins *admins_new(const char *first_token_file)
{
    struct admins *admins = mem_new(1, sizeof *admins);
    TEXT_PUT(admins->first_token_file, first_token_file);
    return admins;
}

void admins_free(struct admins *admins)
{
    if (!admins)
        return;
    shelf_clear(&admins->shelf);
    free(admins);
}

bool admins_prove(struct admins *admins, const struct state *state, const char *token, int64_t now_ms,
                  struct peer *peer)
{
    char digest[DIGEST_SIZE];
    world_digest(digest, token, strlen(token));
    const struct admin *admin = shelf_find(&admins->shelf, digest);
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

static void forget_old(struct admins *admins, int64_t now_ms)
{
    for (size_t i = admins->shelf.count; i-- > 0;) {
        struct admin *admin = admins->shelf.records[i];
        if (admin->until_ms <= now_ms)
            free(shelf_take(&admins->shelf, admin->digest));
    }
}

// A program that logs on for every question would else keep everybody out for hours.
static void forget_surplus(struct admins *admins, const char *id)
{
    size_t count = 0;
    struct admin *oldest = NULL;
    for (size_t i = 0; i < admins->shelf.count; i++) {
        struct admin *admin = admins->shelf.records[i];
        if (!text_equal(admin->peer.id, id))
            continue;
        count++;
        if (!oldest || admin->until_ms < oldest->until_ms)
            oldest = admin;
    }
    if (count >= ADMIN_TOKENS_MAX)
        free(shelf_take(&admins->shelf, oldest->digest));
}

bool admins_add(struct admins *admins, const struct peer *peer, const char *group, int64_t now_ms,
                char token[ADMIN_TOKEN_SIZE])
{
    forget_old(admins, now_ms);
    forget_surplus(admins, peer->id);
    if (admins->shelf.count >= ADMINS_MAX)
        return false;
    struct admin *admin = mem_new(1, sizeof *admin);
    world_random_hex(token, 32);
    world_digest(admin->digest, token, strlen(token));
    admin->peer = *peer;
    TEXT_PUT(admin->group, group);
    admin->until_ms = now_ms + ADMIN_MS;
    shelf_put(&admins->shelf, admin);
    return true;
}

void admins_remove(struct admins *admins, const struct peer *peer)
{
    for (size_t i = admins->shelf.count; i-- > 0;) {
        struct admin *admin = admins->shelf.records[i];
        if (text_equal(admin->peer.id, peer->id) && text_equal(admin->peer.address, peer->address))
            free(shelf_take(&admins->shelf, admin->digest));
    }
}

bool admins_take_first(struct admins *admins, const char *token)
{
    char kept[DIGEST_SIZE] = "", digest[DIGEST_SIZE];
    FILE *file = fopen(admins->first_token_file, "re");
    if (!file)
        return false;
    size_t length = fread(kept, 1, sizeof kept - 1, file);
    fclose(file);
    world_digest(digest, token, strlen(token));
    bool right = length == DIGEST_SIZE - 1 && secret_equal(kept, digest, DIGEST_SIZE);
    if (right && unlink(admins->first_token_file) != 0) {
        log_error("admin", "the first token cannot be removed, so it is not accepted: %m");
        return false;
    }
    return right;
}
