// SPDX-License-Identifier: EUPL-1.2
// What the groups of a tenant's settings mean is asked for before a decision needs it: what is not known of them, some
// at a time.
#pragma once
#include "broker/calls/services.h"

// False: of one of them the directory does not say it.
typedef void group_lookup_done(void *arg, bool known);

// In what it is for, until `done`.
struct group_lookup {
    struct services *services;
    struct wanted_group *rows;
    size_t count, capacity;
    size_t next, open; // to be asked for; without an answer
    bool failed;
    group_lookup_done *done;
    void *arg;
};

void group_lookup_begin(struct group_lookup *lookup, struct services *services, group_lookup_done *done, void *arg);
// The groups that this state's settings of the tenant name.
void group_lookup_add(struct group_lookup *lookup, const struct state *state, const char *tenant_id);
// No more are added: `done` comes, once, from within when all is known.
void group_lookup_end(struct group_lookup *lookup);
