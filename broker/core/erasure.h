// SPDX-License-Identifier: EUPL-1.2
// The names that have to go: of people of whom the journal says that they are erased. The event is durable first, then
// the row goes; what is cut off between is found again at the next start, as a row of somebody whom the state does not
// know.
#pragma once
#include "broker/core/commit.h"
#include "broker/core/people.h"

struct erasure;

// `why` is NULL when the names are gone; else FAULT_UNAVAILABLE: they go as soon as the store can.
typedef void erasure_done(void *arg, const struct fault *why);

// `die`: the store cannot tell what is on the disk.
struct erasure *erasure_new(const struct store_port *store, void (*die)(void *arg, const struct fault *why), void *arg);
void erasure_free(struct erasure *erasure); // waiting `done`s are not called
void erasure_add(struct erasure *erasure, const char *person_id);
// Everybody in `people` whom the state does not know: off the list, and erased.
void erasure_add_orphans(struct erasure *erasure, struct people *people, const struct state *state);
// People whom the state knows though they were erased, since it comes from a backup: nothing is left that names them,
// and they are erased again. False: the journal takes no changes now.
bool erasure_repeat(struct erasure *erasure, struct commit *commit, struct state *state, struct people *people,
                    const char (*ids)[ID_SIZE], size_t count) __attribute__((warn_unused_result));
// `done` comes later, when all that were added so far are gone, or at the first that the store refuses.
void erasure_wait(struct erasure *erasure, erasure_done *done, void *arg);
void erasure_go_on(struct erasure *erasure);         // tries again what was refused
bool erasure_is_busy(const struct erasure *erasure); // the store is at it
