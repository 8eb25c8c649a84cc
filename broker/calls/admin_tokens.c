// SPDX-License-Identifier: EUPL-1.2
// Who is logged on to administer: lists the tokens, and ends one. None is ever shown.
#include "broker/api/method.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_sessions.h"
#include "broker/calls/services.h"

#include <stdio.h>

// The first administrator's are of no tenant, whatever their id begins with: the district sees them.
static bool can_see(const struct services *services, const struct peer *caller, const struct admin_session *session)
{
    return wall_can_see(services->state, caller, NOUN_TENANT, session->peer->tenant);
}

void call_tokens(struct services *services, struct request *request)
{
    struct tokens_answer answer = {0};
    struct admin_session session;
    for (size_t at = 0; admin_sessions_next(services->admin_sessions, &at, clock_wall_ms(), &session);) {
        if (!can_see(services, &request->peer, &session))
            continue;
        struct token_answer *token = record_add(&answer.items, &token_answer_type);
        TEXT_PUT(token->id, session.id);
        TEXT_PUT(token->administrator, session.peer->id);
        TEXT_PUT(token->from, session.peer->address);
        token->since_ms = session.since_ms;
        token->until_ms = session.until_ms;
        token->confirmed_ms = session.proven_ms;
    }
    request_answer(request, &answer);
    record_free(tokens_answer_type.fields, &answer);
}

void call_token_revoke(struct services *services, struct request *request)
{
    struct admin_session session;
    bool found = false;
    for (size_t at = 0; !found && admin_sessions_next(services->admin_sessions, &at, clock_wall_ms(), &session);)
        found = text_equal(session.id, request->id) && can_see(services, &request->peer, &session);
    if (!found) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    struct event event;
    services_event(&event, EVENT_ADMIN_TOKEN_REVOKED, NOUN_NONE, request);
    snprintf(event.why, sizeof event.why, "%s of %s", session.id, session.peer->id);
    admin_sessions_revoke(services->admin_sessions, request->id);
    services_commit_answer(services, request, &event, 1, NULL);
}
