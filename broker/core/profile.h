// SPDX-License-Identifier: EUPL-1.2
// By which workplace profile a person works: the assignment of the highest priority that applies to them.
#pragma once
#include "broker/core/state.h"
#include "broker/core/trace.h"

// Which group of a tenant's directory a setting means by a DN or a common name; `dn` is written as those of people's
// groups are. False when that is none, or not known.
struct group_source {
    void *arg;
    bool (*dn)(void *arg, const char *tenant_id, const char *group, char dn[DN_SIZE]);
};

// Who somebody is: the id, the user name, in any case, and the directory groups (DNs).
struct membership {
    const char *person_id; // NULL: never logged on
    const char *user_name;
    const char (*groups)[DN_SIZE];
    size_t group_count;
    const struct group_source *source;
};

// NULL when no assignment applies. Of equal priorities a person's own goes before a group's, then the lower id.
const struct profile *profile_choose(const struct state *state, const char *tenant_id, const struct membership *who,
                                     struct trace *trace);
// By its user name it is this person's, but it is not bound to them yet.
bool assignment_awaits(const struct assignment *assignment, const struct membership *who);
// Whether the group that a setting of the tenant means is among the groups.
bool membership_has(const struct membership *who, const char *tenant_id, const char *group);
