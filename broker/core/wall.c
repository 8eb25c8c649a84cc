// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wall.h"
#include "broker/api/machine.h"
#include "broker/base/text.h"
#include "broker/core/state.h"

#include <assert.h>
#include <stdio.h>

// ---- whose a thing is

void wall_owner(char tenant_id[SLUG_SIZE], const char *id)
{
    id_tenant(tenant_id, id);
}

bool wall_owns(const char *tenant_id, const char *id)
{
    return id_is_of_tenant(id, tenant_id);
}

// Its own stand together: behind "tenant/" and before "tenant0", the next letter.
size_t wall_count(const struct state *state, const char *tenant_id, enum noun noun)
{
    const struct sorted_table *table = state_table(state, noun);
    char first[SLUG_SIZE + 1], behind[SLUG_SIZE + 1];
    static_assert('/' + 1 == '0', "the next letter");
    snprintf(first, sizeof first, "%s/", tenant_id);
    snprintf(behind, sizeof behind, "%s0", tenant_id);
    return sorted_table_from(table, behind) - sorted_table_from(table, first);
}

// ---- what a tenant may use

bool wall_may_use(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    (void)state, (void)noun; // today the owner alone decides
    return wall_owns(tenant_id, id);
}

const void *wall_find(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    return wall_may_use(state, tenant_id, noun, id) ? state_find(state, noun, id) : NULL;
}

struct wall_walk wall_walk(const struct state *state, const char *tenant_id, enum noun noun)
{
    char first[SLUG_SIZE + 1];
    snprintf(first, sizeof first, "%s%s", tenant_id, noun == NOUN_TENANT ? "" : "/");
    struct wall_walk walk = {.state = state, .noun = noun, .at = sorted_table_from(state_table(state, noun), first)};
    TEXT_PUT(walk.tenant_id, tenant_id);
    return walk;
}

// What a tenant owns stands together.
const void *wall_next(struct wall_walk *walk)
{
    const struct sorted_table *table = state_table(walk->state, walk->noun);
    const void *record = walk->at < table->count ? table->records[walk->at] : NULL;
    if (!record || (!walk->sees_all && !wall_may_use(walk->state, walk->tenant_id, walk->noun, record)))
        return NULL;
    walk->at++;
    return record;
}

const struct tenant *wall_directory(const struct state *state, const char *device_id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, device_id);
    return state_tenant(state, tenant_id);
}

bool wall_may_know_ports(const struct state *state, const char *host_id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, host_id);
    const struct tenant *tenant = state_tenant(state, tenant_id);
    return tenant && tenant->host_networks[0];
}

// ---- what a caller may do

static bool role_suffices(enum role needed, enum role has)
{
    switch (needed) {
    case ROLE_NOBODY:
        return false;
    case ROLE_UNAUTHENTICATED:
        return true;
    case ROLE_DEVICE:
    case ROLE_HOST:
    case ROLE_PRINT_SERVER:
    case ROLE_DISTRICT:
        return has == needed;
    case ROLE_MACHINE:
        return machine_by_role(has) != NULL;
    case ROLE_ADMIN:
        return has == ROLE_ADMIN || has == ROLE_DISTRICT;
    }
    return false;
}

static enum refusal check_role(enum role needed, enum role has)
{
    if (role_suffices(needed, has))
        return REFUSAL_NONE;
    return needed != ROLE_NOBODY && has == ROLE_UNAUTHENTICATED ? REFUSAL_UNAUTHENTICATED : REFUSAL_DENIED;
}

bool wall_can_see(const struct state *state, const struct peer *peer, enum noun noun, const char *id)
{
    return peer->role == ROLE_DISTRICT || wall_may_use(state, peer->tenant, noun, id);
}

struct wall_walk wall_walk_seen(const struct state *state, const struct peer *peer, enum noun noun, const char *after)
{
    const struct sorted_table *table = state_table(state, noun);
    struct wall_walk walk = {.state = state, .noun = noun, .sees_all = true};
    if (peer->role != ROLE_DISTRICT)
        walk = wall_walk(state, peer->tenant, noun);
    size_t behind = after[0] ? sorted_table_from(table, after) : 0;
    behind += behind < table->count && text_equal(table->records[behind], after);
    if (walk.at < behind)
        walk.at = behind;
    return walk;
}

static bool may_call(const struct state *state, const struct method *method, const struct peer *peer, const char *id)
{
    if (text_equal(method->verb, "GET"))
        return wall_can_see(state, peer, method->noun, id);
    return peer->role == ROLE_DISTRICT || wall_owns(peer->tenant, id);
}

enum refusal wall_authorize(const struct state *state, const struct method *method, const struct peer *peer,
                            const char *id)
{
    enum refusal refusal = check_role(method->who, peer->role);
    if (refusal != REFUSAL_NONE)
        return refusal;
    if (id[0] && (method->flags & METHOD_OWN_TENANT) && !may_call(state, method, peer, id))
        return REFUSAL_NOT_FOUND;
    return REFUSAL_NONE;
}
