// SPDX-License-Identifier: EUPL-1.2
// Grants: asked for, approved by each side, revoked by either, ended by their time.
#include "broker/core/grant.h"
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/noun.h"
#include "broker/core/approval.h"

#include <stdio.h>

static void answer_changed(struct services *services, struct request *request, struct event *event)
{
    struct grant_status status;
    noun_fill_status(&status, services, NOUN_GRANT, &event->record);
    services_commit_answer(services, request, event, 1, &status);
    noun_changed(services, NOUN_GRANT, event->record.id);
}

static void name_grant(struct grant *grant, const struct state *state)
{
    do {
        char name[SLUG_SIZE] = "g-";
        services_random_hex(name + 2, 4);
        id_beside(grant->id, grant_thing(grant, grant_noun(grant)), name);
    } while (state_find(state, NOUN_GRANT, grant->id));
}

// Whoever speaks for neither side may ask for nothing, but the district: then both sides are still to approve.
static bool may_ask(const struct request *request, const struct grant_request *body, enum grant_side side,
                    struct fault *why)
{
    if (side != GRANT_NO_SIDE)
        return true;
    if (body->tenant[0] || request->peer.role != ROLE_DISTRICT)
        return fault_set(why, FAULT_ABSENT, "you administer neither side of this grant");
    return true;
}

void call_grant_request(struct services *services, struct request *request)
{
    struct event event;
    struct fault why;
    const struct grant_request *body = request->body;
    int64_t now_ms = commit_now_ms(services->commit);
    services_event(&event, EVENT_GRANT_REQUESTED, NOUN_GRANT, request);
    struct grant *grant = &event.record.grant;
    *grant = body->grant;
    bool good = approval_check(grant, now_ms, &why);
    enum grant_side side = good ? wall_grant_side(&request->peer, grant, body->tenant) : GRANT_NO_SIDE;
    good = good && may_ask(request, body, side, &why) && approval_fits(services->state, grant, side, &why);
    if (good) {
        name_grant(grant, services->state);
        TEXT_PUT(grant->requested_by, request->peer.id);
        grant->requested_ms = now_ms;
    }
    if (good && side != GRANT_NO_SIDE)
        good = approval_give(services->state, grant, side, request->peer.id, now_ms, &why);
    if (good)
        answer_changed(services, request, &event);
    else
        request_refuse_fault(request, &why);
}

void call_grant_approve(struct services *services, struct request *request)
{
    struct event event;
    struct fault why;
    const struct grant_approve_request *body = request->body;
    const struct grant *grant = state_find(services->state, NOUN_GRANT, request->id);
    if (!grant) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    services_event(&event, EVENT_GRANT_APPROVED, NOUN_GRANT, request);
    event.record.grant = *grant;
    enum grant_side side = wall_grant_side(&request->peer, grant, body->tenant);
    bool good = side != GRANT_NO_SIDE ||
                fault_set(&why, FAULT_INVALID, "tenant: say for which side, the giver's or the receiver's");
    good = good && approval_give(services->state, &event.record.grant, side, request->peer.id,
                                 commit_now_ms(services->commit), &why);
    if (!good) {
        request_refuse_fault(request, &why);
        return;
    }
    snprintf(event.why, sizeof event.why, "for the %s%s", side == GRANT_GIVER ? "giver" : "receiver",
             event.record.grant.since_ms > grant->since_ms ? "; both sides have approved it" : "");
    answer_changed(services, request, &event);
}

void call_grant_revoke(struct services *services, struct request *request)
{
    struct event event;
    const struct grant *grant = state_find(services->state, NOUN_GRANT, request->id);
    if (!grant) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    services_event(&event, EVENT_GRANT_REVOKED, NOUN_GRANT, request);
    event.record.grant = *grant;
    services_commit_answer(services, request, &event, 1, NULL);
    noun_changed(services, NOUN_GRANT, event.record.id);
}

// Once of each end, and again by a broker that was started since.
static void warn_of_ends(struct services *services, int64_t now_ms)
{
    int64_t before_ms = services->grants_looked_ms;
    const struct sorted_table *grants = state_table(services->state, NOUN_GRANT);
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = grants->records[i];
        if (!grant_ends_soon(grant, now_ms) || (grant_ends_soon(grant, before_ms) && grant->since_ms <= before_ms))
            continue;
        char when[CLOCK_TEXT_SIZE];
        clock_text(when, grant_end_ms(grant));
        log_warn("grant", "%s, by which %s uses %s, ends at %s%s", grant->id, grant->to,
                 grant_thing(grant, grant_noun(grant)), when, grant->review_ms ? " unless both sides confirm it" : "");
    }
    services->grants_looked_ms = now_ms;
}

void grant_sweep(struct services *services)
{
    warn_of_ends(services, commit_now_ms(services->commit));
    struct event event = {.record.id = ""};
    struct fault why;
    while (grant_overdue(services->state, event.record.id, commit_now_ms(services->commit), &event)) {
        log_info("grant", "%s ended: %s", event.record.id, event.why);
        if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            return;
        noun_changed(services, NOUN_GRANT, event.record.id);
    }
}
