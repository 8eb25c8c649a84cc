// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/group_lookup.h"

#include <assert.h>

void group_lookup_begin(struct group_lookup *lookup, struct services *services, group_lookup_done *done, void *arg)
{
    *lookup = (struct group_lookup){.services = services, .open = 1, .done = done, .arg = arg};
}

void group_lookup_end(struct group_lookup *lookup)
{
    assert(lookup->open > 0);
    if (--lookup->open == 0)
        lookup->done(lookup->arg, !lookup->failed);
}

static void group_found(void *arg, enum group_standing standing, const char *dn)
{
    struct group_lookup *lookup = arg;
    (void)dn;
    lookup->failed |= standing == GROUP_UNKNOWN;
    group_lookup_end(lookup);
}

static void add_group(struct group_lookup *lookup, const struct tenant *tenant, const char *group)
{
    struct auth_port *auth = &lookup->services->auth;
    char dn[DN_SIZE];
    bool is_old = false;
    if (group[0])
        auth->group(auth->self, tenant, group, dn, &is_old);
    if (!is_old)
        return;
    lookup->open++;
    auth->find_group(auth->self, tenant, group, group_found, lookup);
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
