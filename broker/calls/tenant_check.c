// SPDX-License-Identifier: EUPL-1.2
// POST /v1/tenants/{id}/check: what works of a tenant's directory, and what to do where something does not.
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/proof.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUPS_SHOWN = 10 };

struct tenant_check {
    struct services *services;
    struct request *request;
    char tenant_id[SLUG_SIZE], name[USER_NAME_SIZE];
    struct tenant_check_answer answer;
};

static void finish_check(struct tenant_check *check)
{
    request_answer(check->request, &check->answer);
    record_free(tenant_check_answer_type.fields, &check->answer);
    free(check);
}

__attribute__((format(printf, 4, 5))) static void check_tell(struct tenant_check *check, enum check_step_kind kind,
                                                             enum check_state state, const char *format, ...)
{
    struct check_step *step = record_add(&check->answer.steps, &check_step_type);
    va_list args;
    step->step = kind;
    step->state = state;
    va_start(args, format);
    vsnprintf(step->text, sizeof step->text, format, args);
    va_end(args);
    text_mend(step->text);
    TEXT_PUT(step->text_format, format);
}

static void tell_groups(struct tenant_check *check, const struct identity *identity)
{
    const struct tenant *tenant = state_tenant(check->services->state, check->tenant_id);
    struct text list = {0};
    for (size_t i = 0; i < identity->group_count && i < GROUPS_SHOWN; i++)
        text_addf(&list, "%s%s", i ? "; " : "", identity->groups[i]);
    long long count = (long long)identity->group_count;
    if (count == 0)
        check_tell(check, CHECK_STEP_GROUPS, CHECK_WARNING,
                   "%s is in no group below group_base: no assignment to a group applies", identity->user_name);
    else
        check_tell(check, CHECK_STEP_GROUPS, CHECK_OK, "%s is in %lld groups: %s", identity->user_name, count,
                   list.bytes);
    if (tenant && admin_rights_hold(check->services, tenant, identity))
        check_tell(check, CHECK_STEP_GROUPS, CHECK_OK, "%s administers this tenant", identity->user_name);
    text_drop(&list);
}

// The same question as a logon's, over the connections that logons use.
static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct tenant_check *check = arg;
    if (verdict == AUTH_RIGHT)
        tell_groups(check, identity);
    else if (verdict == AUTH_UNAVAILABLE)
        check_tell(check, CHECK_STEP_GROUPS, CHECK_FAILED,
                   "the groups of %s were not found in time, or the directory refuses to tell them", check->name);
    else
        check_tell(check, CHECK_STEP_PERSON, CHECK_FAILED,
                   "%s cannot log on: another entry has the user name, too, or this one changed just now. Make the "
                   "user name unique, and check again.",
                   check->name);
    finish_check(check);
}

static bool person_was_found(const struct tenant_check *check)
{
    const struct check_step *steps = check->answer.steps.rows;
    for (size_t i = 0; i < check->answer.steps.count; i++)
        if (steps[i].step == CHECK_STEP_PERSON)
            return steps[i].state == CHECK_OK;
    return false;
}

static void examined(void *arg, const struct check_step *steps, size_t count)
{
    struct tenant_check *check = arg;
    struct services *services = check->services;
    for (size_t i = 0; i < count; i++)
        *(struct check_step *)record_add(&check->answer.steps, &check_step_type) = steps[i];
    const struct tenant *tenant = state_tenant(services->state, check->tenant_id);
    if (tenant && check->name[0] && person_was_found(check))
        proof_look_up(services, tenant, check->name, looked_up, check);
    else
        finish_check(check);
}

void call_tenant_check(struct services *services, struct request *request)
{
    const struct tenant_check_request *body = request->body;
    const struct tenant *tenant = state_tenant(services->state, request->id);
    if (!tenant) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    struct tenant_check *check = mem_new(1, sizeof *check);
    check->services = services;
    check->request = request;
    TEXT_PUT(check->tenant_id, tenant->id);
    TEXT_PUT(check->name, body->as);
    if (services->auth.examine(services->auth.self, tenant, check->name, examined, check))
        return;
    request_refuse(request, REFUSAL_BUSY, NULL);
    free(check);
}
