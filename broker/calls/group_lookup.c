// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/group_lookup.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>

// The searches of one tenant stand in one line: a change of thousands of assignments must not stand before a logon.
enum { OPEN_MAX = 8 };

struct wanted_group {
    char tenant_id[SLUG_SIZE];
    char *group;
};

void group_lookup_begin(struct group_lookup *lookup, struct services *services, group_lookup_done *done, void *arg)
{
    *lookup = (struct group_lookup){.services = services, .done = done, .arg = arg};
}

static bool is_old(const struct group_lookup *lookup, const struct tenant *tenant, const char *group)
{
    struct auth_port *auth = &lookup->services->auth;
    char dn[DN_SIZE];
    bool old = false;
    auth->group(auth->self, tenant, group, dn, &old);
    return old;
}

static void add_group(struct group_lookup *lookup, const struct tenant *tenant, const char *group)
{
    if (!group[0] || !is_old(lookup, tenant, group))
        return;
    mem_reserve(&lookup->rows, &lookup->capacity, lookup->count + 1, sizeof *lookup->rows);
    struct wanted_group *row = &lookup->rows[lookup->count++];
    TEXT_PUT(row->tenant_id, tenant->id);
    row->group = mem_dup(group);
}

void group_lookup_add(struct group_lookup *lookup, const struct state *state, const char *tenant_id)
{
    const struct tenant *asked = state_tenant(lookup->services->state, tenant_id);
    const struct tenant *tenant = state_tenant(state, tenant_id);
    if (!asked || !tenant)
        return;
    add_group(lookup, asked, tenant->admin_group);
    struct wall_walk walk = wall_walk(state, tenant_id, NOUN_ASSIGNMENT);
    for (const struct assignment *assignment; (assignment = wall_next(&walk));)
        add_group(lookup, asked, assignment->group);
}

static void ask_next(struct group_lookup *lookup);

static void group_found(void *arg, enum group_standing standing, const char *dn)
{
    struct group_lookup *lookup = arg;
    (void)dn;
    assert(lookup->open > 0);
    lookup->open--;
    lookup->failed |= standing == GROUP_UNKNOWN;
    ask_next(lookup);
}

static void end_lookup(struct group_lookup *lookup)
{
    for (size_t i = 0; i < lookup->count; i++)
        free(lookup->rows[i].group);
    free(take(lookup->rows));
    lookup->done(lookup->arg, !lookup->failed);
}

// Once one of them is not told, the rest would change nothing. What a row before it has told is not asked for twice.
static void ask_next(struct group_lookup *lookup)
{
    struct auth_port *auth = &lookup->services->auth;
    while (!lookup->failed && lookup->next < lookup->count && lookup->open < OPEN_MAX) {
        const struct wanted_group *row = &lookup->rows[lookup->next++];
        const struct tenant *tenant = state_tenant(lookup->services->state, row->tenant_id);
        lookup->failed = !tenant;
        if (!tenant || !is_old(lookup, tenant, row->group))
            continue;
        lookup->open++;
        auth->find_group(auth->self, tenant, row->group, group_found, lookup);
    }
    if (lookup->open == 0)
        end_lookup(lookup);
}

void group_lookup_end(struct group_lookup *lookup)
{
    assert(lookup->open == 0 && lookup->next == 0);
    ask_next(lookup);
}
