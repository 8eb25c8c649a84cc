// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wall.h"
#include "broker/api/machine.h"
#include "broker/base/text.h"
#include "broker/core/grant.h"
#include "broker/core/state.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

// What goes with the thing that a grant names: it is used, and not shown.
static const struct part {
    enum noun noun, whole;
    size_t offset; // of the whole's id
    enum state_order order;
} parts[] = {
    {NOUN_HOST, NOUN_POOL, offsetof(struct host, pool), HOSTS_OF_POOL},
    {NOUN_DEVICE, NOUN_SITE, offsetof(struct device, site), DEVICES_OF_SITE},
};

// NULL: it is no part of anything.
static const struct part *part_find(enum noun noun)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].noun == noun)
            return &parts[i];
    return NULL;
}

// What a grant that names a thing of one noun opens: the pool of a host, the site of a device, or the thing itself. Of
// a part that the tenant of the whole does not own nothing is given.
static enum noun granted_noun(const struct state *state, enum noun noun, const char **id)
{
    char giver[SLUG_SIZE];
    const struct part *part = part_find(noun);
    if (!part)
        return noun;
    const char *record = state_find(state, noun, *id);
    const char *whole = record ? record + part->offset : "";
    wall_owner(giver, whole);
    if (!record || !wall_owns(giver, *id))
        return NOUN_NONE;
    *id = whole;
    return part->whole;
}

const struct grant *wall_grant(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    const struct grant *grant = state_behind(state, GRANTS_TO_TENANT, tenant_id, "");
    enum noun of = grant ? granted_noun(state, noun, &id) : NOUN_NONE;
    int64_t now_ms = grant ? state_now_ms(state) : 0;
    for (; grant && of != NOUN_NONE && *id; grant = state_behind(state, GRANTS_TO_TENANT, tenant_id, grant->id))
        if (text_equal(grant_thing(grant, of), id) && grant_is_in_force(grant, now_ms))
            return grant;
    return NULL;
}

// A grant is both sides'.
static bool is_party(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    const struct grant *grant = noun == NOUN_GRANT ? state_find(state, NOUN_GRANT, id) : NULL;
    return wall_owns(tenant_id, id) || (grant && text_equal(grant->to, tenant_id));
}

bool wall_may_use(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    return is_party(state, tenant_id, noun, id) || wall_grant(state, tenant_id, noun, id);
}

const void *wall_find(const struct state *state, const char *tenant_id, enum noun noun, const char *id)
{
    return wall_may_use(state, tenant_id, noun, id) ? state_find(state, noun, id) : NULL;
}

bool wall_serves(const struct state *state, enum noun noun, const char *machine_id, const char *tenant_id)
{
    char owner_id[SLUG_SIZE];
    wall_owner(owner_id, machine_id);
    const struct tenant *owner = state_tenant(state, owner_id);
    if (!owner || !state_find(state, noun, machine_id) || !state_tenant(state, tenant_id))
        return false;
    return wall_owns(tenant_id, machine_id) || (owner->district && !wall_count(state, tenant_id, noun));
}

struct wall_walk wall_walk(const struct state *state, const char *tenant_id, enum noun noun)
{
    char first[SLUG_SIZE + 1];
    snprintf(first, sizeof first, "%s%s", tenant_id, noun == NOUN_TENANT ? "" : "/");
    struct wall_walk walk = {.state = state, .noun = noun, .at = sorted_table_from(state_table(state, noun), first)};
    TEXT_PUT(walk.tenant_id, tenant_id);
    walk.crosses = (noun == NOUN_GRANT || part_find(noun) || grant_may_name(noun)) &&
                   state_behind(state, GRANTS_TO_TENANT, tenant_id, "");
    return walk;
}

// What a tenant owns stands together.
static const char *next_own(const struct wall_walk *walk)
{
    const struct sorted_table *table = state_table(walk->state, walk->noun);
    const char *id = walk->at < table->count ? table->records[walk->at] : NULL;
    return id && (walk->sees_all || wall_owns(walk->tenant_id, id)) ? id : NULL;
}

// Of what a grant lets use the first behind the last one: one record, or the parts of one.
static const char *next_of_grant(const struct wall_walk *walk, const struct grant *grant)
{
    const struct part *part = part_find(walk->noun);
    const char *thing = grant_thing(grant, part ? part->whole : walk->noun);
    if (walk->noun == NOUN_GRANT)
        return strcmp(grant->id, walk->after) > 0 ? grant->id : NULL;
    if (!grant_is_in_force(grant, state_now_ms(walk->state)))
        return NULL;
    if (!part)
        return *thing && strcmp(thing, walk->after) > 0 ? state_find(walk->state, walk->noun, thing) : NULL;
    const char *id = *thing ? state_behind(walk->state, part->order, thing, walk->after) : NULL;
    while (id && !wall_grant(walk->state, walk->tenant_id, walk->noun, id))
        id = state_behind(walk->state, part->order, thing, id);
    return id;
}

static const char *next_granted(const struct wall_walk *walk)
{
    const char *first = NULL;
    const struct grant *grant = state_behind(walk->state, GRANTS_TO_TENANT, walk->tenant_id, "");
    for (; grant; grant = state_behind(walk->state, GRANTS_TO_TENANT, walk->tenant_id, grant->id)) {
        const char *id = next_of_grant(walk, grant);
        if (id && !wall_owns(walk->tenant_id, id) && (!first || strcmp(id, first) < 0))
            first = id;
    }
    return first;
}

const void *wall_next(struct wall_walk *walk)
{
    const char *own = next_own(walk), *granted = walk->crosses ? next_granted(walk) : NULL;
    bool is_own = own && (!granted || strcmp(own, granted) < 0);
    const char *record = is_own ? own : granted;
    walk->at += is_own;
    if (walk->crosses && record)
        TEXT_PUT(walk->after, record);
    return record;
}

static bool may_log_on_at(const struct state *state, const char *tenant_id, enum noun noun, const char *machine_id)
{
    return noun == NOUN_GATEWAY ? wall_serves(state, noun, machine_id, tenant_id)
                                : wall_may_use(state, tenant_id, noun, machine_id);
}

static const struct tenant *find_directory(const struct state *state, enum noun noun, const char *machine_id,
                                           const char *typed)
{
    char tenant_id[SLUG_SIZE];
    const char *at = strrchr(typed, '@');
    const struct sorted_table *tenants = state_table(state, NOUN_TENANT);
    wall_owner(tenant_id, machine_id);
    const struct tenant *own = state_tenant(state, tenant_id);
    for (size_t i = 0; own && at && !tenant_has_suffix(own, at + 1) && i < tenants->count; i++) {
        const struct tenant *other = tenants->records[i];
        if (tenant_has_suffix(other, at + 1) && may_log_on_at(state, other->id, noun, machine_id))
            return other;
    }
    return own;
}

const struct tenant *wall_directory(const struct state *state, const char *device_id, const char *typed)
{
    return find_directory(state, NOUN_DEVICE, device_id, typed);
}

const struct tenant *wall_gateway_directory(const struct state *state, const char *gateway_id, const char *typed)
{
    return find_directory(state, NOUN_GATEWAY, gateway_id, typed);
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
    case ROLE_GATEWAY:
    case ROLE_PERSON:
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
    return peer->role == ROLE_DISTRICT || is_party(state, peer->tenant, noun, id) ||
           (!part_find(noun) && wall_grant(state, peer->tenant, noun, id));
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
    walk.crosses &= !part_find(noun);
    text_cut(walk.after, sizeof walk.after, after);
    return walk;
}

static bool may_call(const struct state *state, const struct method *method, const struct peer *peer, const char *id)
{
    if (text_equal(method->verb, "GET"))
        return wall_can_see(state, peer, method->noun, id);
    return peer->role == ROLE_DISTRICT || is_party(state, peer->tenant, method->noun, id);
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

enum grant_side wall_grant_side(const struct peer *peer, const struct grant *grant, const char *tenant_id)
{
    const char *side = tenant_id[0] ? tenant_id : peer->tenant;
    const char *thing = grant_thing(grant, grant_noun(grant));
    assert(*thing);
    if (peer->role != ROLE_DISTRICT && !text_equal(side, peer->tenant))
        return GRANT_NO_SIDE;
    if (wall_owns(side, thing))
        return GRANT_GIVER;
    return text_equal(side, grant->to) ? GRANT_RECEIVER : GRANT_NO_SIDE;
}
