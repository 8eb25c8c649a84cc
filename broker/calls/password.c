// SPDX-License-Identifier: EUPL-1.2
// POST /v1/password: a person changes their password at a desk, mostly because they must.
#include "broker/api/method.h"
#include "broker/base/log.h"
#include "broker/calls/person.h"

#include <stdlib.h>
#include <string.h>

struct change {
    struct world *world;
    struct call *call;
    struct attempt attempt;
};

static void changed(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    (void)identity;
    struct change *change = arg;
    enum refusal refusal = attempt_finish(&change->attempt, change->world, verdict);
    log_info("password", "change at %s: %s", change->call->peer.id, refusal_rows[refusal].code);
    if (refusal == REFUSAL_NONE) {
        change->world->counters.passwords_changed++;
        call_answer(change->call, json_object_new_object());
    } else if (refusal == REFUSAL_WRONG_PASSWORD) {
        attempt_refuse_evenly(&change->attempt, change->world, change->call);
    } else {
        call_refuse(change->call, refusal, NULL);
    }
    free(change);
}

static void start(struct world *world, struct call *call, const struct tenant *tenant,
                  const struct password_request *request)
{
    struct change *change = mem_new(1, sizeof *change);
    change->world = world;
    change->call = call;
    attempt_start(&change->attempt, tenant->id, request->name, call->peer.id);
    int64_t wait_ms = attempt_wait_ms(&change->attempt, world);
    struct secret old_password, new_password;
    bool fits = secret_set(&old_password, request->password, strlen(request->password)) &&
                secret_set(&new_password, request->new_password, strlen(request->new_password));
    if (wait_ms || !fits) {
        call_refuse_later(call, wait_ms ? REFUSAL_TOO_MANY_ATTEMPTS : REFUSAL_INVALID, wait_ms);
        free(change);
    } else {
        world->auth.change(world->auth.self, tenant, request->name, &old_password, &new_password, changed, change);
    }
    secret_drop(&old_password);
    secret_drop(&new_password);
}

void call_password(struct world *world, struct call *call)
{
    struct fault why;
    struct password_request request;
    bool read = codec_read(password_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why);
    codec_wipe(call->body);
    const struct tenant *tenant = state_tenant(world->state, call->peer.tenant);
    if (!read)
        call_refuse_fault(call, &why);
    else if (!tenant)
        call_refuse(call, REFUSAL_DEVICE_UNKNOWN, NULL);
    else
        start(world, call, tenant, &request);
    explicit_bzero(&request, sizeof request);
}
