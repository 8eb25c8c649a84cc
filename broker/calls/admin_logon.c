// SPDX-License-Identifier: EUPL-1.2
// Administrators log on: once with the token of --init, then as members of their tenant's group of administrators.
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/base/address.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/admin_rights.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/logon_attempt.h"
#include "broker/calls/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct admin_logon {
    struct services *services;
    struct request *request;
    struct attempt attempt;
    char name[USER_NAME_SIZE]; // as typed, with the password
    struct secret password;    // kept until the directory has said whose it would be; empty with a ticket
};

static void admin_logon_free(struct admin_logon *logon)
{
    secret_drop(&logon->password);
    free(logon);
}

static void let_in(struct services *services, struct request *request, const struct peer *peer,
                   const struct admin_proof *proof, const char *name)
{
    char token[ADMIN_TOKEN_SIZE];
    int64_t now_ms = clock_wall_ms();
    if (!admin_sessions_add(services->admin_sessions, peer, proof, now_ms, token)) {
        request_refuse(request, REFUSAL_BUSY, "too many administrators are logged on");
        return;
    }
    request->peer = *peer;
    struct event event;
    services_event(&event, EVENT_ADMIN_LOGGED_ON, NOUN_NONE, request);
    log_info("admin", "%s logged on from %s", peer->id, peer->address);
    struct admin_logon_answer answer = {.until_ms = now_ms + ADMIN_MS};
    TEXT_PUT(answer.token, token);
    text_cut(answer.name, sizeof answer.name, name);
    TEXT_PUT(answer.scope, peer->role == ROLE_DISTRICT ? "district" : peer->tenant);
    explicit_bzero(token, sizeof token);
    services_commit_answer(services, request, &event, 1, &answer);
    record_free(admin_logon_answer_type.fields, &answer);
}

// Who is no administrator is told the same as who gives a wrong password, after the same time, and not who exists.
static void refuse_admin(struct admin_logon *logon, enum refusal refusal)
{
    log_info("admin", "logon refused from %s: %s", logon->request->peer.address, refusal_rows[refusal].code);
    if (refusal == REFUSAL_WRONG_PASSWORD)
        attempt_refuse_evenly(&logon->attempt, logon->services, logon->request);
    else
        request_refuse(logon->request, refusal, NULL);
    admin_logon_free(logon);
}

static void proven(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct admin_logon *logon = arg;
    enum refusal refusal = attempt_finish(&logon->attempt, logon->services, verdict);
    const struct tenant *tenant = state_tenant(logon->services->state, logon->attempt.tenant_id);
    if (refusal == REFUSAL_NONE && !admin_rights_hold(logon->services, tenant, identity))
        refusal = REFUSAL_DENIED;
    if (refusal != REFUSAL_NONE) {
        refuse_admin(logon, refusal);
        return;
    }
    struct peer peer = logon->request->peer;
    peer.role = tenant->district ? ROLE_DISTRICT : ROLE_ADMIN;
    TEXT_PUT(peer.tenant, tenant->id);
    char name[ID_SIZE - SLUG_SIZE]; // a longer one is cut where a letter ends: it will stand in the journal
    text_cut(name, sizeof name, identity->user_name);
    text_lower_name(name);
    snprintf(peer.id, sizeof peer.id, "%.63s/%s", tenant->id, name); // an id is ASCII
    const struct admin_proof proof = {tenant->admin_group, identity->user_name, identity->key};
    let_in(logon->services, logon->request, &peer, &proof, identity->name);
    admin_logon_free(logon);
}

// The port is public: a password is only tried for who may come in by it, so that nobody else's account can be locked.
static void looked_up(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct admin_logon *logon = arg;
    struct services *services = logon->services;
    const struct tenant *tenant = state_tenant(services->state, logon->attempt.tenant_id);
    if (verdict == AUTH_RIGHT && admin_rights_hold(services, tenant, identity))
        proof_check(services, tenant, logon->name, &logon->password, proven, logon);
    else if (verdict == AUTH_UNAVAILABLE)
        proven(logon, verdict, NULL);
    else
        proven(logon, AUTH_WRONG, NULL);
}

static void log_on_first(struct services *services, struct request *request, const char *token)
{
    char from[ADDRESS_NETWORK_TEXT_SIZE];
    address_network_text(from, request->peer.address);
    int64_t now_ms = clock_steady_ms();
    int64_t wait_ms = throttle_wait_ms(services->throttle, THROTTLE_FIRST_TOKEN, from, now_ms);
    if (wait_ms) {
        request_refuse_later(request, REFUSAL_TOO_MANY_ATTEMPTS, wait_ms);
        return;
    }
    if (commit_is_refusing(services->commit)) { // the token is good once
        request_refuse(request, REFUSAL_STORE_DOWN, NULL);
        return;
    }
    if (!admin_sessions_take_first(services->admin_sessions, token)) {
        throttle_end(services->throttle, THROTTLE_FIRST_TOKEN, from, THROTTLE_FAILED, "", now_ms);
        request_refuse(request, REFUSAL_DENIED, "the token is wrong or already used");
        return;
    }
    struct peer peer = request->peer;
    peer.role = ROLE_DISTRICT;
    TEXT_PUT(peer.id, "first");
    let_in(services, request, &peer, NULL, "first administrator");
}

static struct admin_logon *logon_new(struct services *services, struct request *request, const struct tenant *tenant,
                                     const char *name)
{
    struct admin_logon *logon = mem_new(1, sizeof *logon);
    logon->services = services;
    logon->request = request;
    attempt_start(&logon->attempt, tenant ? tenant->id : "", name, &request->peer);
    return logon;
}

static void log_on(struct services *services, struct request *request, struct admin_logon_request *body)
{
    const struct tenant *tenant = state_tenant(services->state, body->tenant);
    struct admin_logon *logon = logon_new(services, request, tenant, body->name);
    int64_t wait_ms = 0;
    TEXT_PUT(logon->name, body->name);
    bool fits = secret_set(&logon->password, body->password, strlen(body->password));
    record_free(admin_logon_request_type.fields, body); // which may have to wait for the directory
    if (!fits || attempt_must_wait(&logon->attempt, services, &wait_ms)) {
        request_refuse_later(request, wait_ms ? REFUSAL_TOO_MANY_ATTEMPTS : REFUSAL_INVALID, wait_ms);
        admin_logon_free(logon);
    } else if (tenant) {
        proof_look_up(services, tenant, logon->name, looked_up, logon);
    } else {
        proven(logon, AUTH_WRONG, NULL);
    }
}

static void log_on_by_ticket(struct services *services, struct request *request, const char *tenant_id)
{
    const struct tenant *tenant = state_tenant(services->state, tenant_id);
    struct fault why;
    char principal[DN_SIZE];
    if (!tenant || !services->auth.accept_ticket(services->auth.self, tenant, request->negotiate, request->binding,
                                                 principal, request->negotiate_reply, NEGOTIATE_REPLY_SIZE, &why)) {
        request_refuse(request, REFUSAL_TICKET_REJECTED, NULL);
        return;
    }
    struct admin_logon *logon = logon_new(services, request, tenant, principal);
    proof_look_up(services, tenant, principal, proven, logon);
}

void call_admin_logon(struct services *services, struct request *request)
{
    struct admin_logon_request *body = request->body;
    if (body->token[0])
        log_on_first(services, request, body->token);
    else if (request->negotiate)
        log_on_by_ticket(services, request, body->tenant);
    else
        log_on(services, request, body);
}

void call_admin_logoff(struct services *services, struct request *request)
{
    if (!request->peer.by_certificate) // whose id may be a member's user name, too
        admin_sessions_remove(services->admin_sessions, &request->peer);
    request_answer(request, NULL);
}
