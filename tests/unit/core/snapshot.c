// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/snapshot.h"
#include "broker/base/log.h"

#include <criterion/criterion.h>

static struct state *state;
static struct commit *commit;
static struct snapshots *snapshots;
static int64_t now_ms = 1000;
static store_done *done;
static void *done_arg;
static uint64_t asked_seq;

static void keep(void *self, uint64_t seq, const char *bytes, size_t length, store_done *answer, void *arg)
{
    (void)self;
    cr_assert(bytes && length);
    cr_assert_null(done, "one at a time");
    asked_seq = seq;
    done = answer;
    done_arg = arg;
}

static int64_t clock_ms(void *self)
{
    (void)self;
    return now_ms;
}

static void answer(enum store_outcome outcome)
{
    static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};
    store_done *to = done;
    cr_assert_not_null(to);
    done = NULL;
    to(done_arg, outcome, &full);
}

static void start_at(uint64_t seq)
{
    struct commit_ports ports = {.now_ms = clock_ms};
    commit_free(commit);
    commit = commit_new(state, &ports, seq, 1);
}

static bool is_asked_for(void)
{
    snapshots_sweep(snapshots, state, commit);
    return done;
}

static void begin(void)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_SITE};
    log_set_level(LOG_LEVEL_ERROR);
    state = state_new();
    TEXT_PUT(event.record.id, "neustadt/hall");
    state_apply(state, &event);
    snapshots = snapshots_new(&(struct snapshot_ports){.store.keep_snapshot = keep, .now_ms = clock_ms});
    snapshots_found(snapshots, 5);
}

static void end(void)
{
    snapshots_free(snapshots);
    commit_free(commit);
    state_free(state);
}

TestSuite(snapshot, .init = begin, .fini = end);

Test(snapshot, is_kept_after_many_events)
{
    start_at(5 + SNAPSHOT_EVENTS - 1);
    cr_assert_not(is_asked_for());
    start_at(5 + SNAPSHOT_EVENTS);
    cr_assert(is_asked_for());
    cr_assert_eq(asked_seq, 5 + SNAPSHOT_EVENTS);
    answer(STORE_DURABLE);
    cr_assert_not(is_asked_for());
}

Test(snapshot, that_was_refused_is_kept_soon)
{
    start_at(5 + SNAPSHOT_EVENTS);
    cr_assert(is_asked_for());
    answer(STORE_REFUSED);
    cr_assert_not(is_asked_for(), "a full disk is not asked at every sweep");
    now_ms += SNAPSHOT_RETRY_MS;
    start_at(5 + SNAPSHOT_EVENTS + 1);
    cr_assert(is_asked_for());
    cr_assert_eq(asked_seq, 5 + SNAPSHOT_EVENTS + 1);
    answer(STORE_DURABLE);
    now_ms += SNAPSHOT_RETRY_MS;
    cr_assert_not(is_asked_for());
}

Test(snapshot, is_kept_at_the_end_if_there_is_anything_new)
{
    start_at(5);
    snapshots_keep(snapshots, state, commit);
    cr_assert_null(done);
    start_at(6);
    snapshots_keep(snapshots, state, commit);
    cr_assert_not_null(done);
    answer(STORE_DURABLE);
}
