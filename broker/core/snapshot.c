// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/snapshot.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>

struct snapshots {
    struct snapshot_ports ports;
    struct text bytes; // with the store; empty otherwise
    uint64_t kept_seq, writing_seq;
    int64_t not_before_ms;
};

struct snapshots *snapshots_new(const struct snapshot_ports *ports)
{
    struct snapshots *snapshots = mem_new(1, sizeof *snapshots);
    snapshots->ports = *ports;
    return snapshots;
}

void snapshots_free(struct snapshots *snapshots)
{
    if (!snapshots)
        return;
    text_drop(&snapshots->bytes);
    free(snapshots);
}

void snapshots_found(struct snapshots *snapshots, uint64_t seq)
{
    snapshots->kept_seq = seq;
}

uint64_t snapshots_kept(const struct snapshots *snapshots)
{
    return snapshots->kept_seq;
}

static void kept(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct snapshots *snapshots = arg;
    assert(snapshots->bytes.bytes); // asked for, and not answered yet
    text_drop(&snapshots->bytes);
    switch (outcome) {
    case STORE_DURABLE:
        snapshots->kept_seq = snapshots->writing_seq;
        break;
    case STORE_REFUSED:
        snapshots->not_before_ms = snapshots->ports.now_ms(snapshots->ports.arg) + SNAPSHOT_RETRY_MS;
        log_warn("store", "snapshot not stored, retrying in %d s: %s", SNAPSHOT_RETRY_MS / 1000, why->text);
        break;
    case STORE_UNKNOWN:
        snapshots->ports.die(snapshots->ports.arg, why);
        break;
    }
}

void snapshots_keep(struct snapshots *snapshots, const struct state *state, const struct commit *commit)
{
    uint64_t seq = commit_last_seq(commit);
    // Only a state that is durable as a whole may be kept.
    if (snapshots->bytes.bytes || !commit_is_idle(commit) || commit_is_following(commit) || seq == snapshots->kept_seq)
        return;
    assert(seq > snapshots->kept_seq && state_is_sound(state)); // what is wrong in memory must not outlive it
    state_print(state, &snapshots->bytes);
    snapshots->writing_seq = seq;
    if (snapshots->bytes.length)
        snapshots->ports.store.keep_snapshot(snapshots->ports.store.self, seq, snapshots->bytes.bytes,
                                             snapshots->bytes.length, kept, snapshots);
}

void snapshots_sweep(struct snapshots *snapshots, const struct state *state, const struct commit *commit)
{
    bool due = commit_last_seq(commit) - snapshots->kept_seq >= SNAPSHOT_EVENTS;
    if (due && snapshots->ports.now_ms(snapshots->ports.arg) >= snapshots->not_before_ms)
        snapshots_keep(snapshots, state, commit);
}
