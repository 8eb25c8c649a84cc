// SPDX-License-Identifier: EUPL-1.2
// POST /v1/logon/why: the same decision as a log-on, for somebody else, with nothing done.
#include "broker/api/method.h"
#include "broker/calls/person.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct question {
    struct world *world;
    struct call *call;
    struct attempt attempt;
    char device[ID_SIZE];
    struct logon_decision decision;
};

static void answer_question(struct question *question, const char *refusal)
{
    const struct logon_decision *decision = &question->decision;
    bool decided = decision->session.id[0] != 0;
    json_object *answer = json_object_new_object(), *formats = json_object_new_array();
    for (size_t i = 0; i < decision->why.count && i < WHY_STEPS_MAX; i++)
        json_object_array_add(formats, json_object_new_string(decision->why.formats[i]));
    json_object_object_add(answer, "refusal", json_object_new_string(refusal));
    json_object_object_add(answer, "host", json_object_new_string(decided ? decision->host.id : ""));
    json_object_object_add(answer, "profile", json_object_new_string(decided ? decision->profile.id : ""));
    json_object_object_add(answer, "session",
                           json_object_new_string(decided && decision->found ? decision->session.id : ""));
    json_object_object_add(answer, "why", codec_lines(decision->why.lines));
    json_object_object_add(answer, "why_formats", formats);
    call_answer(question->call, answer);
    free(question);
}

static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct question *question = arg;
    if (verdict == AUTH_UNAVAILABLE) {
        call_refuse(question->call, REFUSAL_DIRECTORY_DOWN, NULL);
        free(question);
        return;
    }
    if (verdict == AUTH_DISABLED) {
        why_note(&question->decision.why, "the directory of %s has disabled this account, or its time is over",
                 question->attempt.tenant_id);
        answer_question(question, refusal_rows[REFUSAL_ACCOUNT_DISABLED].code);
        return;
    }
    if (verdict != AUTH_RIGHT) {
        why_note(&question->decision.why, "the directory of %s knows nobody of this name, or more than one",
                 question->attempt.tenant_id);
        answer_question(question, refusal_rows[REFUSAL_WRONG_PASSWORD].code);
        return;
    }
    struct seen_person person;
    struct logon_input input;
    seen_person_find(&person, question->world, question->attempt.tenant_id, identity);
    logon_input_fill(&input, question->world, &question->attempt, person.row.id, identity, question->device);
    logon_decide(question->world->state, &input, &question->decision);
    if (identity->locked)
        why_note(&question->decision.why,
                 "the directory of %s has locked this account after wrong passwords: until it is open again the right "
                 "password is called wrong as well",
                 question->attempt.tenant_id);
    answer_question(question, refusal_rows[question->decision.refusal].code);
}

void call_why(struct world *world, struct call *call)
{
    struct fault why;
    struct why_request request;
    char tenant_id[SLUG_SIZE];
    if (!codec_read(why_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    id_tenant(tenant_id, request.device);
    const struct tenant *tenant = state_tenant(world->state, tenant_id);
    if (!tenant || !wall_sees(&call->peer, tenant_id) || !state_device(world->state, request.device)) {
        call_refuse(call, REFUSAL_ABSENT, "there is no such device");
        return;
    }
    struct question *question = mem_new(1, sizeof *question);
    question->world = world;
    question->call = call;
    TEXT_PUT(question->device, request.device);
    attempt_start(&question->attempt, tenant_id, request.person, call->peer.address);
    world->auth.look_up(world->auth.self, tenant, request.person, looked_up, question);
}
