// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/reconcile.h"
#include "broker/base/text.h"
#include "broker/core/session.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct comparing {
    const struct report *report;
    struct session_ages ages;
    struct reconciliation *out;
};

// What a host says of its session may be old: then there is no event.
static void happens(struct comparing *comparing, const struct session *session, enum session_happening what)
{
    struct reconciliation *out = comparing->out;
    if (!session_may((enum session_state)session->state, what))
        return;
    char by[ACTOR_SIZE];
    snprintf(by, sizeof by, "host %s", comparing->report->host);
    mem_reserve(&out->events, &out->event_capacity, out->event_count + 1, sizeof *out->events);
    session_change(session, what, by, comparing->ages.now_ms, &out->events[out->event_count++]);
}

static void compare_present(struct comparing *comparing, const struct session *session,
                            const struct host_session *there)
{
    int64_t age_ms = session_silent_ms(session, &comparing->ages);
    bool starting = session->state == SESSION_STARTING;
    if (starting && there->starting)
        return; // the host says what becomes of it
    if (there->connected && there->fence == session->fence && (starting || age_ms > RECONCILE_FRESH_MS))
        happens(comparing, session, SESSION_HOST_CONNECTS);
    else if (!there->connected && age_ms > (starting ? RECONCILE_LEASE_MS : RECONCILE_FRESH_MS))
        happens(comparing, session, SESSION_HOST_DISCONNECTS);
}

static void compare_absent(struct comparing *comparing, const struct session *session)
{
    static const int64_t patience_ms[] = {
        [SESSION_STARTING] = RECONCILE_LEASE_MS, [SESSION_CONNECTED] = RECONCILE_FRESH_MS, [SESSION_DISCONNECTED] = -1};
    bool starting = session->state == SESSION_STARTING;
    if (session_silent_ms(session, &comparing->ages) > patience_ms[session->state])
        happens(comparing, session, starting ? SESSION_START_EXPIRES : SESSION_HOST_ENDS);
}

// What the broker has ended while the host was away, or what its person has anew elsewhere.
static void order(struct comparing *comparing, const struct host_session *there, enum host_message_type type)
{
    struct reconciliation *out = comparing->out;
    mem_reserve(&out->orders, &out->order_capacity, out->order_count + 1, sizeof *out->orders);
    struct host_message *message = &out->orders[out->order_count++];
    *message = (struct host_message){.type = type, .reason = HOST_BECAUSE_SUPERSEDED};
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
        bool foreign = there->session[0] && is_foreign(state, there->session, comparing->report->host);
        comparing->out->foreign_sessions += foreign;
        if (!there->session[0] || foreign || state_session(state, there->session) || there->unrecorded)
            continue;
        order(comparing, there, there->connected ? HOST_MESSAGE : HOST_LOG_OFF);
        comparing->out->surplus_shown += there->connected;
    }
}

void reconcile(const struct state *state, const struct report *report, const struct session_ages *ages,
               struct reconciliation *out)
{
    struct comparing comparing = {report, *ages, out};
    struct session_walk walk = state_sessions_of(state, SESSIONS_OF_HOST, report->host);
    for (const struct session *session; (session = state_next_session(&walk));) {
        const struct host_session *there = report_session(report, session->id);
        if (there)
            compare_present(&comparing, session, there);
        else
            compare_absent(&comparing, session);
    }
    look_for_surplus(&comparing, state);
    assert(out->order_count + out->foreign_sessions <= report->session_count);
}

void reconciliation_fini(struct reconciliation *out)
{
    free(out->events);
    free(out->orders);
    *out = (struct reconciliation){0};
}
