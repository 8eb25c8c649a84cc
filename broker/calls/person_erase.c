// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/person_erase.h"
#include "broker/calls/portal.h"
#include "broker/core/factor.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// From the request to the answer: the events are durable, then the names go, then it is answered.
struct erasing {
    struct services *services;
    struct request *request;
    struct event *events;
    size_t count, capacity;
};

static void answer(struct erasing *erasing, const struct fault *why)
{
    if (why)
        request_refuse_fault(erasing->request, why);
    else
        request_answer(erasing->request, NULL);
    free(erasing->events);
    free(erasing);
}

static void erased(void *arg, const struct fault *why)
{
    struct fault later;
    if (why)
        fault_set(&later, FAULT_UNAVAILABLE,
                  "recorded in the journal, but the name is still on disk: it is removed automatically once the disk "
                  "can be written again");
    answer(arg, why ? &later : NULL);
}

static void erasure_committed(void *arg, bool durable, const struct fault *why)
{
    struct erasing *erasing = arg;
    struct erasure *erasure = erasing->services->erasure;
    assert(erasing->count > 0);
    if (!durable) {
        answer(erasing, why);
        return;
    }
    size_t people = 0;
    for (size_t i = 0; i < erasing->count; i++)
        if (erasing->events[i].type == EVENT_PERSON_ERASED && ++people)
            erasure_add(erasure, erasing->events[i].record.id);
    if (people)
        erasure_wait(erasure, erased, erasing);
    else
        answer(erasing, NULL);
}

static void add(struct erasing *erasing, enum event_type type, enum noun noun, const char *id)
{
    mem_reserve(&erasing->events, &erasing->capacity, erasing->count + 1, sizeof *erasing->events);
    struct event *event = &erasing->events[erasing->count++];
    services_event(event, type, noun, erasing->request);
    TEXT_PUT(event->record.id, id);
}

// With what they showed besides a password.
static void add_person(struct erasing *erasing, const char *id)
{
    const struct state *state = erasing->services->state;
    for (const struct factor *factor = NULL; (factor = factor_next(state, id, factor));)
        add(erasing, EVENT_FACTOR_ENDED, NOUN_FACTOR, factor->id);
    add(erasing, EVENT_PERSON_ERASED, NOUN_PERSON, id);
}

static struct erasing *erasing_new(struct services *services, struct request *request)
{
    struct erasing *erasing = mem_new(1, sizeof *erasing);
    erasing->services = services;
    erasing->request = request;
    return erasing;
}

// Who is erased and logs on again before the row is gone is somebody new already.
static void forget(struct services *services, const struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].type != EVENT_PERSON_ERASED)
            continue;
        people_remove(&services->people, events[i].record.id);
        group_cache_drop(services->group_cache, events[i].record.id);
        past_logons_forget(&services->past_logons, events[i].record.id);
        portal_log_off(services, events[i].record.id, "");
    }
}

static void commit(struct erasing *erasing)
{
    struct fault why;
    struct services *services = erasing->services;
    if (commit_events(services->commit, erasing->events, erasing->count, NULL, 0, erasure_committed, erasing, &why))
        forget(services, erasing->events, erasing->count);
    else
        answer(erasing, &why);
}

void person_erase_tenant(struct services *services, struct request *request)
{
    const struct sorted_table *people = state_table(services->state, NOUN_PERSON);
    struct erasing *erasing = erasing_new(services, request);
    for (size_t i = 0; i < people->count; i++)
        if (wall_owns(request->id, people->records[i]))
            add_person(erasing, people->records[i]);
    add(erasing, EVENT_REMOVED, NOUN_TENANT, request->id);
    commit(erasing);
}

// ---- one person

static bool has_no_session(const struct state *state, const char *id, struct fault *why)
{
    struct session_walk walk = state_sessions_of(state, SESSIONS_OF_PERSON, id);
    const struct session *session = state_next_session(&walk);
    return !session || fault_set(why, FAULT_CONFLICT, "the person has a session; end it first: pultctl session end %s",
                                 session->id);
}

static bool owns_no_desktop(const struct state *state, const char *id, struct fault *why)
{
    const struct sorted_table *hosts = state_table(state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (text_equal(host->owner, id))
            return fault_set(why, FAULT_CONFLICT,
                             "a persistent desktop belongs to them; release it first: pultctl host release %s",
                             host->id);
    }
    return true;
}

// The assignment would name whom nothing else names any more.
static bool is_not_assigned(const struct services *services, const char *id, struct fault *why)
{
    char tenant[SLUG_SIZE];
    const struct store_person *person = people_find(&services->people, id);
    const struct sorted_table *assignments = state_table(services->state, NOUN_ASSIGNMENT);
    wall_owner(tenant, id);
    for (size_t i = 0; person && i < assignments->count; i++) {
        const struct assignment *assignment = assignments->records[i];
        bool by_name = text_same_name(assignment->person, strlen(assignment->person), person->user_name);
        if (wall_owns(tenant, assignment->id) && (assignment->holder[0] ? text_equal(assignment->holder, id) : by_name))
            return fault_set(why, FAULT_CONFLICT,
                             "an assignment names them; remove it first: pultctl assignment remove %s", assignment->id);
    }
    return true;
}

// The session host's name for them stands with it, here and on the print server.
static bool has_no_print_job(const struct services *services, const char *id, struct fault *why)
{
    struct print_jobs_walk walk = print_jobs_of(&services->print_jobs, id);
    const struct known_job *job = print_jobs_next(&walk);
    while (job && known_job_is_over(job))
        job = print_jobs_next(&walk);
    return !job || fault_set(why, FAULT_CONFLICT, "a print job of theirs waits; cancel it first: pultctl job cancel %s",
                             job->id);
}

// It names them until its gateway has told of its end.
static bool has_no_channel(const struct services *services, const char *id, struct fault *why)
{
    const struct sorted_table *open = &services->channels.open;
    for (size_t i = 0; i < open->count; i++) {
        const struct known_channel *channel = open->records[i];
        if (text_equal(channel->person, id))
            return fault_set(why, FAULT_CONFLICT, "a channel of theirs is still open, %s: try again in a minute",
                             channel->id);
    }
    return true;
}

void call_person_erase(struct services *services, struct request *request)
{
    struct fault why;
    if (!state_find(services->state, NOUN_PERSON, request->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    if (!has_no_session(services->state, request->id, &why) || !owns_no_desktop(services->state, request->id, &why) ||
        !is_not_assigned(services, request->id, &why) || !has_no_print_job(services, request->id, &why) ||
        !has_no_channel(services, request->id, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    struct erasing *erasing = erasing_new(services, request);
    add_person(erasing, request->id);
    commit(erasing);
}
