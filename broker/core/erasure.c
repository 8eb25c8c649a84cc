// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/erasure.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/core/factor.h"
#include "broker/core/session.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct erasure_waiter {
    erasure_done *done;
    void *arg;
    uint64_t until; // so many are gone
};

struct erasure {
    struct store_port store;
    void (*die)(void *arg, const struct fault *why);
    void *die_arg;
    char (*ids)[ID_SIZE]; // the first is with the store while it is busy
    size_t count, capacity;
    uint64_t gone;
    struct erasure_waiter *waiters;
    size_t waiter_count, waiter_capacity;
    bool busy;
};

struct erasure *erasure_new(const struct store_port *store, void (*die)(void *arg, const struct fault *why), void *arg)
{
    struct erasure *erasure = mem_new(1, sizeof *erasure);
    erasure->store = *store;
    erasure->die = die;
    erasure->die_arg = arg;
    return erasure;
}

void erasure_free(struct erasure *erasure)
{
    if (!erasure)
        return;
    free(erasure->ids);
    free(erasure->waiters);
    free(erasure);
}

// Those who wait for what is gone; with `why` all.
static void tell(struct erasure *erasure, const struct fault *why)
{
    while (erasure->waiter_count && (why || erasure->waiters[0].until <= erasure->gone)) {
        struct erasure_waiter first = erasure->waiters[0];
        erasure->waiter_count--;
        memmove(erasure->waiters, erasure->waiters + 1, erasure->waiter_count * sizeof *erasure->waiters);
        first.done(first.arg, why);
    }
}

static void store_answered(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct erasure *erasure = arg;
    assert(erasure->busy && erasure->count); // else the store answers a second time
    erasure->busy = false;
    switch (outcome) {
    case STORE_DURABLE:
        erasure->gone++;
        erasure->count--;
        memmove(erasure->ids, erasure->ids + 1, erasure->count * sizeof *erasure->ids);
        erasure_go_on(erasure);
        tell(erasure, NULL);
        break;
    case STORE_REFUSED:
        log_warn("store", "%s: name not erased yet, will retry: %s", erasure->ids[0], why->text);
        tell(erasure, why);
        break;
    case STORE_UNKNOWN:
        erasure->die(erasure->die_arg, why);
        break;
    }
}

void erasure_go_on(struct erasure *erasure)
{
    if (erasure->busy || !erasure->count)
        return;
    erasure->busy = true;
    erasure->store.erase_person(erasure->store.self, erasure->ids[0], store_answered, erasure);
}

void erasure_add(struct erasure *erasure, const char *person_id)
{
    for (size_t i = 0; i < erasure->count; i++)
        if (text_equal(erasure->ids[i], person_id))
            return;
    mem_reserve(&erasure->ids, &erasure->capacity, erasure->count + 1, sizeof *erasure->ids);
    text_put(erasure->ids[erasure->count++], ID_SIZE, person_id);
    erasure_go_on(erasure);
}

void erasure_add_orphans(struct erasure *erasure, struct people *people, const struct state *state)
{
    size_t found = 0;
    for (size_t i = people->by_id.count; i-- > 0;) {
        char id[ID_SIZE];
        TEXT_PUT(id, people->by_id.records[i]);
        if (state_find(state, NOUN_PERSON, id))
            continue;
        people_remove(people, id);
        erasure_add(erasure, id);
        found++;
    }
    if (found)
        log_info("store", "erasing the names of %zu people who were erased before the start", found);
}

// ---- once more, after a backup

struct repetition {
    struct erasure *erasure;
    struct event *events;
    size_t count, capacity;
};

static struct event *next_event(struct repetition *repetition, enum event_type type, enum noun noun)
{
    mem_reserve(&repetition->events, &repetition->capacity, repetition->count + 1, sizeof *repetition->events);
    struct event *event = &repetition->events[repetition->count++];
    memset(event, 0, sizeof *event);
    event->type = type;
    event->noun = noun;
    TEXT_PUT(event->by, "broker");
    TEXT_PUT(event->why, "their person was erased before the backup was restored");
    return event;
}

static bool is_of(const struct assignment *assignment, const char *id, const struct store_person *person)
{
    char theirs[SLUG_SIZE], tenant[SLUG_SIZE];
    wall_owner(theirs, id);
    wall_owner(tenant, assignment->id);
    if (assignment->holder[0] || !person)
        return text_equal(assignment->holder, id);
    return text_equal(tenant, theirs) &&
           text_same_name(assignment->person, strlen(assignment->person), person->user_name);
}

// What was ended, released and removed before they were erased is there again, too.
static void repeat_one(struct repetition *repetition, struct commit *commit, struct state *state, const char *id,
                       const struct store_person *person)
{
    struct session_walk theirs = state_sessions_of(state, SESSIONS_OF_PERSON, id);
    for (const struct session *session; (session = state_next_session(&theirs));)
        session_change(session, SESSION_ADMIN_ENDS, "broker", commit_now_ms(commit),
                       next_event(repetition, EVENT_SESSION_ENDED, NOUN_SESSION));
    const struct sorted_table *hosts = state_table(state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (!text_equal(host->owner, id))
            continue;
        struct event *event = next_event(repetition, EVENT_HOST_RELEASED, NOUN_HOST);
        event->record.host = *host;
        event->record.host.owner[0] = 0;
    }
    const struct sorted_table *assignments = state_table(state, NOUN_ASSIGNMENT);
    for (size_t i = 0; i < assignments->count; i++)
        if (is_of(assignments->records[i], id, person))
            TEXT_PUT(next_event(repetition, EVENT_REMOVED, NOUN_ASSIGNMENT)->record.id, assignments->records[i]);
    for (const struct factor *factor = NULL; (factor = factor_next(state, id, factor));)
        TEXT_PUT(next_event(repetition, EVENT_FACTOR_ENDED, NOUN_FACTOR)->record.id, factor->id);
    TEXT_PUT(next_event(repetition, EVENT_PERSON_ERASED, NOUN_PERSON)->record.id, id);
}

// Not durable: the state is rebuilt, and who has to go is found again.
static void repeated(void *arg, bool durable, const struct fault *why)
{
    struct repetition *repetition = arg;
    (void)why;
    for (size_t i = 0; durable && i < repetition->count; i++)
        if (repetition->events[i].type == EVENT_PERSON_ERASED)
            erasure_add(repetition->erasure, repetition->events[i].record.id);
    free(repetition->events);
    free(repetition);
}

bool erasure_repeat(struct erasure *erasure, struct commit *commit, struct state *state, struct people *people,
                    const char (*ids)[ID_SIZE], size_t count)
{
    struct fault why;
    struct repetition *repetition = mem_new(1, sizeof *repetition);
    repetition->erasure = erasure;
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (state_find(state, NOUN_PERSON, ids[i]) && ++found)
            repeat_one(repetition, commit, state, ids[i], people_find(people, ids[i]));
    if (!found || !commit_events(commit, repetition->events, repetition->count, NULL, 0, repeated, repetition, &why)) {
        free(repetition->events);
        free(repetition);
        return !found;
    }
    for (size_t i = 0; i < count; i++)
        people_remove(people, ids[i]);
    log_info("store", "%zu people are erased again, whom the backup still knew", found);
    return true;
}

void erasure_wait(struct erasure *erasure, erasure_done *done, void *arg)
{
    assert(erasure->count);
    mem_reserve(&erasure->waiters, &erasure->waiter_capacity, erasure->waiter_count + 1, sizeof *erasure->waiters);
    uint64_t until = erasure->gone + erasure->count;
    assert(!erasure->waiter_count || erasure->waiters[erasure->waiter_count - 1].until <= until);
    erasure->waiters[erasure->waiter_count++] = (struct erasure_waiter){done, arg, until};
}

bool erasure_is_busy(const struct erasure *erasure)
{
    return erasure->busy;
}
