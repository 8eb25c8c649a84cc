// SPDX-License-Identifier: EUPL-1.2
// Administrators log on: once with the token of --init, then as members of their tenant's group of administrators.
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/admins.h"
#include "broker/calls/person.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct admin_logon {
    struct world *world;
    struct call *call;
    struct attempt attempt;
};

static void let_in(struct world *world, struct call *call, const struct peer *peer, const char *group, const char *name)
{
    char token[ADMIN_TOKEN_SIZE];
    int64_t now_ms = clock_wall_ms();
    if (!admins_add(world->admins, peer, group, now_ms, token)) {
        call_refuse(call, REFUSAL_BUSY, "too many administrators are logged on");
        return;
    }
    call->peer = *peer;
    struct event event;
    world_event(&event, EVENT_ADMIN_LOGGED_ON, NOUN_NONE, call);
    log_info("admin", "%s logged on from %s", peer->id, peer->address);
    json_object *answer = json_object_new_object();
    json_object_object_add(answer, "token", json_object_new_string(token));
    json_object_object_add(answer, "until", world_time(now_ms + ADMIN_MS));
    json_object_object_add(answer, "name", json_object_new_string(name));
    json_object_object_add(answer, "scope",
                           json_object_new_string(peer->role == ROLE_DISTRICT ? "district" : peer->tenant));
    explicit_bzero(token, sizeof token);
    world_commit_answer(world, call, &event, 1, answer);
}

static void refuse(struct admin_logon *logon, enum refusal refusal)
{
    log_info("admin", "log-on refused from %s: %s", logon->call->peer.address, refusal_rows[refusal].code);
    if (refusal == REFUSAL_WRONG_PASSWORD)
        attempt_refuse_evenly(&logon->attempt, logon->world, logon->call);
    else
        call_refuse(logon->call, refusal, NULL);
    free(logon);
}

static void proven(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct admin_logon *logon = arg;
    enum refusal refusal = attempt_finish(&logon->attempt, logon->world, verdict);
    const struct tenant *tenant = state_tenant(logon->world->state, logon->attempt.tenant_id);
    if (refusal == REFUSAL_NONE && !tenant)
        refusal = REFUSAL_DENIED;
    if (refusal != REFUSAL_NONE) {
        refuse(logon, refusal);
        return;
    }
    assert(identity);
    struct membership who = {identity->login, (const char(*)[DN_SIZE])identity->groups, identity->group_count};
    if (!tenant->admin_group[0] || !membership_has(&who, tenant->admin_group)) {
        refuse(logon, REFUSAL_DENIED);
        return;
    }
    struct peer peer = logon->call->peer;
    peer.role = tenant->district ? ROLE_DISTRICT : ROLE_ADMIN;
    TEXT_PUT(peer.tenant, tenant->id);
    snprintf(peer.id, sizeof peer.id, "%.60s/%.60s", tenant->id, identity->login);
    let_in(logon->world, logon->call, &peer, tenant->admin_group, identity->name);
    free(logon);
}

static void log_on_first(struct world *world, struct call *call, const char *token)
{
    char key[ID_SIZE];
    snprintf(key, sizeof key, "first %s", call->peer.address);
    int64_t now_ms = clock_steady_ms(), wait_ms = throttle_wait_ms(world->throttle, key, now_ms);
    if (wait_ms) {
        call_refuse_later(call, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
        return;
    }
    if (!admins_take_first(world->admins, token)) {
        throttle_failed(world->throttle, key, 3, now_ms);
        call_refuse(call, REFUSAL_DENIED, "the token is wrong or was used before");
        return;
    }
    struct peer peer = call->peer;
    peer.role = ROLE_DISTRICT;
    TEXT_PUT(peer.id, "first");
    let_in(world, call, &peer, "", "first administrator");
}

static void log_on(struct world *world, struct call *call, const struct admin_logon_request *request)
{
    const struct tenant *tenant = state_tenant(world->state, request->tenant);
    struct admin_logon *logon = mem_new(1, sizeof *logon);
    logon->world = world;
    logon->call = call;
    attempt_start(&logon->attempt, tenant ? tenant->id : "", request->name, call->peer.address);
    int64_t wait_ms = attempt_wait_ms(&logon->attempt, world);
    struct secret password;
    bool fits = secret_set(&password, request->password, strlen(request->password));
    if (wait_ms || !fits) {
        call_refuse_later(call, wait_ms ? REFUSAL_TOO_MANY_ATTEMPTS : REFUSAL_INVALID, wait_ms);
        free(logon);
    } else if (tenant) {
        world->auth.check(world->auth.self, tenant, request->name, &password, proven, logon);
    } else {
        proven(logon, AUTH_WRONG, NULL);
    }
    secret_drop(&password);
}

static void log_on_by_ticket(struct world *world, struct call *call, const char *tenant_id)
{
    const struct tenant *tenant = state_tenant(world->state, tenant_id);
    struct fault why;
    char principal[DN_SIZE];
    if (!tenant || !world->auth.accept_ticket(world->auth.self, tenant, call->negotiate, call->binding, principal,
                                              call->negotiate_reply, NEGOTIATE_REPLY_SIZE, &why)) {
        call_refuse(call, REFUSAL_TICKET, NULL);
        return;
    }
    struct admin_logon *logon = mem_new(1, sizeof *logon);
    logon->world = world;
    logon->call = call;
    attempt_start(&logon->attempt, tenant->id, principal, call->peer.address);
    world->auth.look_up(world->auth.self, tenant, principal, proven, logon);
}

void call_admin_logon(struct world *world, struct call *call)
{
    struct fault why;
    struct admin_logon_request request;
    bool read = codec_read(admin_logon_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why);
    codec_wipe(call->body);
    if (!read)
        call_refuse_fault(call, &why);
    else if (request.token[0])
        log_on_first(world, call, request.token);
    else if (call->negotiate)
        log_on_by_ticket(world, call, request.tenant);
    else
        log_on(world, call, &request);
    explicit_bzero(&request, sizeof request);
}

void call_admin_logoff(struct world *world, struct call *call)
{
    if (!call->peer.by_certificate) // whose id may be a member's log-on name, too
        admins_remove(world->admins, &call->peer);
    call_answer(call, json_object_new_object());
}
