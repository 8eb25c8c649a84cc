// SPDX-License-Identifier: EUPL-1.2
// POST /v1/logon/explain: the same decision as a logon, for somebody else, with nothing done.
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/calls/logon_attempt.h"
#include "broker/calls/proof.h"

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

// Which of the many ways in which a directory does not know somebody; whoever logs on is told one sentence for all.
static void add_finding(struct trace *trace, enum person_finding finding, const struct tenant *tenant)
{
    switch (finding) {
    case PERSON_ABSENT:
        trace_add(trace, "the directory of %s has no entry of this name below %s", tenant->id, tenant->user_base);
        return;
    case PERSON_TWICE:
        trace_add(trace, "the directory of %s has several entries of this name below %s, so it stands for nobody",
                  tenant->id, tenant->user_base);
        return;
    case PERSON_NO_CLASS:
        trace_add(trace, "the directory of %s has an entry of this name, but of none of the classes that people have",
                  tenant->id);
        return;
    case PERSON_NO_ID:
        trace_add(
            trace,
            "the directory of %s has an entry of this name, but does not tell the broker's account its unchanging "
            "id, or tells several",
            tenant->id);
        return;
    case PERSON_NAME_TAKEN:
        trace_add(trace,
                  "the directory of %s has an entry of this name, but the user name it has at session hosts is another "
                  "entry's, too",
                  tenant->id);
        return;
    case PERSON_NO_BASE:
        trace_add(trace, "the directory of %s knows no such base: %s", tenant->id, tenant->user_base);
        return;
    case PERSON_KNOWN:
    case PERSON_NOT_TOLD:
        return;
    }
}

// Names of groups in settings that stand for none.
static void add_lost_groups(struct explain_question *question, const struct tenant *tenant)
{
    struct services *services = question->services;
    struct trace *trace = &question->decision.trace;
    struct wall_walk walk = wall_walk(services->state, tenant->id, NOUN_ASSIGNMENT);
    for (const struct assignment *assignment; (assignment = wall_next(&walk));) {
        char dn[DN_SIZE];
        enum group_standing standing =
            assignment->group[0] ? services->auth.group(services->auth.self, tenant, assignment->group, dn, NULL)
                                 : GROUP_FOUND;
        if (standing == GROUP_TWICE)
            trace_add(trace, "assignment %s is for nobody: several groups are called %s; write the DN of one",
                      assignment->id, assignment->group);
        else if (standing == GROUP_ABSENT)
            trace_add(trace, "assignment %s is for nobody: the directory has no group %s below %s", assignment->id,
                      assignment->group, tenant_group_base(tenant));
        else if (standing == GROUP_OUTSIDE)
            trace_add(trace, "assignment %s is for nobody: its group %s is not below %s", assignment->id,
                      assignment->group, tenant_group_base(tenant));
    }
}

// As many as can be read; an assignment says for itself whether it applies.
static void add_groups(struct trace *trace, const struct tenant *tenant, const struct identity *identity)
{
    enum { NAMED_MAX = 10, NAMES_MAX = 600 };
    size_t named = 0;
    owned(text) struct text names = {0};
    for (; named < identity->group_count && named < NAMED_MAX && names.length < NAMES_MAX; named++)
        text_addf(&names, "%s%s", named ? "; " : "", identity->groups[named]);
    if (identity->group_count > named)
        text_adds(&names, "; ...");
    if (identity->group_count)
        trace_add(trace, "groups of this person below %s: %zu (%s)", tenant_group_base(tenant), identity->group_count,
                  names.bytes);
    else
        trace_add(trace, "the directory names no group of this person below %s", tenant_group_base(tenant));
}

static void explain_decision(struct explain_question *question, const struct tenant *tenant,
                             const struct identity *identity)
{
    struct seen_person person;
    struct logon_input input;
    struct trace *trace = &question->decision.trace;
    seen_person_find(&person, question->services, question->attempt.tenant_id, identity);
    logon_input_fill(&input, question->services, &question->attempt, person.row.id, identity, question->device);
    logon_decide(question->services->state, &input, &question->decision);
    add_groups(trace, tenant, identity);
    add_lost_groups(question, tenant);
    add_failures(question, person.row.id);
    if (identity->locked)
        trace_add(trace,
                  "the directory of %s has locked this account after wrong passwords: until it is unlocked, even the "
                  "right password is reported as wrong",
                  question->attempt.tenant_id);
    answer_question(question, refusal_rows[question->decision.refusal].code);
}

static void explained(void *arg, enum auth_verdict verdict, enum person_finding finding,
                      const struct identity *identity)
{
    struct explain_question *question = arg;
    struct trace *trace = &question->decision.trace;
    const struct tenant *tenant = state_tenant(question->services->state, question->attempt.tenant_id);
    if (!tenant || finding == PERSON_NOT_TOLD) {
        request_refuse(question->request, REFUSAL_DIRECTORY_DOWN, NULL);
        free(question);
        return;
    }
    add_finding(trace, finding, tenant);
    if (verdict == AUTH_RIGHT) {
        explain_decision(question, tenant, identity);
    } else if (verdict == AUTH_UNAVAILABLE) {
        answer_question(question, refusal_rows[REFUSAL_DIRECTORY_DOWN].code);
    } else if (verdict == AUTH_DISABLED) {
        trace_add(trace, "the directory of %s has disabled this account, or it has expired", tenant->id);
        answer_question(question, refusal_rows[REFUSAL_ACCOUNT_DISABLED].code);
    } else {
        answer_question(question, refusal_rows[REFUSAL_WRONG_PASSWORD].code);
    }
}

void call_explain(struct services *services, struct request *request)
{
    const struct explain_request *body = request->body;
    const struct tenant *tenant = wall_directory(services->state, body->device, body->person);
    if (!tenant || !state_device(services->state, body->device) ||
        !(wall_can_see(services->state, &request->peer, NOUN_DEVICE, body->device) ||
          wall_may_use(services->state, request->peer.tenant, NOUN_DEVICE, body->device))) {
        request_refuse(request, REFUSAL_NOT_FOUND, "unknown device");
        return;
    }
    // At a desk that several tenants use each explains its own people.
    if (!wall_can_see(services->state, &request->peer, NOUN_TENANT, tenant->id)) {
        request_refuse(request, REFUSAL_NOT_FOUND, "a name typed so is one of another tenant's people there");
        return;
    }
    struct explain_question *question = mem_new(1, sizeof *question);
    question->services = services;
    question->request = request;
    TEXT_PUT(question->device, body->device);
    attempt_start(&question->attempt, tenant->id, body->person, &request->peer);
    proof_explain(services, tenant, body->person, explained, question);
}
