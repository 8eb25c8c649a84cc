// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/admin_rights.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/proof.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { QUESTIONS_MAX = 20 }; // at a time: each is a question to a directory

struct question {
    struct services *services;
    char tenant[SLUG_SIZE], peer_id[ID_SIZE];
    int64_t asked_ms; // wall
};

bool admin_rights_hold(const struct services *services, const struct tenant *tenant, const struct identity *identity)
{
    assert(identity);
    struct membership who = services_membership(services, NULL, identity);
    return tenant && tenant->admin_group[0] && membership_has(&who, tenant->id, tenant->admin_group);
}

void admin_rights_by_certificate(const struct state *state, const struct administrator *administrator,
                                 struct peer *peer)
{
    wall_owner(peer->tenant, administrator->id);
    const struct tenant *tenant = state_tenant(state, peer->tenant);
    peer->role = tenant && tenant->district ? ROLE_DISTRICT : ROLE_ADMIN;
    peer->by_certificate = true;
    TEXT_PUT(peer->id, administrator->id);
    TEXT_PUT(peer->certificate, administrator->certificate);
}

static bool prove_again(const struct services *services, struct peer *peer)
{
    const struct administrator *administrator = NULL;
    if (!peer->by_certificate)
        return !peer->token[0] ||
               admin_sessions_prove_again(services->admin_sessions, services->state, clock_wall_ms(), peer);
    administrator = state_administrator_by(services->state, peer->certificate);
    if (administrator)
        admin_rights_by_certificate(services->state, administrator, peer);
    return administrator;
}

bool admin_rights_refuse(const struct services *services, struct request *request)
{
    enum refusal refusal = prove_again(services, &request->peer)
                               ? wall_authorize(services->state, request->method, &request->peer, request->id)
                               : REFUSAL_UNAUTHENTICATED;
    if (refusal != REFUSAL_NONE)
        request_refuse(request, refusal, NULL);
    return refusal != REFUSAL_NONE;
}

static void record_end(struct services *services, const char *peer_id)
{
    struct fault why;
    struct event event = {.type = EVENT_ADMIN_TOKEN_REVOKED, .noun = NOUN_NONE, .by = "broker"};
    snprintf(event.why, sizeof event.why, "%s does not administer the tenant any more", peer_id);
    log_info("admin", "%s", event.why);
    if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("admin", "not recorded: %s", why.text);
}

static void answered(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    struct question *question = arg;
    struct services *services = question->services;
    const struct tenant *tenant = state_tenant(services->state, question->tenant);
    bool holds = verdict == AUTH_RIGHT && admin_rights_hold(services, tenant, identity);
    // A directory that is away has not said no.
    if (verdict != AUTH_UNAVAILABLE && admin_sessions_answered(services->admin_sessions, question->peer_id,
                                                               holds ? identity->key : "", question->asked_ms))
        record_end(services, question->peer_id);
    free(question);
}

void admin_rights_sweep(struct services *services)
{
    struct admin_session session;
    int64_t now_ms = clock_wall_ms();
    for (int i = 0; i < QUESTIONS_MAX && admin_sessions_due(services->admin_sessions, now_ms, &session); i++) {
        const struct tenant *tenant = state_tenant(services->state, session.peer->tenant);
        if (!tenant)
            continue;
        struct question *question = mem_new(1, sizeof *question);
        *question = (struct question){.services = services, .asked_ms = now_ms};
        TEXT_PUT(question->tenant, tenant->id);
        TEXT_PUT(question->peer_id, session.peer->id);
        proof_look_up(services, tenant, session.user_name, answered, question);
    }
}
