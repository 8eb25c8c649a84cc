// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/device_messages.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/host_password.h"
#include "broker/calls/own_orders.h"

#include <stdio.h>
#include <string.h>

enum { LEASE_MS = 120 * 1000 };

static enum channel_reason channel_reason_of(enum device_message_type type, enum host_reason reason)
{
    if (reason == HOST_BECAUSE_NO_DESKTOP)
        return CHANNEL_HOST_UNREACHABLE;
    if (type == DEVICE_LOCK)
        return reason == HOST_BECAUSE_IDLE ? CHANNEL_IDLE : CHANNEL_LOCKED;
    return type == DEVICE_END ? CHANNEL_SESSION_ENDED : CHANNEL_REASON_NONE;
}

void device_tell(struct services *services, const struct session *session, enum device_message_type type,
                 enum host_reason reason)
{
    struct device_message message = {.type = type, .fence = session->fence, .reason = reason};
    enum channel_reason close = channel_reason_of(type, reason);
    TEXT_PUT(message.session, session->id);
    services_tell_device(services, session->device, &message);
    if (close != CHANNEL_REASON_NONE)
        gateway_close_session(services, session->id, close);
}

void device_tell_name(struct services *services, const char *device_id)
{
    const struct device *device = state_device(services->state, device_id);
    struct device_message message = {.type = DEVICE_DESK};
    if (!device)
        return;
    const struct site *site = device->site[0] ? state_find(services->state, NOUN_SITE, device->site) : NULL;
    const char *name = strchr(device_id, '/');
    const char *room = device->room[0] ? device->room : name ? name + 1 : device_id;
    owned(text) struct text place = {0};
    if (site && site->name[0])
        text_addf(&place, "%s, ", site->name);
    text_adds(&place, room);
    text_cut(message.place, sizeof message.place, place.bytes);
    services_tell_device(services, device_id, &message);
}

void call_session_end(struct services *services, struct request *request)
{
    const struct session *session = state_session(services->state, request->id);
    if (!session) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    device_tell(services, session, DEVICE_END, HOST_BECAUSE_ADMIN);
    struct host_message log_off = {.type = HOST_LOG_OFF, .reason = HOST_BECAUSE_ADMIN};
    TEXT_PUT(log_off.session, session->id);
    // A host that is away is told when it comes back: it then reports a session that the broker has ended.
    services_tell_host(services, session->host, &log_off);
    struct event event;
    char by[ACTOR_SIZE];
    services_actor(by, request);
    session_change(session, SESSION_ADMIN_ENDS, by, commit_now_ms(services->commit), &event);
    services_commit_answer(services, request, &event, 1, NULL);
}

static void commit_report(struct services *services, struct event *event)
{
    struct fault why;
    if (!commit_events(services->commit, event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("session", "%s: report not recorded: %s", event->record.id, why.text);
}

// A desk that could not reach the host of its session knows before the next probe does.
static void doubt_host(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = state_session(services->state, message->session);
    if (!session || !text_equal(session->device, device_id) || session->fence != message->fence)
        return;
    services->health.probe_now(services->health.arg, session->host);
    reports_failed(&services->reports, session->host, session->id, clock_steady_ms());
}

static void write_word(void *arg, const struct desk_word *word)
{
    struct services *services = arg;
    struct event event;
    if (!session_report(services->state, word->session, word->device, word->fence, word->report,
                        commit_now_ms(services->commit), &event))
        return;
    if (word->detail[0])
        text_cut(event.why, NAME_SIZE, word->detail);
    commit_report(services, &event);
}

// Its host tells the same within seconds, and is right.
static bool host_tells(const struct services *services, const char *session_id)
{
    const struct session *session = state_session(services->state, session_id);
    return session && report_is_fresh(&services->reports, session->host, clock_steady_ms());
}

// What it says again and again is not written again and again.
static void hear_word(struct services *services, const struct session *session, const char *device_id, int64_t fence,
                      enum desk_report report, const char *detail)
{
    struct event event;
    struct desk_word word = {.fence = fence, .report = report};
    TEXT_PUT(word.session, session->id);
    TEXT_PUT(word.device, device_id);
    text_cut(word.detail, sizeof word.detail, detail);
    bool changes = session_report(services->state, word.session, device_id, fence, report,
                                  commit_now_ms(services->commit), &event);
    bool is_its = text_equal(session->device, device_id) && session->fence == fence;
    if (!changes && is_its)
        calm_forget(&services->calm, word.session);
    else if (!changes)
        return;
    else if (event.type == EVENT_SESSION_ENDED || calm_take(&services->calm, &word, clock_steady_ms()))
        write_word(services, &word);
    else if (!host_tells(services, word.session))
        calm_keep(&services->calm, &word);
}

// A desk that was switched off shows nothing of what it showed before.
static void let_go_of_others(struct services *services, const char *device_id, const char *shown)
{
    struct session_walk walk = state_sessions_of(services->state, SESSIONS_OF_DEVICE, device_id);
    for (const struct session *session; (session = state_next_session(&walk));)
        if (session->state == SESSION_CONNECTED && !text_equal(session->id, shown))
            hear_word(services, session, device_id, session->fence, DESK_REPORTS_DISCONNECTED, "");
}

// The session that a desk speaks of. One whose tenant may not use the desk is as good as none: what becomes of it, and
// where, is nobody's business there. The one that it shows goes on when a grant ends.
static const struct session *session_of(const struct state *state, const char *session_id, const char *device_id)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, session_id);
    const struct session *session = state_session(state, session_id);
    bool shown = session && text_equal(session->device, device_id);
    return shown || wall_may_use(state, tenant_id, NOUN_DEVICE, device_id) ? session : NULL;
}

// Its announcement was lost with the link, or is still to come.
static void announce_again(struct services *services, const struct session *session)
{
    const struct host_session *there = report_session(reports_find(&services->reports, session->host), session->id);
    if (there && there->connected && !there->starting && there->fence == session->fence)
        device_tell(services, session, DEVICE_DESKTOP, HOST_BECAUSE_NONE);
}

// After the link came up again: the desk says what it shows, or that it shows nothing.
static void hear_what_is_shown(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = session_of(services->state, message->session, device_id);
    let_go_of_others(services, device_id, message->session);
    // A journal from a backup cannot know of it: as with hosts, it is left alone.
    if (message->fence > (int64_t)commit_last_seq(services->commit) ||
        (!session && reports_unrecorded(&services->reports, message->session)))
        return;
    if (!session && message->session[0]) {
        struct device_message end = {.type = DEVICE_END, .fence = message->fence};
        TEXT_PUT(end.session, message->session);
        services_tell_device(services, device_id, &end);
        return;
    }
    if (session && (!text_equal(session->device, device_id) || session->fence != message->fence)) {
        struct device_message moved = {.type = DEVICE_MOVED, .fence = session->fence};
        const struct device *device = state_device(services->state, session->device);
        TEXT_PUT(moved.session, session->id);
        text_cut(moved.place, sizeof moved.place, device && device->room[0] ? device->room : session->device);
        services_tell_device(services, device_id, &moved);
        return;
    }
    if (session && message->state == DESK_REPORTS_NOTHING) {
        announce_again(services, session);
        return;
    }
    // While a desk mends its line to the host it has the session, and shows it to nobody.
    bool mends = message->state == DESK_REPORTS_DISCONNECTED;
    if (session)
        hear_word(services, session, device_id, message->fence,
                  mends ? DESK_REPORTS_DISCONNECTED : DESK_REPORTS_CONNECTED, "");
}

// After a break of the line: the password that opened the session works no second time.
static void renew(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = state_session(services->state, message->session);
    struct device_message answer = {.type = DEVICE_PASSWORD, .fence = message->fence};
    TEXT_PUT(answer.session, message->session);
    const struct store_person *person = session ? people_find(&services->people, session->person) : NULL;
    bool theirs = session && text_equal(session->device, device_id) && session->fence == message->fence;
    char user_name[USER_NAME_SIZE]; // as the desk has it from the logon
    text_put(user_name, sizeof user_name, person ? person->user_name : "");
    if (theirs && person &&
        (!session_user_name(services->state, session, user_name) ||
         !host_password(services, session, true, user_name, answer.password)))
        log_error("session", "%s: cannot create a one-time password", session->id);
    // From outside each is a channel in the journal, as a logon is.
    if (theirs && message->wants_channel &&
        calm_take_logon(&services->calm, device_id, session->person, clock_steady_ms()))
        gateway_offer(services, session, CHANNEL_PLAIN, "", 0, answer.channel);
    services_tell_device(services, device_id, &answer);
    explicit_bzero(answer.password, sizeof answer.password);
    explicit_bzero(answer.channel, sizeof answer.channel);
}

// It is before its person now, or still.
static void tell_of_jobs(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = state_session(services->state, message->session);
    if (session && message->state == DESK_REPORTS_CONNECTED && text_equal(session->device, device_id) &&
        session->fence == message->fence)
        own_orders_notices(services, session);
}

void device_message(struct services *services, const char *device_id, const struct device_message *message)
{
    const struct session *session = state_session(services->state, message->session);
    if (message->type == DEVICE_SHOWING) {
        hear_what_is_shown(services, device_id, message);
        tell_of_jobs(services, device_id, message);
        return;
    }
    if (message->type == DEVICE_RENEW)
        renew(services, device_id, message);
    if (message->type == DEVICE_NOTICED || message->type == DEVICE_JOBS || message->type == DEVICE_RELEASE ||
        message->type == DEVICE_CANCEL)
        own_orders_message(services, device_id, message);
    if (message->type != DEVICE_STATE)
        return;
    if (message->state == DESK_REPORTS_FAILED)
        doubt_host(services, device_id, message);
    if (session)
        hear_word(services, session, device_id, message->fence, (enum desk_report)message->state, message->detail);
    tell_of_jobs(services, device_id, message);
}

void device_sweep(struct services *services)
{
    struct event event = {.record.id = ""};
    calm_sweep(&services->calm, clock_steady_ms(), write_word, services);
    struct session_ages ages = services_ages(services);
    while (session_overdue(services->state, event.record.id, &ages, LEASE_MS, &event)) {
        struct fault why;
        if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            return;
    }
}
