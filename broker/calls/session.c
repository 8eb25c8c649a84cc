// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/session.h"
#include "broker/api/method.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/host_password.h"

#include <stdio.h>
#include <string.h>

enum { LEASE_MS = 120 * 1000 };

void session_tell_desk(struct world *world, const struct session *session, enum link_type type,
                       enum host_reason because)
{
    struct link_message message = {.type = type, .fence = session->fence, .because = because};
    TEXT_PUT(message.session, session->id);
    world->links.send(world->links.self, session->device, &message);
}

void call_session_end(struct world *world, struct call *call)
{
    const struct session *session = state_session(world->state, call->id);
    if (!session) {
        call_refuse(call, REFUSAL_ABSENT, NULL);
        return;
    }
    session_tell_desk(world, session, LINK_END, HOST_BECAUSE_ADMIN);
    struct host_message log_off = {.type = HOST_LOG_OFF, .reason = HOST_BECAUSE_ADMIN};
    TEXT_PUT(log_off.session, session->id);
    // A host that is away is told when it comes back: it then reports a session that the broker has ended.
    world->host_links.send(world->host_links.self, session->host, &log_off);
    struct event event;
    world_event(&event, EVENT_SESSION_ENDED, NOUN_SESSION, call);
    TEXT_PUT(event.record.id, session->id);
    TEXT_PUT(event.why, "ended by an administrator");
    world_commit_answer(world, call, &event, 1, json_object_new_object());
}

static void commit_report(struct world *world, struct event *event)
{
    struct fault why;
    if (!commit_events(world->commit, event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("session", "%s: report not kept: %s", event->record.id, why.text);
}

// A desk that could not reach the host of its session knows before the next probe does.
static void doubt_host(struct world *world, const char *device_id, const struct link_message *message)
{
    const struct session *session = state_session(world->state, message->session);
    if (!session || !text_equal(session->device, device_id) || session->fence != message->fence)
        return;
    world->health.doubt(world->health.arg, session->host);
    reports_failed(&world->reports, session->host, clock_steady_ms());
}

// A desk that was switched off shows nothing of what it showed before.
static void let_go_of_others(struct world *world, const char *device_id, const char *shown)
{
    char prefix[SLUG_SIZE + 1], tenant[SLUG_SIZE];
    id_tenant(tenant, device_id);
    snprintf(prefix, sizeof prefix, "%s/", tenant);
    const struct session *session;
    for (size_t i = state_first(world->state, NOUN_SESSION, prefix);
         (session = state_at(world->state, NOUN_SESSION, prefix, i)); i++) {
        struct event event;
        if (session->state == SESSION_CONNECTED && text_equal(session->device, device_id) &&
            !text_equal(session->id, shown) &&
            session_report(world->state, session->id, device_id, session->fence, "disconnected",
                           commit_now_ms(world->commit), &event))
            commit_report(world, &event);
    }
}

// After the link came up again: the desk says what it shows, or that it shows nothing.
static void hello(struct world *world, const char *device_id, const struct link_message *message)
{
    struct event event;
    const struct session *session = state_session(world->state, message->session);
    let_go_of_others(world, device_id, message->session);
    // A journal from a backup cannot know of it: as with hosts, it is left alone.
    if (message->fence > (int64_t)commit_last_seq(world->commit) ||
        (!session && reports_unrecorded(&world->reports, message->session)))
        return;
    if (!session && message->session[0]) {
        struct link_message end = {.type = LINK_END, .fence = message->fence};
        TEXT_PUT(end.session, message->session);
        world->links.send(world->links.self, device_id, &end);
        return;
    }
    if (session && (!text_equal(session->device, device_id) || session->fence != message->fence)) {
        struct link_message moved = {.type = LINK_MOVED, .fence = session->fence};
        const struct device *device = state_device(world->state, session->device);
        TEXT_PUT(moved.session, session->id);
        text_cut(moved.place, sizeof moved.place, device && device->room[0] ? device->room : session->device);
        world->links.send(world->links.self, device_id, &moved);
        return;
    }
    if (session && session_report(world->state, session->id, device_id, message->fence, "connected",
                                  commit_now_ms(world->commit), &event))
        commit_report(world, &event);
}

// After a break of the line: the password that opened the session works no second time.
static void renew(struct world *world, const char *device_id, const struct link_message *message)
{
    const struct session *session = state_session(world->state, message->session);
    struct link_message answer = {.type = LINK_PASSWORD, .fence = message->fence};
    TEXT_PUT(answer.session, message->session);
    const struct store_person *person = session ? people_find(&world->people, session->person) : NULL;
    bool theirs = session && text_equal(session->device, device_id) && session->fence == message->fence;
    if (theirs && person && !host_password(world, session, person->login, answer.password))
        log_error("session", "%s: no one-time password can be made", session->id);
    world->links.send(world->links.self, device_id, &answer);
    explicit_bzero(answer.password, sizeof answer.password);
}

void session_message(struct world *world, const char *device_id, const struct link_message *message)
{
    struct event event;
    if (message->type == LINK_HELLO) {
        hello(world, device_id, message);
        return;
    }
    if (message->type == LINK_RENEW)
        renew(world, device_id, message);
    if (message->type != LINK_STATE)
        return;
    if (text_equal(message->state, "failed"))
        doubt_host(world, device_id, message);
    if (session_report(world->state, message->session, device_id, message->fence, message->state,
                       commit_now_ms(world->commit), &event)) {
        text_cut(event.why, NAME_SIZE, message->reason);
        commit_report(world, &event);
    }
}

void session_sweep(struct world *world)
{
    struct event event;
    for (int i = 0; i < 1000 && session_overdue(world->state, commit_now_ms(world->commit), LEASE_MS, &event); i++) {
        struct fault why;
        if (!commit_events(world->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            return;
    }
}
