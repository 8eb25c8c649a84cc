// SPDX-License-Identifier: EUPL-1.2
// Before settings are made: the groups that they name are looked for in the tenants' directories.
#pragma once
#include "broker/calls/services.h"

// `notices` (struct group_notice, borrowed): those that were not found. `twice`: the first that stands for several, for
// which nothing may be set; NULL without one.
typedef void group_check_done(void *arg, struct record_list *notices, const struct group_notice *twice);

// `events` are those that would lead from the present state to `after`, borrowed for the call. `done` is called once,
// from within when nobody has to be asked.
void group_check(struct services *services, const struct state *after, const struct event *events, size_t count,
                 group_check_done *done, void *arg);
// "several groups are called so".
bool group_check_refuse(struct request *request, const struct group_notice *twice);
