// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/reconcile.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <stdlib.h>

struct comparing {
    const struct report *report;
    int64_t now_ms;
    struct reconciliation *out;
};

static struct event *add_event(struct comparing *comparing, const struct session *session, enum event_type type,
                               const char *why)
{
    struct reconciliation *out = comparing->out;
    mem_reserve(&out->events, &out->event_capacity, out->event_count + 1, sizeof *out->events);
    struct event *event = &out->events[out->event_count++];
    *event = (struct event){.type = type, .noun = NOUN_SESSION};
    snprintf(event->by, sizeof event->by, "host %s", comparing->report->host);
    TEXT_PUT(event->why, why);
    event->record.session = *session;
    event->record.session.changed_ms = comparing->now_ms;
    return event;
}

static void set_state(struct comparing *comparing, const struct session *session, enum session_state state)
{
    enum event_type type = state == SESSION_CONNECTED ? EVENT_SESSION_CONNECTED : EVENT_SESSION_DISCONNECTED;
    add_event(comparing, session, type, "")->record.session.state = state;
}

static void compare_present(struct comparing *comparing, const struct session *session,
                            const struct host_session *there)
{
    int64_t age_ms = session_age_ms(session, comparing->now_ms);
    bool starting = session->state == SESSION_STARTING;
    if (there->connected && session->state != SESSION_CONNECTED && there->fence == session->fence &&
        (starting || age_ms > RECONCILE_FRESH_MS))
        set_state(comparing, session, SESSION_CONNECTED);
    else if (!there->connected && session->state != SESSION_DISCONNECTED &&
             age_ms > (starting ? RECONCILE_LEASE_MS : RECONCILE_FRESH_MS))
        set_state(comparing, session, SESSION_DISCONNECTED);
}

static void compare_absent(struct comparing *comparing, const struct session *session)
{
    static const int64_t patience_ms[] = {
        [SESSION_STARTING] = RECONCILE_LEASE_MS, [SESSION_CONNECTED] = RECONCILE_FRESH_MS};
    bool starting = session->state == SESSION_STARTING;
    int64_t age_ms = session_age_ms(session, comparing->now_ms);
    if (session->state == SESSION_DISCONNECTED || age_ms > patience_ms[session->state])
        add_event(comparing, session, EVENT_SESSION_ENDED,
                  starting ? "the desk did not connect in time" : "its host does not have it any more");
}

// What the broker has ended while the host was away, or what its person has anew elsewhere.
static void log_off(struct comparing *comparing, const struct host_session *there)
{
    struct reconciliation *out = comparing->out;
    mem_reserve(&out->orders, &out->order_capacity, out->order_count + 1, sizeof *out->orders);
    struct host_message *message = &out->orders[out->order_count++];
    *message = (struct host_message){.type = HOST_LOG_OFF, .reason = HOST_BECAUSE_SUPERSEDED};
    TEXT_PUT(message->session, there->session);
}

// One that the state does not know is a host's own when its tenant may use that host.
static bool is_foreign(const struct state *state, const char *session_id, const char *host_id)
{
    char tenant_id[SLUG_SIZE];
    const struct session *session = state_session(state, session_id);
    wall_owner(tenant_id, session_id);
    return session ? !text_equal(session->host, host_id) : !wall_may_use(state, tenant_id, NOUN_HOST, host_id);
}

static void look_for_surplus(struct comparing *comparing, const struct state *state)
{
    for (size_t i = 0; i < comparing->report->session_count; i++) {
        const struct host_session *there = &comparing->report->sessions[i];
        if (!there->session[0])
            continue;
        if (is_foreign(state, there->session, comparing->report->host))
            comparing->out->foreign_sessions++;
        else if (!state_session(state, there->session) && !there->unrecorded)
            log_off(comparing, there);
    }
}

void reconcile(const struct state *state, const struct report *report, int64_t now_ms, struct reconciliation *out)
{
    struct comparing comparing = {report, now_ms, out};
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, report->host);
    struct wall_walk walk = wall_walk(state, tenant_id, NOUN_SESSION);
    for (const struct session *session; (session = wall_next(&walk));) {
        if (!text_equal(session->host, report->host))
            continue;
        const struct host_session *there = report_session(report, session->id);
        if (there)
            compare_present(&comparing, session, there);
        else
            compare_absent(&comparing, session);
    }
    look_for_surplus(&comparing, state);
}

void reconciliation_fini(struct reconciliation *out)
{
    free(out->events);
    free(out->orders);
    *out = (struct reconciliation){0};
}
