// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/journal.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/core/snapshot.h"

#include <assert.h>
#include <stdlib.h>

struct journal {
    struct journal_ports ports;
    struct state *state;
    struct people *people;
    struct commit *commit;
    struct erasure *erasure;
    struct snapshots *snapshots;
    struct retention *retention;
    char (*erased)[ID_SIZE]; // whom the state knows though they were erased
    size_t erased_count, erased_capacity;
};

// ---- from the store

static bool apply_stored(struct state *state, const struct store_event *stored, struct fault *why)
{
    // An event is a few kilobytes, but there is only this one.
    struct event event = {.seq = stored->seq, .at_ms = stored->at_ms};
    if (!stored->payload)
        return true;
    if (!event_read(&event, stored->payload, stored->length, why))
        return false;
    state_apply(state, &event);
    return true;
}

struct rebuilding {
    struct journal *journal;
    struct state *state;
    uint64_t snapshot_seq, seq;
    int64_t at_ms;
};

static bool read_snapshot(void *arg, uint64_t seq, const char *bytes, size_t length, struct fault *why)
{
    struct rebuilding *rebuilding = arg;
    assert(rebuilding->seq == 0);
    rebuilding->snapshot_seq = rebuilding->seq = seq;
    return state_read(rebuilding->state, bytes, length, why);
}

static bool read_event(void *arg, const struct store_event *event, struct fault *why)
{
    struct rebuilding *rebuilding = arg;
    assert(event->seq == rebuilding->seq + 1);
    rebuilding->seq = event->seq;
    rebuilding->at_ms = event->at_ms;
    return apply_stored(rebuilding->state, event, why);
}

static bool read_person(void *arg, const struct store_person *person, struct fault *why)
{
    struct rebuilding *rebuilding = arg;
    (void)why;
    people_put(rebuilding->journal->people, person);
    return true;
}

static bool read_erased(void *arg, const char *person_id, struct fault *why)
{
    struct rebuilding *rebuilding = arg;
    struct journal *journal = rebuilding->journal;
    (void)why;
    if (!state_find(rebuilding->state, NOUN_PERSON, person_id))
        return true;
    for (size_t i = 0; i < journal->erased_count; i++)
        if (text_equal(journal->erased[i], person_id))
            return true;
    mem_reserve(&journal->erased, &journal->erased_capacity, journal->erased_count + 1, sizeof *journal->erased);
    text_put(journal->erased[journal->erased_count++], ID_SIZE, person_id);
    return true;
}

static void follow_from(struct journal *journal, uint64_t seq);

// Both parts of what is known: after a refusal the table of people may name somebody whom the journal never saw.
static bool rebuild(void *arg, struct state *state, uint64_t *last_seq, int64_t *last_ms, struct fault *why)
{
    struct journal *journal = arg;
    const struct store_port *store = &journal->ports.store;
    struct store_head head;
    store->head(store->self, &head);
    people_clear(journal->people);
    journal->erased_count = 0;
    struct rebuilding rebuilding = {.journal = journal, .state = state, .at_ms = head.at_ms};
    struct store_reader reader = {&rebuilding, read_snapshot, read_event, read_person, read_erased};
    if (!store->replay(store->self, STORE_FROM_SNAPSHOT, &reader, why))
        return false;
    snapshots_found(journal->snapshots, rebuilding.snapshot_seq);
    *last_seq = rebuilding.seq;
    *last_ms = rebuilding.at_ms;
    follow_from(journal, rebuilding.seq + 1);
    return true;
}

// ---- from another broker

static void erase_again(struct journal *journal)
{
    if (journal->erased_count && erasure_repeat(journal->erasure, journal->commit, journal->state, journal->people,
                                                journal->erased, journal->erased_count))
        journal->erased_count = 0;
}

static void take_role(void *arg, enum store_role role)
{
    struct journal *journal = arg;
    commit_set_role(journal->commit, role);
    // Only who writes can erase. A row of somebody whom the state does not know was left when a broker ended between
    // the event and the erasing.
    if (role != STORE_WRITES)
        return;
    erasure_add_orphans(journal->erasure, journal->people, journal->state);
    erase_again(journal);
}

static void take_batch(void *arg, const struct store_batch *batch)
{
    struct journal *journal = arg;
    struct fault why = {0};
    // What was decided here is about to be refused, and the rebuild reads this batch too.
    if (!commit_is_idle(journal->commit))
        return;
    for (size_t i = 0; i < batch->event_count; i++) {
        if (!apply_stored(journal->state, &batch->events[i], &why)) {
            journal->ports.die(journal->ports.arg, &why);
            return;
        }
        commit_followed(journal->commit, &batch->events[i]);
    }
    for (size_t i = 0; i < batch->person_count; i++)
        people_put(journal->people, &batch->people[i]);
}

static void stop_following(void *arg, const struct fault *why)
{
    struct journal *journal = arg;
    journal->ports.die(journal->ports.arg, why);
}

static void follow_from(struct journal *journal, uint64_t seq)
{
    const struct store_port *store = &journal->ports.store;
    struct store_follower follower = {journal, take_role, take_batch, stop_following};
    store->follow(store->self, seq, &follower);
}

// ---- put together

static void die(void *arg, const struct fault *why)
{
    struct journal *journal = arg;
    journal->ports.die(journal->ports.arg, why);
}

static int64_t wall_ms(void *arg)
{
    struct journal *journal = arg;
    return journal->ports.wall_ms(journal->ports.arg);
}

static int64_t steady_ms(void *arg)
{
    struct journal *journal = arg;
    return journal->ports.steady_ms(journal->ports.arg);
}

static void delay_batch(void *arg)
{
    struct journal *journal = arg;
    journal->ports.delay_batch(journal->ports.arg);
}

static bool open_store(struct journal *journal, struct fault *why)
{
    const struct store_port *store = &journal->ports.store;
    uint64_t seq = 0;
    int64_t last_ms = 0;
    if (!store->open(store->self, why) || !rebuild(journal, journal->state, &seq, &last_ms, why))
        return false;
    struct commit_ports ports = {*store, journal, rebuild, die, wall_ms, delay_batch};
    journal->commit = commit_new(journal->state, &ports, seq, last_ms);
    commit_set_role(journal->commit, STORE_FOLLOWS); // until it is told
    return true;
}

struct journal *journal_open(const struct journal_ports *ports, struct state *state, struct people *people,
                             struct fault *why)
{
    struct journal *journal = mem_new(1, sizeof *journal);
    *journal = (struct journal){.ports = *ports, .state = state, .people = people};
    journal->erasure = erasure_new(&ports->store, die, journal);
    journal->snapshots = snapshots_new(&(struct snapshot_ports){ports->store, journal, die, steady_ms});
    journal->retention =
        retention_new(&(struct retention_ports){ports->store, journal, die, wall_ms, steady_ms}, &ports->ages);
    if (open_store(journal, why))
        return journal;
    journal_close(journal);
    return NULL;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    const struct store_port *store = &journal->ports.store;
    if (journal->commit)
        snapshots_keep(journal->snapshots, journal->state, journal->commit);
    store->close(store->self);
    commit_free(journal->commit);
    erasure_free(journal->erasure);
    snapshots_free(journal->snapshots);
    retention_free(journal->retention);
    free(journal->erased);
    free(journal);
}

void journal_sweep(struct journal *journal)
{
    if (commit_is_following(journal->commit))
        return;
    erasure_go_on(journal->erasure);
    erase_again(journal);
    snapshots_sweep(journal->snapshots, journal->state, journal->commit);
    retention_sweep(journal->retention, journal->snapshots, journal->state, journal->commit);
}

struct commit *journal_commit(struct journal *journal)
{
    return journal->commit;
}

struct erasure *journal_erasure(struct journal *journal)
{
    return journal->erasure;
}
