// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/commit.h"
#include "broker/base/mem.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

// A store that answers when the test says so.
struct fake {
    struct state *state;
    struct commit *commit;
    const struct store_batch *batch;
    store_done *done;
    void *arg;
    int appends, rebuilds, deaths, lingers;
    int64_t now_ms;
    char told[200]; // "a+" durable, "a-" refused
};

static struct fake fake;

static void append(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    struct fake *store = self;
    cr_assert_null(store->done, "the next batch before the answer");
    store->appends++;
    store->batch = batch;
    store->done = done;
    store->arg = arg;
}

static void answer(enum store_outcome outcome)
{
    struct fault why = {.kind = FAULT_UNAVAILABLE, .text = "the disk is full"};
    store_done *done = fake.done;
    fake.done = NULL;
    done(fake.arg, outcome, &why);
}

static bool rebuild(void *arg, struct state *state, uint64_t *last_seq, int64_t *last_ms, struct fault *why)
{
    (void)state;
    (void)why;
    struct fake *store = arg;
    store->rebuilds++;
    *last_seq = 7;
    *last_ms = 5;
    return true;
}

static void die(void *arg, const struct fault *why)
{
    (void)why;
    ((struct fake *)arg)->deaths++;
}

static int64_t now_ms(void *arg)
{
    return ((struct fake *)arg)->now_ms;
}

static void delay_batch(void *arg)
{
    ((struct fake *)arg)->lingers++;
}

static void open_commit(void)
{
    fake = (struct fake){.state = state_new(), .now_ms = 1000};
    struct commit_ports ports = {{.self = &fake, .append = append}, &fake, rebuild, die, now_ms, delay_batch};
    fake.commit = commit_new(fake.state, &ports, 7, 2000);
}

static void close_commit(void)
{
    commit_free(fake.commit);
    state_free(fake.state);
}

static void told(void *arg, bool durable, const struct fault *why)
{
    (void)why;
    size_t length = strlen(fake.told);
    snprintf(fake.told + length, sizeof fake.told - length, "%s%c", (const char *)arg, durable ? '+' : '-');
}

static bool commit_site(const char *name)
{
    struct fault why;
    struct event event = {.type = EVENT_SET, .noun = NOUN_SITE};
    snprintf(event.record.site.id, sizeof event.record.site.id, "t/%s", name);
    return commit_events(fake.commit, &event, 1, NULL, 0, told, (void *)(uintptr_t)name, &why);
}

TestSuite(commit, .init = open_commit, .fini = close_commit);

Test(commit, nobody_is_told_before_it_is_durable)
{
    cr_assert(commit_site("a"));
    cr_assert_eq(state_count(fake.state, NOUN_SITE), 1);
    cr_assert_str_eq(fake.told, "");
    answer(STORE_DURABLE);
    cr_assert_str_eq(fake.told, "a+");
}

Test(commit, what_comes_meanwhile_goes_together)
{
    commit_site("a");
    commit_site("b");
    commit_site("c");
    cr_assert_eq(fake.batch->event_count, 1);
    answer(STORE_DURABLE);
    cr_assert_eq(fake.appends, 2);
    cr_assert_eq(fake.batch->event_count, 2);
    cr_assert_eq(fake.batch->events[0].seq, 9);
    cr_assert_eq(fake.batch->events[1].seq, 10);
    cr_assert_neq(memmem(fake.batch->events[1].payload, fake.batch->events[1].length, "t/c", 3), NULL);
    answer(STORE_DURABLE);
    cr_assert_str_eq(fake.told, "a+b+c+");
    cr_assert(commit_is_idle(fake.commit));
}

static void commit_more(void *arg, bool durable, const struct fault *why)
{
    told(arg, durable, why);
    commit_site("z");
}

Test(commit, after_many_at_once_the_next_are_gathered_for_a_moment)
{
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        commit_site(names[i]);
    answer(STORE_DURABLE); // a, alone
    cr_assert_eq(fake.lingers, 0);
    cr_assert_eq(fake.batch->event_count, 4);
    answer(STORE_DURABLE);
    cr_assert_eq(fake.lingers, 1);
    commit_site("f");
    commit_site("g");
    cr_assert_eq(fake.appends, 2);
    cr_assert_not(commit_is_idle(fake.commit));
    commit_flush(fake.commit);
    cr_assert_eq(fake.appends, 3);
    cr_assert_eq(fake.batch->event_count, 2);
    answer(STORE_DURABLE);
    commit_site("h"); // few again: at once
    cr_assert_eq(fake.appends, 4);
    cr_assert_eq(fake.lingers, 1);
}

Test(commit, who_is_told_may_commit_more)
{
    struct fault why;
    struct event event = {.type = EVENT_SET, .noun = NOUN_SITE, .record.site.id = "t/a"};
    cr_assert(commit_events(fake.commit, &event, 1, NULL, 0, commit_more, "a", &why));
    commit_site("b");
    answer(STORE_DURABLE);
    answer(STORE_DURABLE);
    cr_assert(commit_is_idle(fake.commit));
    cr_assert_str_eq(fake.told, "a+b+z+");
}

Test(commit, a_refusal_takes_everything_back_that_built_on_it)
{
    commit_site("a");
    commit_site("b");
    answer(STORE_REFUSED);
    cr_assert_str_eq(fake.told, "a-b-");
    cr_assert_eq(fake.rebuilds, 1);
    cr_assert_eq(state_count(fake.state, NOUN_SITE), 0);
    cr_assert_eq(commit_last_seq(fake.commit), 7);
}

Test(commit, after_a_refusal_it_pauses_and_then_tries_again)
{
    commit_site("a");
    answer(STORE_REFUSED);
    cr_assert_not(commit_site("b"));
    fake.now_ms += 500;
    cr_assert(commit_site("c"));
    cr_assert_eq(fake.batch->events[0].seq, 8);
    answer(STORE_DURABLE);
    cr_assert_str_eq(fake.told, "a-c+");
    cr_assert_not(commit_is_refusing(fake.commit));
}

Test(commit, tries_again_when_the_clock_is_set_back_meanwhile)
{
    commit_site("a");
    answer(STORE_REFUSED);
    fake.now_ms -= 60 * 60 * 1000;
    cr_assert(commit_site("b"));
    answer(STORE_DURABLE);
    cr_assert_str_eq(fake.told, "a-b+");
}

Test(commit, ends_when_nobody_can_tell)
{
    commit_site("a");
    answer(STORE_UNKNOWN);
    cr_assert_eq(fake.deaths, 1);
    cr_assert_str_eq(fake.told, "");
}

Test(commit, the_times_of_events_never_run_backwards)
{
    commit_site("a");
    cr_assert_eq(fake.batch->events[0].at_ms, 2000); // the wall says 1000
    answer(STORE_DURABLE);
    fake.now_ms = 3000;
    commit_site("b");
    cr_assert_eq(fake.batch->events[0].at_ms, 3000);
    answer(STORE_DURABLE);
    fake.now_ms = 2500;
    commit_site("c");
    cr_assert_eq(fake.batch->events[0].at_ms, 3000);
}

// ---- what only a mistake of ours can do

Test(commit, a_store_that_answers_twice_ends_the_program, .signal = SIGABRT)
{
    commit_site("a");
    store_done *done = fake.done;
    answer(STORE_DURABLE);
    done(fake.arg, STORE_DURABLE, NULL);
}

Test(commit, a_session_that_begins_connected_is_never_written, .signal = SIGABRT)
{
    struct fault why;
    struct event event = {.type = EVENT_SESSION_STARTED, .noun = NOUN_SESSION};
    TEXT_PUT(event.record.session.id, "t/s-1");
    event.record.session.state = SESSION_CONNECTED;
    (void)!commit_events(fake.commit, &event, 1, NULL, 0, told, "a", &why);
}

Test(commit, who_waits_for_nothing_would_wait_for_ever, .signal = SIGABRT)
{
    struct fault why;
    (void)!commit_events(fake.commit, NULL, 0, NULL, 0, told, "a", &why);
}

Test(commit, a_rebuild_without_what_was_durable_ends_the_program, .signal = SIGABRT)
{
    commit_site("a");
    answer(STORE_DURABLE); // event 8, but it rebuilds up to 7
    commit_site("b");
    answer(STORE_REFUSED);
}
