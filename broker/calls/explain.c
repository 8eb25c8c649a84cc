// SPDX-License-Identifier: EUPL-1.2
// POST /v1/logon/explain: the same decision as a logon, for somebody else, with nothing done.
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/calls/logon_attempt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct explain_question {
    struct services *services;
    struct request *request;
    struct attempt attempt;
    char device[ID_SIZE];
    struct logon_decision decision;
};

static void add_line(char *lines, size_t size, const char *line)
{
    size_t length = strlen(lines);
    if (length + strlen(line) + 2 <= size)
        snprintf(lines + length, size - length, "%s%s", length ? "\n" : "", line);
}

static void answer_question(struct explain_question *question, const char *refusal)
{
    const struct logon_decision *decision = &question->decision;
    bool decided = decision->session.id[0] != 0;
    struct explain_answer answer = {0};
    for (size_t i = 0; i < decision->trace.count && i < TRACE_STEPS_MAX; i++)
        add_line(answer.why_formats, sizeof answer.why_formats, decision->trace.formats[i]);
    TEXT_PUT(answer.refusal, refusal);
    TEXT_PUT(answer.host, decided ? decision->host.id : "");
    TEXT_PUT(answer.profile, decided ? decision->profile.id : "");
    TEXT_PUT(answer.session, decided && decision->reconnected ? decision->session.id : "");
    TEXT_PUT(answer.why, decision->trace.lines);
    request_answer(question->request, &answer);
    free(question);
}

// What became of the person where they were let in lately.
static void add_failure(struct trace *trace, const char *host_id, enum desktop_outcome outcome, long long minutes)
{
    switch (outcome) {
    case DESKTOP_NO_SESSION:
        trace_add(trace, "host %s admitted this person %lld minutes ago, but its session manager opened no session",
                  host_id, minutes);
        return;
    case DESKTOP_NO_ACCOUNT:
        trace_add(trace, "host %s admitted this person %lld minutes ago, but does not know the account", host_id,
                  minutes);
        return;
    case DESKTOP_NO_SCREEN:
        trace_add(trace, "host %s admitted this person %lld minutes ago, but the X server did not start", host_id,
                  minutes);
        return;
    case DESKTOP_NO_WINDOW_MANAGER:
        trace_add(trace, "host %s admitted this person %lld minutes ago, but the window manager did not start", host_id,
                  minutes);
        return;
    case DESKTOP_ENDED:
        trace_add(trace, "host %s admitted this person %lld minutes ago, but the desktop ended at once", host_id,
                  minutes);
        return;
    case DESKTOP_READY:
    case DESKTOP_OUTCOME_COUNT:
        return;
    }
}

static void add_failures(struct explain_question *question, const char *person_id)
{
    struct services *services = question->services;
    int64_t now_ms = clock_steady_ms();
    struct wall_walk walk = wall_walk(services->state, question->attempt.tenant_id, NOUN_HOST);
    for (const struct host *host; (host = wall_next(&walk));) {
        const struct desktop_failure *failure =
            report_failure_of(reports_find(&services->reports, host->id), person_id, now_ms);
        if (failure)
            add_failure(&question->decision.trace, host->id, (enum desktop_outcome)failure->outcome,
                        (now_ms - failure->at_ms) / 60000);
    }
}

static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct explain_question *question = arg;
    if (verdict == AUTH_UNAVAILABLE) {
        request_refuse(question->request, REFUSAL_DIRECTORY_DOWN, NULL);
        free(question);
        return;
    }
    if (verdict == AUTH_DISABLED) {
        trace_add(&question->decision.trace, "the directory of %s has disabled this account, or it has expired",
                  question->attempt.tenant_id);
        answer_question(question, refusal_rows[REFUSAL_ACCOUNT_DISABLED].code);
        return;
    }
    if (verdict != AUTH_RIGHT) {
        trace_add(&question->decision.trace, "the directory of %s has no account of this name, or more than one",
                  question->attempt.tenant_id);
        answer_question(question, refusal_rows[REFUSAL_WRONG_PASSWORD].code);
        return;
    }
    struct seen_person person;
    struct logon_input input;
    seen_person_find(&person, question->services, question->attempt.tenant_id, identity);
    logon_input_fill(&input, question->services, &question->attempt, person.row.id, identity, question->device);
    logon_decide(question->services->state, &input, &question->decision);
    add_failures(question, person.row.id);
    if (identity->locked)
        trace_add(&question->decision.trace,
                  "the directory of %s has locked this account after wrong passwords: until it is unlocked, even the "
                  "right password is reported as wrong",
                  question->attempt.tenant_id);
    answer_question(question, refusal_rows[question->decision.refusal].code);
}

void call_explain(struct services *services, struct request *request)
{
    const struct explain_request *body = request->body;
    const struct tenant *tenant = wall_directory(services->state, body->device);
    if (!tenant || !state_device(services->state, body->device) ||
        !wall_can_see(services->state, &request->peer, NOUN_DEVICE, body->device)) {
        request_refuse(request, REFUSAL_NOT_FOUND, "unknown device");
        return;
    }
    struct explain_question *question = mem_new(1, sizeof *question);
    question->services = services;
    question->request = request;
    TEXT_PUT(question->device, body->device);
    attempt_start(&question->attempt, tenant->id, body->person, &request->peer);
    services->auth.look_up(services->auth.self, tenant, body->person, looked_up, question);
}
