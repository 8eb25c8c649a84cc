// SPDX-License-Identifier: EUPL-1.2
// The journal as core lives with it: state and people are rebuilt from the store, changes are committed to it, the
// state is kept as a snapshot now and then, names that have to go are erased, and what another broker writes is
// followed.
#pragma once
#include "broker/core/commit.h"
#include "broker/core/erasure.h"
#include "broker/core/retention.h"

struct journal;

struct journal_ports {
    struct store_port store;
    void *arg;
    void (*die)(void *arg, const struct fault *why); // does not return to a working program
    int64_t (*wall_ms)(void *arg);
    int64_t (*steady_ms)(void *arg);
    void (*delay_batch)(void *arg); // see struct commit_ports
    struct retention_ages ages;
};

// Opens the store and rebuilds `state` and `people`, both empty. Faults as those of store_port's open and replay. The
// store is journal_close's from here on, in either case.
struct journal *journal_open(const struct journal_ports *ports, struct state *state, struct people *people,
                             struct fault *why);
// After the loop has ended: keeps a snapshot and closes the store. NULL allowed.
void journal_close(struct journal *journal);
void journal_sweep(struct journal *journal); // every few seconds: snapshots, names to be erased, what is too old

struct commit *journal_commit(struct journal *journal);
struct erasure *journal_erasure(struct journal *journal);
