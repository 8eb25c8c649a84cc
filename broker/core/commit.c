// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/commit.h"
#include "broker/base/mem.h"
#include "broker/core/session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// After a refusal nothing is tried for this long: a full disk must not cost a rebuild per request.
enum { REFUSAL_PAUSE_MS = 500 };

// Of so many in one batch the next ones follow soon. Two syncs and a signature of the head are the same for one as for
// many: a moment's wait makes them cheaper for each. Who comes alone never waits.
enum { MANY = 4 };

struct commit_waiter {
    commit_done *done;
    void *arg;
};

// What is gathered for one append. Payloads lie one behind the other in `text`.
struct gathering {
    struct text text;
    struct store_event *events;
    size_t event_count, event_capacity;
    struct store_person *people;
    size_t person_count, person_capacity;
    struct commit_waiter *waiters;
    size_t waiter_count, waiter_capacity;
};

struct commit {
    struct state *state;
    struct commit_ports ports;
    uint64_t last_seq;
    int64_t last_ms;
    struct gathering *next;    // being filled
    struct gathering *writing; // with the store, or empty
    struct store_batch batch;  // of `writing`
    bool busy, lingering;
    bool follows;          // another broker writes
    int64_t refused_at_ms; // 0: not refusing
};

struct commit *commit_new(struct state *state, const struct commit_ports *ports, uint64_t last_seq, int64_t last_ms)
{
    struct commit *commit = mem_new(1, sizeof *commit);
    commit->state = state;
    commit->ports = *ports;
    commit->last_seq = last_seq;
    commit->last_ms = last_ms;
    state_set_clock(state, &(struct state_clock){ports->arg, ports->now_ms});
    commit->next = mem_new(1, sizeof *commit->next);
    commit->writing = mem_new(1, sizeof *commit->writing);
    return commit;
}

static void gathering_free(struct gathering *gathering)
{
    text_drop(&gathering->text);
    free(gathering->events);
    free(gathering->people);
    free(gathering->waiters);
    free(gathering);
}

void commit_free(struct commit *commit)
{
    if (!commit)
        return;
    gathering_free(commit->next);
    gathering_free(commit->writing);
    free(commit);
}

static void empty(struct gathering *gathering)
{
    gathering->text.length = 0;
    gathering->event_count = gathering->person_count = gathering->waiter_count = 0;
}

int64_t commit_now_ms(const struct commit *commit)
{
    return commit->ports.now_ms(commit->ports.arg);
}

uint64_t commit_last_seq(const struct commit *commit)
{
    return commit->last_seq;
}

bool commit_is_refusing(const struct commit *commit)
{
    if (commit->follows)
        return true;
    // The clock may be set back meanwhile: then the pause is over.
    int64_t since_ms = commit->ports.now_ms(commit->ports.arg) - commit->refused_at_ms;
    return commit->refused_at_ms && since_ms >= 0 && since_ms < REFUSAL_PAUSE_MS;
}

bool commit_is_idle(const struct commit *commit)
{
    return !commit->busy && commit->next->event_count == 0;
}

void commit_followed(struct commit *commit, const struct store_event *event)
{
    assert(commit->follows && commit_is_idle(commit));
    assert(event->seq == commit->last_seq + 1);
    commit->last_seq = event->seq;
    if (event->at_ms > commit->last_ms)
        commit->last_ms = event->at_ms;
}

static void tell(struct gathering *gathering, bool durable, const struct fault *why)
{
    size_t count = gathering->waiter_count;
    for (size_t i = 0; i < count; i++)
        gathering->waiters[i].done(gathering->waiters[i].arg, durable, why);
    // Who commits from within waits for another batch.
    assert(gathering->waiter_count == count);
}

static void write_next(struct commit *commit);

static void refuse_all(struct commit *commit, const struct fault *why)
{
    struct fault cannot;
    uint64_t decided = commit->last_seq, refused = commit->writing->event_count + commit->next->event_count;
    commit->refused_at_ms = commit->ports.now_ms(commit->ports.arg);
    state_clear(commit->state);
    if (!commit->ports.rebuild(commit->ports.arg, commit->state, &commit->last_seq, &commit->last_ms, &cannot))
        commit->ports.die(commit->ports.arg, &cannot);
    else
        assert(commit->last_seq + refused >= decided); // what was durable still is
    // What was gathered meanwhile was decided on a state that never came to be.
    struct gathering *written = commit->writing, *gathered = commit->next;
    commit->writing = mem_new(1, sizeof *commit->writing);
    commit->next = mem_new(1, sizeof *commit->next);
    tell(written, false, why);
    tell(gathered, false, why);
    gathering_free(written);
    gathering_free(gathered);
}

static void appended(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct commit *commit = arg;
    assert(commit->busy); // else the store answers a second time
    bool many = outcome == STORE_DURABLE && commit->writing->waiter_count >= MANY;
    // Still busy while the waiters are told: what they commit in turn is gathered, not written over what is being told.
    switch (outcome) {
    case STORE_DURABLE:
        commit->refused_at_ms = 0;
        tell(commit->writing, true, NULL);
        empty(commit->writing);
        break;
    case STORE_REFUSED:
        refuse_all(commit, why);
        break;
    case STORE_UNKNOWN:
        commit->ports.die(commit->ports.arg, why);
        return;
    }
    commit->busy = false;
    if (many && commit->ports.delay_batch) {
        commit->lingering = true;
        commit->ports.delay_batch(commit->ports.arg);
    }
    write_next(commit);
}

void commit_flush(struct commit *commit)
{
    commit->lingering = false;
    write_next(commit);
}

static void write_next(struct commit *commit)
{
    if (commit->busy || commit->lingering || commit->next->event_count == 0)
        return;
    struct gathering *now = commit->next;
    assert(commit->writing->event_count == 0 && commit->writing->waiter_count == 0);
    commit->next = commit->writing;
    commit->writing = now;
    assert(now->events[now->event_count - 1].seq == commit->last_seq);
    assert(now->events[0].seq + now->event_count == commit->last_seq + 1);
    const char *payload = now->text.bytes;
    for (size_t i = 0; i < now->event_count; i++) {
        now->events[i].payload = payload;
        payload += now->events[i].length;
    }
    assert(payload == now->text.bytes + now->text.length);
    commit->batch = (struct store_batch){now->events, now->event_count, now->people, now->person_count};
    commit->busy = true;
    commit->ports.store.append(commit->ports.store.self, &commit->batch, appended, commit);
}

void commit_set_role(struct commit *commit, enum store_role role)
{
    assert(role == STORE_WRITES || !commit->busy);
    commit->follows = role == STORE_FOLLOWS;
    // What is gathered already is refused, and so taken back.
    if (commit->follows)
        commit_flush(commit);
}

bool commit_is_following(const struct commit *commit)
{
    return commit->follows;
}

static void gather_event(struct commit *commit, struct event *event)
{
    struct gathering *next = commit->next;
    int64_t now_ms = commit_now_ms(commit);
    assert(session_fits(commit->state, event));
    if (now_ms > commit->last_ms)
        commit->last_ms = now_ms;
    event->seq = ++commit->last_seq;
    event->at_ms = commit->last_ms;
    size_t before = next->text.length;
    event_print(event, &next->text);
    mem_reserve(&next->events, &next->event_capacity, next->event_count + 1, sizeof *next->events);
    next->events[next->event_count++] =
        (struct store_event){.seq = event->seq, .at_ms = event->at_ms, .length = next->text.length - before};
    state_apply(commit->state, event);
}

bool commit_events(struct commit *commit, struct event *events, size_t event_count, const struct store_person *people,
                   size_t person_count, commit_done *done, void *arg, struct fault *why)
{
    if (commit_is_refusing(commit))
        return fault_set(why, FAULT_UNAVAILABLE, "the journal cannot be written at the moment");
    assert(event_count > 0); // without an event there is no batch, and `done` would never be called
    struct gathering *next = commit->next;
    for (size_t i = 0; i < event_count; i++)
        gather_event(commit, &events[i]);
    mem_reserve(&next->people, &next->person_capacity, next->person_count + person_count, sizeof *next->people);
    for (size_t i = 0; i < person_count; i++)
        next->people[next->person_count++] = people[i];
    if (done) {
        mem_reserve(&next->waiters, &next->waiter_capacity, next->waiter_count + 1, sizeof *next->waiters);
        next->waiters[next->waiter_count++] = (struct commit_waiter){done, arg};
    }
    write_next(commit);
    return true;
}
