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

static void note_change(struct plan *plan, enum noun noun, const union record *record)
{
    const void *present = state_find(plan->trial, noun, record->id);
    struct noun_change *change = record_add(&plan->answer.changes, &noun_change_type);
    change->noun = noun;
    TEXT_PUT(change->id, record->id);
    add_changes(&change->fields, &noun_rows[noun], present, record);
    bool same = present && change->fields.count == 0;
    change->change = !present ? CHANGE_ADD : same ? CHANGE_SAME : CHANGE_CHANGE;
    if (same)
        return;
    mem_reserve(&plan->events, &plan->capacity, plan->count + 1, sizeof *plan->events);
    struct event *event = &plan->events[plan->count++];
    services_event(event, EVENT_SET, noun, plan->request);
    event->record = *record;
    state_apply(plan->trial, event);
}

static bool plan_object(struct plan *plan, struct apply_object *object, struct fault *why)
{
    enum noun noun = object->noun;
    char id[ID_SIZE];
    TEXT_PUT(id, object->record.id);
    if (!id_is_valid(noun, id))
        return fault_set(why, FAULT_INVALID, "%s: invalid id", noun_rows[noun].name);
    const struct method *method = method_find(METHOD_SET, noun);
    if (!method || wall_authorize(plan->trial, method, &plan->request->peer, id) != REFUSAL_NONE)
        return fault_set(why, FAULT_DENIED, "%s %s: you are not allowed to set it", noun_rows[noun].name, id);
    if (!noun_check(plan->trial, noun, id, &object->record, why)) {
        char place[NAME_SIZE];
        snprintf(place, sizeof place, "%s %.100s", noun_rows[noun].name, id);
        return fault_at(why, place);
    }
    note_change(plan, noun, &object->record);
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

// In the order of the nouns, so that a file may name things in any order; the district's tenant comes before others,
// for one of them may have been the district's until now.
static bool make_plan(struct plan *plan, const struct record_list *objects, struct fault *why)
{
    size_t planned = 0;
    keep_district(plan->trial, objects);
    for (int turn = 0; turn < 2 * NOUN_COUNT; turn++) {
        enum noun noun = turn / 2;
        for (size_t i = 0; i < objects->count; i++) {
            struct apply_object *object = record_at(objects, &apply_object_type, i);
            if ((enum noun)object->noun != noun)
                continue;
            bool is_first = noun == NOUN_TENANT && object->record.tenant.district;
            if (is_first != (turn % 2 == 0))
                continue;
            planned++;
            if (!plan_object(plan, object, why))
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
