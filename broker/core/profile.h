// SPDX-License-Identifier: EUPL-1.2
// By which workplace profile a person works: the assignment of the highest priority that applies to them.
#pragma once
#include "broker/core/state.h"
#include "broker/core/trace.h"

// Who somebody is: the id, the user name, in any case, and the directory groups (DNs), in lower case.
struct membership {
    const char *person_id; // NULL: never logged on
    const char *user_name;
    const char (*groups)[DN_SIZE];
    size_t group_count;
};

// NULL when no assignment applies. Of equal priorities a person's own goes before a group's, then the lower id.
const struct profile *profile_choose(const struct state *state, const char *tenant_id, const struct membership *who,
                                     struct trace *trace);
// By its user name it is this person's, but it is not bound to them yet.
bool assignment_awaits(const struct assignment *assignment, const struct membership *who);
// Whether a group of a setting (DN or common name, any case) is among the groups.
bool membership_has(const struct membership *who, const char *group);
