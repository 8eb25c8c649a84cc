// SPDX-License-Identifier: EUPL-1.2
// POST /v1/apply: many objects at once. The plan is made on a copy of the state, so that later objects may refer to
// earlier ones; applying it is one append to the journal.
#include "broker/calls/forecast.h"
#include "broker/calls/noun.h"

#include <stdio.h>
#include <stdlib.h>

enum { OBJECTS_MAX = 10000 };

struct plan {
    struct services *services;
    struct request *request;
    struct state *trial;
    struct event *events;
    size_t count, capacity;
    json_object *changes; // owned
};

static void plan_drop(struct plan *plan)
{
    state_free(plan->trial);
    free(plan->events);
    json_object_put(plan->changes);
}

static json_object *compare(const struct noun_row *row, const void *present, const void *wanted)
{
    json_object *fields = json_object_new_array();
    owned(json) json_object *from =
        present ? codec_write(row->fields, CODEC_ANSWER, present) : json_object_new_object();
    owned(json) json_object *to = codec_write(row->fields, CODEC_ANSWER, wanted);
    for (const struct field *field = row->fields; field->name; field++) {
        json_object *old = codec_member(from, field->name), *new = codec_member(to, field->name);
        if (json_object_equal(old, new) || (field->flags & (FIELD_READ_ONLY | FIELD_HIDDEN)))
            continue;
        json_object *change = json_object_new_object();
        json_object_object_add(change, "name", json_object_new_string(field->name));
        json_object_object_add(change, "from", json_object_get(old));
        json_object_object_add(change, "to", json_object_get(new));
        json_object_array_add(fields, change);
    }
    return fields;
}

static void note_change(struct plan *plan, enum noun noun, const union record *record)
{
    const struct noun_row *row = &noun_rows[noun];
    const void *present = state_find(plan->trial, noun, record->id);
    json_object *fields = compare(row, present, record);
    bool same = present && json_object_array_length(fields) == 0;
    json_object *change = json_object_new_object();
    json_object_object_add(change, "noun", json_object_new_string(row->name));
    json_object_object_add(change, "id", json_object_new_string(record->id));
    json_object_object_add(change, "change", json_object_new_string(!present ? "add" : same ? "same" : "change"));
    json_object_object_add(change, "fields", fields);
    json_object_array_add(plan->changes, change);
    if (same)
        return;
    mem_reserve(&plan->events, &plan->capacity, plan->count + 1, sizeof *plan->events);
    struct event *event = &plan->events[plan->count++];
    services_event(event, EVENT_SET, noun, plan->request);
    event->record = *record;
    state_apply(plan->trial, event);
}

static bool plan_object(struct plan *plan, enum noun noun, json_object *object, struct fault *why)
{
    char id[ID_SIZE];
    union record record;
    if (!text_copy(id, sizeof id, codec_string(object, "id")) || !id_is_valid(noun, id))
        return fault_set(why, FAULT_INVALID, "%s: invalid id", noun_rows[noun].name);
    const struct method *method = method_find(METHOD_SET, noun);
    if (!method || wall_authorize(plan->trial, method, &plan->request->peer, id) != REFUSAL_NONE)
        return fault_set(why, FAULT_DENIED, "%s %s: you are not allowed to set it", noun_rows[noun].name, id);
    json_object_object_del(object, "noun");
    if (!noun_read(plan->trial, noun, id, object, &record, why)) {
        char place[NAME_SIZE];
        snprintf(place, sizeof place, "%s %.100s", noun_rows[noun].name, id);
        return fault_at(why, place);
    }
    note_change(plan, noun, &record);
    return true;
}

// In the order of the nouns, so that a file may name things in any order.
static bool make_plan(struct plan *plan, json_object *objects, struct fault *why)
{
    size_t length = json_object_array_length(objects), planned = 0;
    if (length > OBJECTS_MAX)
        return fault_set(why, FAULT_INVALID, "objects: more than %d", OBJECTS_MAX);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        for (size_t i = 0; i < length; i++) {
            json_object *object = json_object_array_get_idx(objects, i);
            if (!text_equal(codec_string(object, "noun"), noun_rows[noun].name))
                continue;
            planned++;
            if (!plan_object(plan, noun, object, why))
                return false;
        }
    }
    return planned == length || fault_set(why, FAULT_INVALID, "objects: an item has no noun that can be set");
}

static json_object *answer_of(const struct plan *plan, bool applied)
{
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "changes", json_object_get(plan->changes));
    json_object_object_add(answer, "applied", json_object_new_boolean(applied));
    return answer;
}

struct preview {
    struct request *request;
    json_object *answer;
};

static void foreseen(void *arg, json_object *forecast)
{
    struct preview *preview = arg;
    json_object_object_foreach(forecast, key, value)
        json_object_object_add(preview->answer, key, json_object_get(value));
    json_object_put(forecast);
    request_answer(preview->request, preview->answer);
    free(preview);
}

static void answer_preview(struct plan *plan)
{
    struct preview *preview = mem_new(1, sizeof *preview);
    preview->request = plan->request;
    preview->answer = answer_of(plan, false);
    forecast_start(plan->services, state_copy(plan->services->state), take(plan->trial), plan->events, plan->count,
                   foreseen, preview);
}

void call_apply(struct services *services, struct request *request)
{
    struct fault why;
    json_object *objects = codec_member(request->body, "objects");
    if (!json_object_is_type(objects, json_type_array)) {
        request_refuse(request, REFUSAL_INVALID, "objects: expected an array");
        return;
    }
    owned(plan) struct plan plan = {.services = services, .request = request, .trial = state_copy(services->state)};
    plan.changes = json_object_new_array();
    if (!make_plan(&plan, objects, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    if (codec_flag(request->body, "dry_run")) {
        answer_preview(&plan);
        return;
    }
    services_commit_answer(services, request, plan.events, plan.count, answer_of(&plan, true));
    for (size_t i = 0; i < plan.count; i++)
        noun_changed(services, plan.events[i].noun, plan.events[i].record.id);
}
