// SPDX-License-Identifier: EUPL-1.2
// Two brokers on one journal, as a database would serve them: one writes by its term, the other follows and takes over
// at any moment, also without the first one knowing. A seeded simulator; a failing seed is printed, and can be run
// alone: PULT_SEED=n PULT_HISTORIES=1.
#include "broker/base/log.h"
#include "broker/core/journal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 1000, STEPS = 120, EVENTS_MAX = 2 * STEPS, SITES = 9 };

// What the database holds.
static struct {
    struct store_event events[EVENTS_MAX];
    size_t count;
    uint64_t term;
} shared;

struct simulated_broker {
    struct journal *journal;
    struct state *state;
    struct people people;
    uint64_t term, next; // the term it writes with, 0: it follows; the event it is told of next
    struct store_follower follower;
    const struct store_batch *batch; // under way
    store_done *done;
    void *arg;
    bool delayed, role_due;
    int deaths;
};

static struct simulated_broker brokers[2];
static uint64_t random_state, seed_now, acknowledged, refused;

static void must(bool holds, const char *what)
{
    if (!holds)
        cr_assert_fail("seed %llu: %s", (unsigned long long)seed_now, what);
}

static uint64_t roll(uint64_t sides)
{
    uint64_t x = random_state += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % sides;
}

// ---- the store of each

static bool open_shared(void *self, struct fault *why)
{
    (void)self, (void)why;
    return true;
}

static bool replay_shared(void *self, uint64_t from, const struct store_reader *reader, struct fault *why)
{
    (void)self, (void)from;
    for (size_t i = 0; i < shared.count; i++)
        if (!reader->event(reader->arg, &shared.events[i], why))
            return false;
    return true;
}

static void close_shared(void *self)
{
    (void)self;
}

static void append_shared(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    struct simulated_broker *broker = self;
    must(!broker->done, "two batches at a time");
    broker->batch = batch;
    broker->done = done;
    broker->arg = arg;
}

static void keep_nothing(void *self, uint64_t seq, const char *bytes, size_t length, store_done *done, void *arg)
{
    (void)self, (void)seq, (void)bytes, (void)length, (void)done, (void)arg;
}

static void head_shared(void *self, struct store_head *head)
{
    (void)self;
    *head = (struct store_head){.seq = shared.count};
}

static void follow_shared(void *self, uint64_t from, const struct store_follower *follower)
{
    struct simulated_broker *broker = self;
    broker->next = from;
    broker->follower = *follower;
    broker->role_due = true;
}

// The commit under way: only with the term of the moment.
static void finish_commit(struct simulated_broker *broker)
{
    static const struct fault taken_over = {.kind = FAULT_CONFLICT, .text = "another broker writes"};
    if (!broker->done)
        return;
    bool right = broker->term && broker->term == shared.term;
    for (size_t i = 0; right && i < broker->batch->event_count; i++) {
        const struct store_event *event = &broker->batch->events[i];
        must(event->seq == shared.count + 1 && shared.count < EVENTS_MAX, "a gap, or two events with one number");
        shared.events[shared.count] = *event;
        shared.events[shared.count++].payload = mem_copy(event->payload, event->length);
    }
    if (right)
        broker->next = shared.count + 1;
    take(broker->done)(broker->arg, right ? STORE_DURABLE : STORE_REFUSED, &taken_over);
}

static void deliver(struct simulated_broker *broker)
{
    while (broker->next <= shared.count) {
        struct store_batch batch = {.events = &shared.events[broker->next - 1], .event_count = 1};
        broker->next++;
        broker->follower.batch(broker->follower.arg, &batch);
    }
}

static void tell_role(struct simulated_broker *broker)
{
    broker->role_due = false;
    if (broker->term == shared.term) {
        broker->follower.role(broker->follower.arg, STORE_WRITES);
        return;
    }
    finish_commit(broker); // before it is told, what is under way is answered
    broker->term = 0;
    broker->role_due = false;
    broker->follower.role(broker->follower.arg, STORE_FOLLOWS);
}

static void take_over(struct simulated_broker *broker)
{
    if (broker->term == shared.term)
        return;
    if (broker->term) // it lost the role and was not told yet
        tell_role(broker);
    finish_commit(broker);
    broker->term = ++shared.term;
    deliver(broker);
    tell_role(broker);
}

// ---- the brokers

static void note_death(void *arg, const struct fault *why)
{
    (void)why;
    ((struct simulated_broker *)arg)->deaths++;
}

static int64_t clock_ms(void *arg)
{
    (void)arg;
    static int64_t now_ms;
    return now_ms += 1000; // no pause after a refusal
}

static void delay_batch(void *arg)
{
    ((struct simulated_broker *)arg)->delayed = true;
}

static void open_broker(struct simulated_broker *broker)
{
    struct fault why;
    *broker = (struct simulated_broker){.state = state_new()};
    struct store_port store = {.self = broker,
                               .open = open_shared,
                               .replay = replay_shared,
                               .close = close_shared,
                               .append = append_shared,
                               .keep_snapshot = keep_nothing,
                               .head = head_shared,
                               .follow = follow_shared};
    struct journal_ports ports = {store, broker, note_death, clock_ms, clock_ms, delay_batch, {0}};
    broker->journal = journal_open(&ports, broker->state, &broker->people, &why);
    must(broker->journal, "it does not open");
}

static void close_broker(struct simulated_broker *broker)
{
    journal_close(broker->journal);
    people_clear(&broker->people);
    state_free(broker->state);
}

static void note_answer(void *arg, bool durable, const struct fault *why)
{
    uint64_t seq = (uint64_t)(uintptr_t)arg;
    (void)why;
    must(!durable || seq <= shared.count, "acknowledged, and not in the journal");
    acknowledged += durable;
    refused += !durable;
}

static void commit_something(struct simulated_broker *broker)
{
    struct fault why;
    struct commit *commit = journal_commit(broker->journal);
    struct event event = {.type = roll(3) ? EVENT_SET : EVENT_REMOVED, .noun = NOUN_SITE};
    snprintf(event.record.site.id, ID_SIZE, "neustadt/site%d", (int)roll(SITES));
    snprintf(event.record.site.name, NAME_SIZE, "%d", (int)roll(1000));
    if (event.type == EVENT_REMOVED && !state_find(broker->state, NOUN_SITE, event.record.id))
        return;
    if (!commit_events(commit, &event, 1, NULL, 0, note_answer, (void *)(uintptr_t)(commit_last_seq(commit) + 1), &why))
        must(broker->term != shared.term || broker->role_due, "the writer refuses");
}

static void flush(struct simulated_broker *broker)
{
    if (!broker->delayed)
        return;
    broker->delayed = false;
    commit_flush(journal_commit(broker->journal));
}

static void step(void)
{
    struct simulated_broker *broker = &brokers[roll(2)];
    switch (roll(12)) {
    case 0:
        take_over(broker);
        break;
    case 1:
        flush(broker);
        break;
    case 2:
    case 3:
        if (!broker->term)
            deliver(broker);
        break;
    case 4:
        if (broker->role_due || (broker->term && broker->term != shared.term))
            tell_role(broker);
        break;
    case 5:
    case 6:
        finish_commit(broker);
        break;
    default:
        commit_something(broker);
    }
}

static void settle(struct simulated_broker *broker)
{
    for (int i = 0; i < 4; i++) {
        flush(broker);
        finish_commit(broker);
        if (broker->role_due || (broker->term && broker->term != shared.term))
            tell_role(broker);
        if (!broker->term)
            deliver(broker);
    }
}

static void compare(const struct simulated_broker *broker)
{
    struct state *expected = state_new();
    struct text is = {0}, should = {0};
    for (size_t i = 0; i < shared.count; i++) {
        struct fault why;
        struct event event = {0};
        must(event_read(&event, shared.events[i].payload, shared.events[i].length, &why), why.text);
        state_apply(expected, &event);
    }
    state_print(broker->state, &is);
    state_print(expected, &should);
    must(is.length == should.length && (!is.length || memcmp(is.bytes, should.bytes, is.length) == 0),
         "the state is not what the journal says");
    must(commit_last_seq(journal_commit(broker->journal)) == shared.count, "another last event");
    must(!broker->deaths, "it died");
    text_drop(&is);
    text_drop(&should);
    state_free(expected);
}

static void run_history(void)
{
    memset(&shared, 0, sizeof shared);
    shared.term = 1; // of nobody
    random_state = seed_now;
    open_broker(&brokers[0]);
    open_broker(&brokers[1]);
    take_over(&brokers[0]);
    for (int i = 0; i < STEPS; i++)
        step();
    for (int i = 0; i < 4; i++)
        settle(&brokers[i % 2]);
    compare(&brokers[0]);
    compare(&brokers[1]);
    close_broker(&brokers[0]);
    close_broker(&brokers[1]);
    for (size_t i = 0; i < shared.count; i++)
        free((char *)shared.events[i].payload);
}

static uint64_t setting(const char *name, uint64_t preset)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : preset;
}

Test(two_brokers, never_lose_double_or_mix_up_what_was_acknowledged, .timeout = 120)
{
    uint64_t first = setting("PULT_SEED", 1), histories = setting("PULT_HISTORIES", HISTORIES);
    log_set_level(LOG_LEVEL_ERROR);
    for (seed_now = first; seed_now < first + histories; seed_now++)
        run_history();
    cr_assert(acknowledged > 10 * histories && refused > 2 * histories, "%llu acknowledged, %llu refused",
              (unsigned long long)acknowledged, (unsigned long long)refused);
}
