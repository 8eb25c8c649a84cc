// SPDX-License-Identifier: EUPL-1.2
// What of the journal goes when its time is up: payloads of sessions and of what was done to machines and logons, and
// in the end the events themselves. Once a night, in small steps that others' changes go between. The chain still
// verifies: broker/store/README.md.
#pragma once
#include "broker/core/snapshot.h"

// 0: for ever.
struct retention_ages {
    int64_t sessions_ms, audit_ms; // payloads, by enum event_keep
    int64_t journal_ms;            // all of an event
};

struct retention_ports {
    struct store_port store;
    void *arg;
    void (*die)(void *arg, const struct fault *why); // the store cannot tell what is on the disk
    int64_t (*wall_ms)(void *arg);
    int64_t (*steady_ms)(void *arg);
};

enum {
    RETENTION_PAGE = 2000, // events that one step looks at
    RETENTION_NIGHT = 2,
    RETENTION_MORNING = 5,     // hours of local time, between which it runs
    RETENTION_PRUNE_DAYS = 30, // so much at least goes at once: the store compacts its file for it
};

struct retention;

struct retention *retention_new(const struct retention_ports *ports, const struct retention_ages *ages);
void retention_free(struct retention *retention);
// The next step, when it is time: every few seconds, by who writes.
void retention_sweep(struct retention *retention, struct snapshots *snapshots, const struct state *state,
                     const struct commit *commit);
