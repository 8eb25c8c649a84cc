// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/erase.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// From the request to the answer: the events are durable, then the names go, then it is answered.
struct erasing {
    struct world *world;
    struct call *call;
    struct event *events;
    size_t count, capacity;
};

static void answer(struct erasing *erasing, const struct fault *why)
{
    if (why)
        call_refuse_fault(erasing->call, why);
    else
        call_answer(erasing->call, json_object_new_object());
    free(erasing->events);
    free(erasing);
}

static void erased(void *arg, const struct fault *why)
{
    struct fault later;
    if (why)
        fault_set(&later, FAULT_UNAVAILABLE,
                  "the journal has it, but the disk still holds the name: it goes by itself as soon as it can be "
                  "written again");
    answer(arg, why ? &later : NULL);
}

static void committed(void *arg, bool durable, const struct fault *why)
{
    struct erasing *erasing = arg;
    struct erasure *erasure = erasing->world->erasure;
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
    world_event(event, type, noun, erasing->call);
    TEXT_PUT(event->record.id, id);
}

static struct erasing *erasing_new(struct world *world, struct call *call)
{
    struct erasing *erasing = mem_new(1, sizeof *erasing);
    erasing->world = world;
    erasing->call = call;
    return erasing;
}

// Who is erased and logs on again before the row is gone is somebody new already.
static void forget(struct world *world, const struct event *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (events[i].type != EVENT_PERSON_ERASED)
            continue;
        people_remove(&world->people, events[i].record.id);
        remembered_drop(world->remembered, events[i].record.id);
    }
}

static void commit(struct erasing *erasing)
{
    struct fault why;
    struct world *world = erasing->world;
    if (commit_events(world->commit, erasing->events, erasing->count, NULL, 0, committed, erasing, &why))
        forget(world, erasing->events, erasing->count);
    else
        answer(erasing, &why);
}

void erase_tenant(struct world *world, struct call *call)
{
    char prefix[ID_SIZE + 1];
    const void *person;
    struct erasing *erasing = erasing_new(world, call);
    snprintf(prefix, sizeof prefix, "%s/", call->id);
    for (size_t i = state_first(world->state, NOUN_PERSON, prefix);
         (person = state_at(world->state, NOUN_PERSON, prefix, i)); i++)
        add(erasing, EVENT_PERSON_ERASED, NOUN_PERSON, person);
    add(erasing, EVENT_REMOVED, NOUN_TENANT, call->id);
    commit(erasing);
}

// ---- one person

static bool has_no_session(const struct state *state, const char *id, struct fault *why)
{
    char prefix[ID_SIZE];
    session_prefix(prefix, id);
    const struct session *session = state_at(state, NOUN_SESSION, prefix, state_first(state, NOUN_SESSION, prefix));
    return !session ||
           fault_set(why, FAULT_CONFLICT, "there is a session; end it first: pultctl session end %s", session->id);
}

static bool owns_no_desktop(const struct state *state, const char *id, struct fault *why)
{
    const struct shelf *hosts = state_shelf(state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (text_equal(host->owner, id))
            return fault_set(why, FAULT_CONFLICT,
                             "a desktop is kept for them; release it first: pultctl host release %s", host->id);
    }
    return true;
}

// The assignment would name whom nothing else names any more.
static bool is_not_assigned(const struct world *world, const char *id, struct fault *why)
{
    char tenant[SLUG_SIZE];
    const struct store_person *person = people_find(&world->people, id);
    const struct shelf *assignments = state_shelf(world->state, NOUN_ASSIGNMENT);
    id_tenant(tenant, id);
    for (size_t i = 0; person && i < assignments->count; i++) {
        const struct assignment *assignment = assignments->records[i];
        if (id_is_of_tenant(assignment->id, tenant) &&
            text_same_name(assignment->person, strlen(assignment->person), person->login))
            return fault_set(why, FAULT_CONFLICT,
                             "an assignment names them; remove it first: pultctl assignment remove %s", assignment->id);
    }
    return true;
}

void call_person_erase(struct world *world, struct call *call)
{
    struct fault why;
    if (!state_find(world->state, NOUN_PERSON, call->id)) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    if (!has_no_session(world->state, call->id, &why) || !owns_no_desktop(world->state, call->id, &why) ||
        !is_not_assigned(world, call->id, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    struct erasing *erasing = erasing_new(world, call);
    add(erasing, EVENT_PERSON_ERASED, NOUN_PERSON, call->id);
    commit(erasing);
}
