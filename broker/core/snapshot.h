// SPDX-License-Identifier: EUPL-1.2
// When the state is kept as a whole, so that the next start replays only what came since.
#pragma once
#include "broker/core/commit.h"

struct snapshots;

struct snapshot_ports {
    struct store_port store;
    void *arg;
    void (*die)(void *arg, const struct fault *why); // the store cannot tell what is on the disk
    int64_t (*now_ms)(void *arg);                    // steady
};

enum { SNAPSHOT_EVENTS = 10000, SNAPSHOT_RETRY_MS = 60 * 1000 };

struct snapshots *snapshots_new(const struct snapshot_ports *ports);
void snapshots_free(struct snapshots *snapshots);
// The one that is there is of event `seq`.
void snapshots_found(struct snapshots *snapshots, uint64_t seq);
// Keeps one when it is due: after many events, or some time after one was refused.
void snapshots_sweep(struct snapshots *snapshots, const struct state *state, const struct commit *commit);
uint64_t snapshots_kept(const struct snapshots *snapshots); // of which event; 0: none yet
// Keeps one now, if there is anything new.
void snapshots_keep(struct snapshots *snapshots, const struct state *state, const struct commit *commit);
