// SPDX-License-Identifier: EUPL-1.2
// By which workplace profile a person works: the assignment of the highest priority that applies to them.
#pragma once
#include "broker/core/state.h"
#include "broker/core/why.h"

// Who somebody is: the log-on name and the directory groups (DNs), all lower case.
struct membership {
    const char *login;
    const char (*groups)[DN_SIZE];
    size_t group_count;
};

// NULL when no assignment applies. Of equal priorities a person's own goes before a group's, then the lower id.
const struct profile *profile_choose(const struct state *state, const char *tenant_id, const struct membership *who,
                                     struct why *why);
// Whether a group of a setting (DN or common name, any case) is among the groups.
bool membership_has(const struct membership *who, const char *group);
// "06:00-20:00", or "22:00-06:00" over midnight, as minutes of the day; the whole day for the empty text.
bool profile_read_hours(const char *hours, int *from_minute, int *to_minute) __attribute__((warn_unused_result));
// Minute of the week, 0 = Monday 00:00. Hours over midnight belong to the day on which they begin.
bool profile_is_open(const struct profile *profile, int week_minute);
