// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/session.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define IN(state) (1U << (state))

enum {
    RUNNING = IN(SESSION_STARTING) | IN(SESSION_CONNECTED) | IN(SESSION_DISCONNECTED),
    AS_IT_IS = SESSION_STATE_COUNT,
};

struct happening_row {
    enum event_type event;
    unsigned from; // states
    int to;        // enum session_state, or AS_IT_IS
    const char *why;
};

static const struct happening_row rows[SESSION_HAPPENING_COUNT] = {
    [SESSION_LOGON_STARTS] = {EVENT_SESSION_STARTED, IN(SESSION_ENDED), SESSION_STARTING, ""},
    [SESSION_LOGON_MOVES] = {EVENT_SESSION_MOVED, RUNNING, SESSION_STARTING, ""},
    [SESSION_LOGON_GIVES_UP] = {EVENT_SESSION_ENDED, RUNNING, SESSION_ENDED, "its host does not answer"},
    [SESSION_DESK_CONNECTS] = {EVENT_SESSION_CONNECTED, RUNNING & ~IN(SESSION_CONNECTED), SESSION_CONNECTED, ""},
    [SESSION_DESK_DISCONNECTS] = {EVENT_SESSION_DISCONNECTED, RUNNING & ~IN(SESSION_DISCONNECTED), SESSION_DISCONNECTED,
                                  ""},
    [SESSION_DESK_ENDS] = {EVENT_SESSION_ENDED, RUNNING, SESSION_ENDED, ""},
    [SESSION_HOST_CONNECTS] = {EVENT_SESSION_CONNECTED, RUNNING & ~IN(SESSION_CONNECTED), SESSION_CONNECTED, ""},
    [SESSION_HOST_DISCONNECTS] = {EVENT_SESSION_DISCONNECTED, RUNNING & ~IN(SESSION_DISCONNECTED), SESSION_DISCONNECTED,
                                  ""},
    [SESSION_HOST_ENDS] = {EVENT_SESSION_ENDED, RUNNING, SESSION_ENDED, "its host does not have it any more"},
    [SESSION_HOST_REPLACES] = {EVENT_SESSION_ENDED, RUNNING, SESSION_ENDED,
                               "its user name or account at the host is somebody else's now"},
    [SESSION_START_EXPIRES] = {EVENT_SESSION_ENDED, IN(SESSION_STARTING), SESSION_ENDED,
                               "the desk did not connect in time"},
    [SESSION_LEASE_EXPIRES] = {EVENT_SESSION_DISCONNECTED, IN(SESSION_STARTING), SESSION_DISCONNECTED,
                               "the desk did not connect in time"},
    [SESSION_ADMIN_LOCKS] = {EVENT_SESSION_LOCKED, RUNNING, AS_IT_IS, ""},
    [SESSION_ADMIN_ENDS] = {EVENT_SESSION_ENDED, RUNNING, SESSION_ENDED, "ended by an administrator"},
};

bool session_may(enum session_state state, enum session_happening what)
{
    return rows[what].from & IN(state);
}

enum session_state session_next(enum session_state state, enum session_happening what)
{
    assert(session_may(state, what));
    return rows[what].to == AS_IT_IS ? state : (enum session_state)rows[what].to;
}

static bool keeps_what_it_is(const struct session *before, const struct session *after, bool moves)
{
    return text_equal(before->person, after->person) && text_equal(before->pool, after->pool) &&
           text_equal(before->host, after->host) && before->started_ms == after->started_ms &&
           (moves ? after->fence > before->fence
                  : after->fence == before->fence && text_equal(before->device, after->device) &&
                        text_equal(before->profile, after->profile));
}

bool session_fits(const struct state *state, const struct event *event)
{
    if (event->noun != NOUN_SESSION)
        return true;
    const struct session *after = &event->record.session, *before = state_session(state, after->id);
    enum session_state from = before ? (enum session_state)before->state : SESSION_ENDED;
    bool follows = false;
    for (enum session_happening what = 0; what < SESSION_HAPPENING_COUNT; what++)
        follows |= rows[what].event == event->type && session_may(from, what) &&
                   session_next(from, what) == (enum session_state)after->state;
    return follows && (!before || keeps_what_it_is(before, after, event->type == EVENT_SESSION_MOVED));
}

int64_t session_age_ms(const struct session *session, int64_t now_ms)
{
    return session->changed_ms <= now_ms ? now_ms - session->changed_ms : INT64_MAX;
}

int64_t session_silent_ms(const struct session *session, const struct session_ages *ages)
{
    int64_t age_ms = session_age_ms(session, ages->now_ms);
    return age_ms < ages->awake_ms ? age_ms : ages->awake_ms;
}

static bool is_among(struct session_walk sessions, const char *id)
{
    for (const struct session *session; (session = state_next_session(&sessions));)
        if (text_equal(session->id, id))
            return true;
    return false;
}

void session_name(char id[ID_SIZE], struct session_walk theirs, uint32_t random_bits)
{
    const char *letter = strchr(theirs.id, '/');
    assert(theirs.owner == SESSIONS_OF_PERSON && letter && letter[1] == 'p');
    int length = snprintf(id, ID_SIZE, "%.*s/s%s-", (int)(letter - theirs.id), theirs.id, letter + 2);
    assert(length + 8 < ID_SIZE);
    do
        snprintf(id + length, 9, "%08x", (unsigned)random_bits++);
    while (is_among(theirs, id));
}

// ---- the events. Only what counts is written: they are large, and made at every logon.

void session_change(const struct session *session, enum session_happening what, const char *by, int64_t now_ms,
                    struct event *event)
{
    event->type = rows[what].event;
    event->noun = NOUN_SESSION;
    event->from[0] = 0;
    TEXT_PUT(event->by, by);
    TEXT_PUT(event->why, rows[what].why);
    event->record.session = *session;
    event->record.session.state = session_next((enum session_state)session->state, what);
    if (rows[what].to != AS_IT_IS)
        event->record.session.changed_ms = now_ms;
}

void session_open(const struct session *session, const struct session_lease *lease, const char *by, int64_t now_ms,
                  struct event *event)
{
    bool starts = session->state == SESSION_ENDED;
    assert(lease->fence > session->fence);
    session_change(session, starts ? SESSION_LOGON_STARTS : SESSION_LOGON_MOVES, by, now_ms, event);
    struct session *opened = &event->record.session;
    TEXT_PUT(event->from, session->device);
    TEXT_PUT(opened->device, lease->device);
    TEXT_PUT(opened->profile, lease->profile);
    opened->fence = lease->fence;
    if (starts)
        opened->started_ms = now_ms;
}

// ---- what desks say, or do not say

static bool has_agent(const struct state *state, const struct session *session)
{
    const struct host *host = state_host(state, session->host);
    return host && host_has_agent(host);
}

// It was found again, or shown, after it was started.
static bool ran_before(const struct session *session)
{
    return session->changed_ms != session->started_ms;
}

// A desk cannot tell a logoff from a cut line. Where there is an agent it says what has ended; and one that its host
// never let in would keep a place for ever where no agent tells that it is not there.
static bool is_over(const struct state *state, const struct session *session, enum desk_report reported)
{
    return !has_agent(state, session) &&
           (reported == DESK_REPORTS_ENDED || (reported == DESK_REPORTS_FAILED && !ran_before(session)));
}

bool session_report(const struct state *state, const char *session_id, const char *device_id, int64_t fence,
                    enum desk_report reported, int64_t now_ms, struct event *event)
{
    const struct session *session = state_session(state, session_id);
    // Only the desk that has it now, with the number it was given, may say something about it.
    if (!session || !text_equal(session->device, device_id) || session->fence != fence ||
        reported == DESK_REPORTS_NOTHING)
        return false;
    enum session_happening what = reported == DESK_REPORTS_CONNECTED  ? SESSION_DESK_CONNECTS
                                  : is_over(state, session, reported) ? SESSION_DESK_ENDS
                                                                      : SESSION_DESK_DISCONNECTS;
    if (!session_may((enum session_state)session->state, what))
        return false;
    char by[ACTOR_SIZE];
    snprintf(by, sizeof by, "device %s", device_id);
    session_change(session, what, by, now_ms, event);
    return true;
}

bool session_overdue(const struct state *state, const char *after, const struct session_ages *ages, int64_t lease_ms,
                     struct event *event)
{
    const struct sorted_table *sessions = state_table(state, NOUN_SESSION);
    for (size_t i = sorted_table_from(sessions, after); i < sessions->count; i++) {
        const struct session *session = sessions->records[i];
        if (session->state != SESSION_STARTING || session_silent_ms(session, ages) < lease_ms ||
            text_equal(session->id, after) || has_agent(state, session))
            continue;
        session_change(session, ran_before(session) ? SESSION_LEASE_EXPIRES : SESSION_START_EXPIRES, "broker",
                       ages->now_ms, event);
        return true;
    }
    return false;
}

bool session_user_name(const struct state *state, const struct session *session, char user_name[USER_NAME_SIZE])
{
    char tenant_id[SLUG_SIZE], domain[NAME_SIZE], name[USER_NAME_SIZE];
    wall_owner(tenant_id, session->person);
    if (wall_owns(tenant_id, session->host))
        return true;
    const struct tenant *tenant = state_tenant(state, tenant_id);
    text_cut(domain, sizeof domain, tenant && tenant->realm[0] ? tenant->realm : tenant_id);
    text_lower(domain);
    int length = snprintf(name, sizeof name, "%s@%s", user_name, domain);
    if (length < 0 || (size_t)length >= sizeof name)
        return false;
    text_put(user_name, USER_NAME_SIZE, name);
    return true;
}
