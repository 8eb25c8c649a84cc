// SPDX-License-Identifier: EUPL-1.2
// POST /v1/password: a person changes their password at a desk, mostly because they must.
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/base/log.h"
#include "broker/calls/logon_attempt.h"

#include <stdlib.h>
#include <string.h>

struct password_change {
    struct services *services;
    struct request *request;
    struct attempt attempt;
};

static void changed(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    (void)identity;
    struct password_change *change = arg;
    enum refusal refusal = attempt_finish(&change->attempt, change->services, verdict);
    log_info("password", "change at %s: %s", change->request->peer.id, refusal_rows[refusal].code);
    if (refusal == REFUSAL_NONE) {
        change->services->counters.passwords_changed++;
        request_answer(change->request, NULL);
    } else if (refusal == REFUSAL_WRONG_PASSWORD) {
        attempt_refuse_evenly(&change->attempt, change->services, change->request);
    } else {
        request_refuse(change->request, refusal, NULL);
    }
    free(change);
}

static void start_change(struct services *services, struct request *request, const struct tenant *tenant,
                         struct password_request *body)
{
    struct password_change *change = mem_new(1, sizeof *change);
    change->services = services;
    change->request = request;
    attempt_start(&change->attempt, tenant->id, body->name, &request->peer);
    int64_t wait_ms = 0;
    struct secret old_password, new_password;
    bool fits = secret_set(&old_password, body->password, strlen(body->password)) &&
                secret_set(&new_password, body->new_password, strlen(body->new_password));
    record_free(password_request_type.fields, body); // which may have to wait for the directory
    if (!fits || attempt_must_wait(&change->attempt, services, &wait_ms)) {
        request_refuse_later(request, wait_ms ? REFUSAL_TOO_MANY_ATTEMPTS : REFUSAL_INVALID, wait_ms);
        free(change);
    } else {
        services->auth.change(services->auth.self, tenant, body->name, &old_password, &new_password, changed, change);
    }
    secret_drop(&old_password);
    secret_drop(&new_password);
}

void call_password(struct services *services, struct request *request)
{
    const struct password_request *body = request->body;
    const struct tenant *tenant = wall_directory(services->state, request->peer.id, body->name);
    if (!tenant)
        request_refuse(request, REFUSAL_DEVICE_UNKNOWN, NULL);
    else
        start_change(services, request, tenant, request->body);
}
