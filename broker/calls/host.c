// SPDX-License-Identifier: EUPL-1.2
// Taking a host out of service and back; giving a desktop back; messages to its people.
#include "broker/api/method.h"
#include "broker/calls/noun.h"
#include "broker/calls/session.h"

static bool tell(struct world *world, const char *host_id, const char *session_id, const char *text)
{
    struct host_message message = {.type = HOST_TELL, .reason = HOST_BECAUSE_NONE};
    TEXT_PUT(message.session, session_id);
    TEXT_PUT(message.text, text);
    return world->host_links.send(world->host_links.self, host_id, &message);
}

// `told`: whether the people there were told; NULL when nothing was to be told.
static void set_draining(struct world *world, struct call *call, bool draining, int64_t until_ms, const bool *told)
{
    const struct host *host = state_host(world->state, call->id);
    if (!host) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    struct event event;
    world_event(&event, draining ? EVENT_HOST_DRAINED : EVENT_HOST_UNDRAINED, NOUN_HOST, call);
    event.record.host = *host;
    event.record.host.draining = draining;
    event.record.host.drain_until_ms = until_ms;
    noun_etag(call->etag, NOUN_HOST, &event.record);
    size_t count = host->draining == draining && host->drain_until_ms == until_ms ? 0 : 1;
    json_object *answer = noun_view(world, NOUN_HOST, &event.record);
    if (told)
        json_object_object_add(answer, "told", json_object_new_boolean(*told));
    world_commit_answer(world, call, &event, count, answer);
}

void call_drain(struct world *world, struct call *call)
{
    struct fault why;
    struct drain_request request;
    if (!codec_read(drain_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    if (request.until_ms && request.until_ms <= commit_now_ms(world->commit)) {
        call_refuse(call, REFUSAL_INVALID, "until: this time is over");
        return;
    }
    bool told = request.text[0] && tell(world, call->id, "", request.text);
    set_draining(world, call, true, request.until_ms, request.text[0] ? &told : NULL);
}

void call_undrain(struct world *world, struct call *call)
{
    set_draining(world, call, false, 0, NULL);
}

void call_release(struct world *world, struct call *call)
{
    const struct host *host = state_host(world->state, call->id);
    if (!host) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    struct event event;
    world_event(&event, EVENT_HOST_RELEASED, NOUN_HOST, call);
    event.record.host = *host;
    event.record.host.owner[0] = 0;
    noun_etag(call->etag, NOUN_HOST, &event.record);
    world_commit_answer(world, call, &event, host->owner[0] ? 1 : 0, noun_view(world, NOUN_HOST, &event.record));
}

// The host that a call about a host or a session is for; NULL, and refused, when there is none.
static const struct host *addressed(struct world *world, struct call *call)
{
    const struct session *session = call->method->noun == NOUN_SESSION ? state_session(world->state, call->id) : NULL;
    const struct host *host = state_host(world->state, session ? session->host : call->id);
    if (!host)
        call_refuse(call, REFUSAL_ABSENT, NULL);
    return host;
}

static void answer_sent(struct call *call, bool sent)
{
    if (sent)
        call_answer(call, json_object_new_object());
    else
        call_refuse(call, REFUSAL_CONFLICT, "the host has no agent, or its agent does not answer");
}

void call_tell(struct world *world, struct call *call)
{
    struct fault why;
    struct tell_request request;
    if (!codec_read(tell_request_fields, sizeof request, CODEC_CHANGE, call->body, &request, &why)) {
        call_refuse_fault(call, &why);
        return;
    }
    const struct host *host = addressed(world, call);
    if (host)
        answer_sent(call, tell(world, host->id, call->method->noun == NOUN_SESSION ? call->id : "", request.text));
}

void call_lock(struct world *world, struct call *call)
{
    const struct host *host = addressed(world, call);
    struct host_message message = {.type = HOST_DISCONNECT, .reason = HOST_BECAUSE_ADMIN};
    TEXT_PUT(message.session, call->id);
    if (!host)
        return;
    if (!world->host_links.send(world->host_links.self, host->id, &message)) {
        answer_sent(call, false);
        return;
    }
    const struct session *session = state_session(world->state, call->id);
    session_tell_desk(world, session, LINK_LOCK, HOST_BECAUSE_ADMIN);
    struct event event;
    world_event(&event, EVENT_SESSION_LOCKED, NOUN_SESSION, call);
    event.record.session = *session;
    world_commit_answer(world, call, &event, 1, json_object_new_object());
}
