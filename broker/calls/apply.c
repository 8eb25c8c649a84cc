// SPDX-License-Identifier: EUPL-1.2
// POST /v1/apply: many objects at once. The plan is made on a copy of the state, so that later objects may refer to
// earlier ones; applying it is one append to the journal.
#include "broker/api/record.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/forecast.h"
#include "broker/calls/group_check.h"
#include "broker/calls/noun.h"
#include "broker/core/own_rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    struct services *services;
    struct request *request;
    struct state *trial;
    struct event *events;
    size_t count, capacity;
    struct apply_answer answer;
};

static void plan_drop(struct plan *plan)
{
    state_free(plan->trial);
    free(plan->events);
    record_free(apply_answer_type.fields, &plan->answer);
}

// `present`: NULL when it is not there yet.
static void add_changes(struct record_list *changes, const struct noun_row *row, const void *present,
                        const void *wanted)
{
    for (const struct field *field = row->fields; field->name; field++) {
        owned(text) struct text from = {0}, to = {0};
        if (field->flags & (FIELD_READ_ONLY | FIELD_HIDDEN))
            continue;
        if (present)
            field_text(&from, field, present);
        field_text(&to, field, wanted);
        if (present && text_equal(from.bytes, to.bytes))
            continue;
        struct field_change *change = record_add(changes, &field_change_type);
        TEXT_PUT(change->name, field->name);
        change->from = take(from.bytes);
        change->to = take(to.bytes);
    }
}

static void add_event(struct plan *plan, enum noun noun, const union record *record)
{
    mem_reserve(&plan->events, &plan->capacity, plan->count + 1, sizeof *plan->events);
    struct event *event = &plan->events[plan->count++];
    services_event(event, EVENT_SET, noun, plan->request);
    event->record = *record;
    state_apply(plan->trial, event);
}

// Whether there is a change at all.
static bool note_change(struct plan *plan, enum noun noun, const union record *record)
{
    const void *present = state_find(plan->trial, noun, record->id);
    struct noun_change *change = record_add(&plan->answer.changes, &noun_change_type);
    change->noun = noun;
    TEXT_PUT(change->id, record->id);
    add_changes(&change->fields, &noun_rows[noun], present, record);
    bool same = present && change->fields.count == 0;
    change->change = !present ? CHANGE_ADD : same ? CHANGE_SAME : CHANGE_CHANGE;
    return !same;
}

// A reference to a record of the same noun: that may come later, and refer back.
static bool is_sideways(const struct field *field, enum noun noun)
{
    return field->type == FIELD_ID && field->refers == noun;
}

static void cut_references(const struct state *state, enum noun noun, union record *record)
{
    for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
        char *id = (char *)record + field->offset;
        if (is_sideways(field, noun) && !state_find(state, noun, id))
            *id = 0;
    }
}

// Whether it had others.
static bool put_references(enum noun noun, union record *record, const union record *wanted)
{
    bool changed = false;
    for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
        char *id = (char *)record + field->offset;
        const char *other = (const char *)wanted + field->offset;
        if (!is_sideways(field, noun) || text_equal(id, other))
            continue;
        text_put(id, ID_SIZE, other);
        changed = true;
    }
    return changed;
}

static bool check_object(struct plan *plan, enum noun noun, union record *record, struct fault *why)
{
    char place[NAME_SIZE];
    if (noun_check(plan->trial, noun, record->id, record, why))
        return true;
    snprintf(place, sizeof place, "%s %.100s", noun_rows[noun].name, record->id);
    return fault_at(why, place);
}

static bool plan_object(struct plan *plan, const struct apply_object *object, struct fault *why)
{
    enum noun noun = object->noun;
    union record record = object->record;
    if (!id_is_valid(noun, record.id))
        return fault_set(why, FAULT_INVALID, "%s: invalid id", noun_rows[noun].name);
    const struct method *method = method_find(METHOD_SET, noun);
    if (!method || wall_authorize(plan->trial, method, &plan->request->peer, record.id) != REFUSAL_NONE)
        return fault_set(why, FAULT_DENIED, "%s %s: you are not allowed to set it", noun_rows[noun].name, record.id);
    cut_references(plan->trial, noun, &record);
    if (!check_object(plan, noun, &record, why))
        return false;
    union record whole = record;
    put_references(noun, &whole, &object->record);
    if (note_change(plan, noun, &whole))
        add_event(plan, noun, &record);
    return true;
}

// Printers may be each other's substitutes, so that each is planned without what is not there yet, and completed.
static bool plan_references(struct plan *plan, const struct apply_object *object, struct fault *why)
{
    enum noun noun = object->noun;
    union record record = {0};
    memcpy(&record, state_find(plan->trial, noun, object->record.id), noun_rows[noun].size);
    if (!put_references(noun, &record, &object->record))
        return true;
    if (!check_object(plan, noun, &record, why))
        return false;
    add_event(plan, noun, &record);
    return true;
}

// The first tenant became the district's by itself, so a file that was applied once does not have to say it.
static void keep_district(const struct state *state, const struct record_list *objects)
{
    struct tenant *kept = NULL;
    for (size_t i = 0; i < objects->count; i++) {
        struct apply_object *object = record_at(objects, &apply_object_type, i);
        if ((enum noun)object->noun != NOUN_TENANT)
            continue;
        if (object->record.tenant.district)
            return;
        if (state_is_only_district(state, object->record.id))
            kept = &object->record.tenant;
    }
    if (kept)
        kept->district = true;
}

static bool has_turn(const struct apply_object *object, int turn)
{
    bool is_first = object->noun == NOUN_TENANT && object->record.tenant.district;
    return object->noun == turn / 2 && is_first == (turn % 2 == 0);
}

// In the order of the nouns, so that a file may name things in any order; the district's tenant comes before others,
// for one of them may have been the district's until now.
static bool make_plan(struct plan *plan, const struct record_list *objects, struct fault *why)
{
    size_t planned = 0;
    keep_district(plan->trial, objects);
    for (int turn = 0; turn < 2 * NOUN_COUNT; turn++) {
        size_t before = planned;
        for (size_t i = 0; i < objects->count; i++) {
            const struct apply_object *object = record_at(objects, &apply_object_type, i);
            if (!has_turn(object, turn))
                continue;
            planned++;
            if (!plan_object(plan, object, why))
                return false;
        }
        for (size_t i = 0; i < objects->count && planned > before; i++) {
            const struct apply_object *object = record_at(objects, &apply_object_type, i);
            if (has_turn(object, turn) && !plan_references(plan, object, why))
                return false;
        }
    }
    return planned == objects->count || fault_set(why, FAULT_INVALID, "objects: an item has no noun that can be set");
}

struct preview {
    struct request *request;
    struct apply_answer answer;
};

static void foreseen(void *arg)
{
    struct preview *preview = arg;
    request_answer(preview->request, &preview->answer);
    record_free(apply_answer_type.fields, &preview->answer);
    free(preview);
}

static void answer_preview(struct plan *plan)
{
    struct preview *preview = mem_new(1, sizeof *preview);
    preview->request = plan->request;
    preview->answer = plan->answer;
    plan->answer = (struct apply_answer){0};
    forecast_start(plan->services, state_copy(plan->services->state), take(plan->trial), plan->events, plan->count,
                   &preview->answer, foreseen, preview);
}

struct apply_call {
    struct services *services;
    struct request *request;
};

// Meanwhile somebody else may have changed something: the plan is made anew.
static void groups_checked(void *arg, struct record_list *notices, const struct group_notice *twice)
{
    struct apply_call *call = arg;
    struct services *services = call->services;
    struct request *request = call->request;
    struct fault why;
    const struct apply_request *body = request->body;
    free(call);
    if (admin_rights_refuse(services, request) || group_check_refuse(request, twice))
        return;
    owned(plan) struct plan plan = {.services = services, .request = request, .trial = state_copy(services->state)};
    if (!make_plan(&plan, &body->objects, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    plan.answer.groups = *notices;
    *notices = (struct record_list){0};
    const char *loss = own_rights_loss(services->state, &request->peer, plan.events, plan.count);
    text_cut(plan.answer.own_rights, sizeof plan.answer.own_rights, loss ? loss : "");
    if (body->dry_run) {
        answer_preview(&plan);
        return;
    }
    if (loss && body->accept != ACCEPT_OWN_RIGHTS) {
        request_refuse(request, REFUSAL_OWN_RIGHTS, loss);
        return;
    }
    plan.answer.applied = true;
    services_commit_answer(services, request, plan.events, plan.count, &plan.answer);
    for (size_t i = 0; i < plan.count; i++)
        noun_changed(services, plan.events[i].noun, plan.events[i].record.id);
}

void call_apply(struct services *services, struct request *request)
{
    struct fault why;
    const struct apply_request *body = request->body;
    owned(plan) struct plan plan = {.services = services, .request = request, .trial = state_copy(services->state)};
    if (!make_plan(&plan, &body->objects, &why)) {
        request_refuse_fault(request, &why);
        return;
    }
    struct apply_call *call = mem_new(1, sizeof *call);
    *call = (struct apply_call){services, request};
    group_check(services, plan.trial, plan.events, plan.count, groups_checked, call);
}
