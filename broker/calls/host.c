// SPDX-License-Identifier: EUPL-1.2
// Taking a host out of service and back; giving a desktop back; messages to its people.
#include "broker/api/method.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/noun.h"

static bool tell(struct services *services, const char *host_id, const char *session_id, const char *text)
{
    struct host_message message = {.type = HOST_MESSAGE, .reason = HOST_BECAUSE_NONE};
    TEXT_PUT(message.session, session_id);
    TEXT_PUT(message.text, text);
    return services_tell_host(services, host_id, &message);
}

static bool change_draining(struct services *services, struct request *request, bool draining, int64_t until_ms,
                            struct event *event, size_t *count)
{
    const struct host *host = state_host(services->state, request->id);
    if (!host) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return false;
    }
    services_event(event, draining ? EVENT_HOST_DRAINED : EVENT_HOST_UNDRAINED, NOUN_HOST, request);
    event->record.host = *host;
    event->record.host.draining = draining;
    event->record.host.drain_until_ms = until_ms;
    noun_etag(request->etag, NOUN_HOST, &event->record);
    *count = host->draining == draining && host->drain_until_ms == until_ms ? 0 : 1;
    return true;
}

void call_drain(struct services *services, struct request *request)
{
    size_t count;
    struct event event;
    const struct drain_request *body = request->body;
    if (body->until_ms && body->until_ms <= commit_now_ms(services->commit)) {
        request_refuse(request, REFUSAL_INVALID, "until: this time is in the past");
        return;
    }
    struct drain_answer answer = {.delivered = body->text[0] && tell(services, request->id, "", body->text)};
    if (!change_draining(services, request, true, body->until_ms, &event, &count))
        return;
    noun_fill_status(&answer.host, services, NOUN_HOST, &event.record);
    services_commit_answer(services, request, &event, count, &answer);
}

void call_undrain(struct services *services, struct request *request)
{
    size_t count;
    struct event event;
    struct host_status answer;
    if (!change_draining(services, request, false, 0, &event, &count))
        return;
    noun_fill_status(&answer, services, NOUN_HOST, &event.record);
    services_commit_answer(services, request, &event, count, &answer);
}

void call_release(struct services *services, struct request *request)
{
    const struct host *host = state_host(services->state, request->id);
    if (!host) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    struct event event;
    services_event(&event, EVENT_HOST_RELEASED, NOUN_HOST, request);
    event.record.host = *host;
    event.record.host.owner[0] = 0;
    struct host_status answer;
    noun_etag(request->etag, NOUN_HOST, &event.record);
    noun_fill_status(&answer, services, NOUN_HOST, &event.record);
    services_commit_answer(services, request, &event, host->owner[0] ? 1 : 0, &answer);
}

// The host that a call about a host or a session is for; NULL, and refused, when there is none.
static const struct host *addressed(struct services *services, struct request *request)
{
    const struct session *session =
        request->method->noun == NOUN_SESSION ? state_session(services->state, request->id) : NULL;
    // A host may bear the id that was given for a session's.
    const char *id = session ? session->host : request->method->noun == NOUN_HOST ? request->id : "";
    const struct host *host = state_host(services->state, id);
    if (!host)
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
    return host;
}

static void answer_sent(struct request *request, bool sent)
{
    if (sent)
        request_answer(request, NULL);
    else
        request_refuse(request, REFUSAL_CONFLICT, "the host has no agent, or its agent does not answer");
}

void call_message(struct services *services, struct request *request)
{
    const struct message_request *body = request->body;
    const struct host *host = addressed(services, request);
    if (host)
        answer_sent(request,
                    tell(services, host->id, request->method->noun == NOUN_SESSION ? request->id : "", body->text));
}

void call_lock(struct services *services, struct request *request)
{
    const struct host *host = addressed(services, request);
    struct host_message message = {.type = HOST_DISCONNECT, .reason = HOST_BECAUSE_ADMIN};
    if (!host)
        return; // refused, and the request is gone with that
    TEXT_PUT(message.session, request->id);
    if (!services_tell_host(services, host->id, &message)) {
        answer_sent(request, false);
        return;
    }
    const struct session *session = state_session(services->state, request->id);
    device_tell(services, session, DEVICE_LOCK, HOST_BECAUSE_ADMIN);
    struct event event;
    char by[ACTOR_SIZE];
    services_actor(by, request);
    session_change(session, SESSION_ADMIN_LOCKS, by, commit_now_ms(services->commit), &event);
    services_commit_answer(services, request, &event, 1, NULL);
}
