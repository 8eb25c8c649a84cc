// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/host_messages.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/device_messages.h"
#include "broker/calls/host_printing.h"
#include "broker/calls/own_orders.h"
#include "broker/core/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLOCK_SET_MS = 1000 };

// ---- the link

static void send_welcome(struct services *services, const char *host_id)
{
    const struct host *host = state_host(services->state, host_id);
    struct host_message welcome = {.type = HOST_WELCOME, .now_ms = commit_now_ms(services->commit)};
    if (!host || !otp_maker_key(services->otp_maker, host_id, host_enrolment(host), welcome.otp_key))
        log_error("host", "%s: cannot create a key for one-time passwords", host_id);
    services_tell_host(services, host_id, &welcome);
    explicit_bzero(&welcome, sizeof welcome);
}

void host_linked(struct services *services, const char *host_id)
{
    log_info("host", "%s: agent connected", host_id);
    reports_link(&services->reports, host_id, true, clock_steady_ms());
    send_welcome(services, host_id);
}

void host_unlinked(struct services *services, const char *host_id)
{
    log_warn("host", "%s: agent disconnected", host_id);
    if (!state_host(services->state, host_id))
        return; // it was removed
    reports_link(&services->reports, host_id, false, clock_steady_ms());
    services->health.probe_now(services->health.arg, host_id);
}

// ---- reports

// The desk may wait for the desktop, its announcement lost with a link; or say of a session that its programs run.
static void tell_desk(struct services *services, const struct event *event)
{
    const struct session *before = state_session(services->state, event->record.session.id);
    if (event->type == EVENT_SESSION_CONNECTED)
        device_tell(services, &event->record.session, DEVICE_DESKTOP, HOST_BECAUSE_NONE);
    else if (event->type == EVENT_SESSION_ENDED && before && before->state == SESSION_DISCONNECTED)
        device_tell(services, &event->record.session, DEVICE_END, HOST_BECAUSE_NONE);
}

static void commit_all(struct services *services, struct event *events, size_t count)
{
    struct fault why;
    for (size_t i = 0; i < count; i++) {
        const struct event *event = &events[i];
        tell_desk(services, event);
        log_info("session", "%s: %s by %s%s%s", event->record.session.id,
                 session_state_words[event->record.session.state], event->by, event->why[0] ? ": " : "", event->why);
    }
    if (count && !commit_events(services->commit, events, count, NULL, 0, NULL, NULL, &why))
        log_warn("session", "report not recorded, waiting for the next one: %s", why.text);
}

// A message is shown, and so is sent to the desk: should that be gone without a word, the host learns it now.
static void give_surplus_order(struct services *services, const char *host_id, const struct host_message *order,
                               bool tells)
{
    if (order->type == HOST_MESSAGE && !tells)
        return;
    if (order->type == HOST_LOG_OFF)
        log_info("host", "%s: telling it to end %s, which the broker has ended", host_id, order->session);
    services_tell_host(services, host_id, order);
}

static void compare(struct services *services, const char *host_id)
{
    struct reconciliation found = {0};
    struct session_ages ages = services_ages(services);
    reconcile(services->state, reports_find(&services->reports, host_id), &ages, &found);
    bool tells = reports_surplus(&services->reports, host_id, found.surplus_shown);
    if (tells)
        log_info("host",
                 "%s: %zu desktops there are not known here, but somebody works there: left alone until nobody "
                 "does",
                 host_id, found.surplus_shown);
    if (found.foreign_sessions)
        log_warn("host", "%s: ignored %zu reported sessions that are not its own", host_id, found.foreign_sessions);
    commit_all(services, found.events, found.event_count);
    for (size_t i = 0; i < found.order_count; i++)
        give_surplus_order(services, host_id, &found.orders[i], tells);
    reconciliation_fini(&found);
}

static void take_report(struct services *services, const char *host_id, struct host_message *message)
{
    char faults[TRACE_SIZE], warnings[HOST_WARNINGS_SIZE];
    text_one_line(faults, sizeof faults, message->faults);
    TEXT_PUT(message->faults, faults);
    text_one_line(warnings, sizeof warnings, message->warnings);
    TEXT_PUT(message->warnings, warnings);
    const struct report *before = reports_find(&services->reports, host_id);
    if (message->faults[0] && (!before || !text_equal(before->as.faults, message->faults)))
        log_warn("host", "%s: unhealthy, gets no new sessions: %s", host_id, message->faults);
    int64_t last_seq = (int64_t)commit_last_seq(services->commit);
    if (message->fence > last_seq && (!before || before->as.fence <= last_seq))
        log_warn("host",
                 "%s: has seen fencing number %lld, but the journal ends at event %lld, so it was restored from a "
                 "backup: sessions from the time in between are left alone",
                 host_id, (long long)message->fence, (long long)last_seq);
    struct record_list sessions = message->sessions;
    message->sessions = (struct record_list){0};
    reports_take(&services->reports, host_id, message, sessions.rows, sessions.count, last_seq, clock_steady_ms());
    compare(services, host_id);
    host_printing_tell(services, host_id);
    own_orders_reported(services, host_id);
}

// ---- who was let in

static const char *const outcome_sentences[DESKTOP_OUTCOME_COUNT] = {
    [DESKTOP_READY] = "",
    [DESKTOP_NO_SESSION] = "admitted, but the session manager opened no session",
    [DESKTOP_NO_ACCOUNT] = "admitted, but the host does not know the person's account",
    [DESKTOP_NO_SCREEN] = "admitted, but the X server did not start",
    [DESKTOP_NO_WINDOW_MANAGER] = "admitted, but the window manager did not start",
    [DESKTOP_ENDED] = "the desktop ended as soon as it had started",
};

// What goes on is only locked: there was no way to it.
static void end_newcomer(struct services *services, const struct session *session, const struct host_message *message)
{
    enum session_happening what = message->was_running ? SESSION_HOST_DISCONNECTS : SESSION_HOST_ENDS;
    bool ended = message->outcome == DESKTOP_ENDED;
    struct event event;
    struct fault why;
    char by[ACTOR_SIZE];
    device_tell(services, session, message->was_running ? DEVICE_LOCK : DEVICE_END,
                ended ? HOST_BECAUSE_DESKTOP_ENDED : HOST_BECAUSE_NO_DESKTOP);
    if (!session_may((enum session_state)session->state, what))
        return;
    snprintf(by, sizeof by, "host %s", session->host);
    session_change(session, what, by, commit_now_ms(services->commit), &event);
    TEXT_PUT(event.why, outcome_sentences[message->outcome]);
    if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
        log_warn("session", "%s: not recorded: %s", session->id, why.text);
}

// Of a lease that is not the newest nobody needs to know.
static void hear_desktop(struct services *services, const char *host_id, const struct host_message *message)
{
    const struct session *session = state_session(services->state, message->session);
    enum desktop_outcome outcome = (enum desktop_outcome)message->outcome;
    if (!session || !text_equal(session->host, host_id) || session->fence != message->fence)
        return;
    reports_desktop(&services->reports, host_id, session->person, outcome, !message->was_running, clock_steady_ms());
    if (outcome == DESKTOP_READY) {
        device_tell(services, session, DEVICE_DESKTOP, HOST_BECAUSE_NONE);
        return;
    }
    log_warn("session", "%s: no desktop on %s: %s", session->id, host_id, outcome_sentences[outcome]);
    end_newcomer(services, session, message);
}

static void confirm(struct services *services, const char *host_id, const struct host_message *asked)
{
    const struct session *session = state_session(services->state, asked->session);
    struct host_message answer = {.type = HOST_VERIFIED, .request_id = asked->request_id};
    answer.valid = session && text_equal(session->host, host_id) && session->fence == asked->fence;
    services_tell_host(services, host_id, &answer);
}

// Its user name or its account is somebody else's. A host speaks of its own sessions only, and may be late.
static void end_replaced(struct services *services, const char *host_id, const char *session_id, const char *by)
{
    const struct session *session = state_session(services->state, session_id);
    if (!session || !text_equal(session->host, host_id) ||
        !session_may((enum session_state)session->state, SESSION_HOST_REPLACES))
        return;
    struct event event;
    device_tell(services, session, DEVICE_END, HOST_BECAUSE_NAME_REUSED);
    session_change(session, SESSION_HOST_REPLACES, by, commit_now_ms(services->commit), &event);
    commit_all(services, &event, 1);
}

static void take_end(struct services *services, const char *host_id, const struct host_message *message)
{
    char by[ACTOR_SIZE];
    snprintf(by, sizeof by, "host %s", host_id);
    if (message->reason == HOST_BECAUSE_NAME_REUSED)
        end_replaced(services, host_id, message->session, by);
}

bool host_frees_name(struct services *services, const struct session *session, const char *user_name)
{
    const struct report *report = reports_find(&services->reports, session->host);
    for (size_t i = 0; report && report->linked && i < report->session_count; i++) {
        const struct host_session *there = &report->sessions[i];
        if (!there->session[0] || there->unrecorded || !text_equal(there->found_as, user_name) ||
            otp_same_person(there->session, session->id))
            continue;
        struct host_message log_off = {.type = HOST_LOG_OFF, .reason = HOST_BECAUSE_NAME_REUSED};
        TEXT_PUT(log_off.session, there->session);
        services_tell_host(services, session->host, &log_off);
        end_replaced(services, session->host, log_off.session, "broker");
        return true;
    }
    return false;
}

void host_message(struct services *services, const char *host_id, struct host_message *message)
{
    if (message->type == HOST_REPORT)
        take_report(services, host_id, message);
    else if (message->type == HOST_VERIFY)
        confirm(services, host_id, message);
    else if (message->type == HOST_ENDED)
        take_end(services, host_id, message);
    else if (message->type == HOST_DESKTOP)
        hear_desktop(services, host_id, message);
}

// ---- what time does

static void give_order(void *arg, const char *host_id, const struct host_message *message)
{
    struct services *services = arg;
    log_info("limits", "%s: %s", message->session,
             message->type == HOST_MESSAGE   ? "warned"
             : message->type == HOST_LOG_OFF ? "to be logged off"
                                             : "to be locked");
    const struct session *session = state_session(services->state, message->session);
    if (session && message->type != HOST_MESSAGE)
        device_tell(services, session, message->type == HOST_LOG_OFF ? DEVICE_END : DEVICE_LOCK, message->reason);
    services_tell_host(services, host_id, message);
}

static void end_drains(struct services *services, int64_t now_ms)
{
    const struct sorted_table *hosts = state_table(services->state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (!host->draining || !host->drain_until_ms || host->drain_until_ms > now_ms)
            continue;
        struct fault why;
        struct event event = {.type = EVENT_HOST_UNDRAINED, .noun = NOUN_HOST, .by = "broker"};
        event.record.host = *host;
        event.record.host.draining = false;
        event.record.host.drain_until_ms = 0;
        TEXT_PUT(event.why, "its time is over");
        log_info("host", "%s: drain time is over, accepts new sessions again", event.record.host.id);
        if (!commit_events(services->commit, &event, 1, NULL, 0, NULL, NULL, &why))
            return;
    }
}

// One-time passwords end by the broker's clock as the hosts were told it, and a host whose clock is another's is unfit:
// once the broker's is set, they are told anew.
static void follow_clock(struct services *services, int64_t now_ms)
{
    int64_t clock_ms = now_ms - clock_steady_ms(), off_ms = clock_ms - services->clock_ms;
    bool known = services->clock_ms != 0;
    if (known && llabs(off_ms) < CLOCK_SET_MS)
        return;
    services->clock_ms = clock_ms;
    if (!known)
        return;
    log_warn("host", "the clock was changed by %lld ms: telling the hosts", (long long)off_ms);
    const struct sorted_table *hosts = state_table(services->state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++)
        if (services->links.online(services->links.self, NOUN_HOST, hosts->records[i]))
            send_welcome(services, hosts->records[i]);
}

void host_sweep(struct services *services)
{
    int64_t now_ms = commit_now_ms(services->commit);
    follow_clock(services, now_ms);
    struct limits_input input = {
        .state = services->state,
        .reports = &services->reports,
        .now_ms = now_ms,
        .week_minute = clock_week_minute(now_ms),
    };
    limits_sweep(&services->limits, &input, give_order, services);
    end_drains(services, now_ms);
}
