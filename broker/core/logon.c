// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/logon.h"
#include "broker/base/text.h"
#include "broker/core/hours.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <string.h>

static struct event *add_event(struct logon_decision *decision, const struct logon_input *input, enum event_type type,
                               enum noun noun)
{
    struct event *event = &decision->events[decision->event_count++];
    memset(&event->record, 0, sizeof event->record);
    event->why[0] = 0;
    event->type = type;
    event->noun = noun;
    snprintf(event->by, sizeof event->by, "device %s", input->device_id);
    return event;
}

static enum refusal check_device(const struct state *state, const struct logon_input *input, struct trace *trace)
{
    const struct device *device = state_device(state, input->device_id);
    if (!device || !device->certificate[0]) {
        trace_add(trace, "device %s is not enrolled", input->device_id);
        return REFUSAL_DEVICE_UNKNOWN;
    }
    if (device->disabled) {
        trace_add(trace, "device %s is disabled", input->device_id);
        return REFUSAL_DEVICE_DISABLED;
    }
    if (!wall_may_use(state, input->tenant_id, NOUN_DEVICE, input->device_id)) {
        trace_add(trace, "device %s is not of tenant %s", input->device_id, input->tenant_id);
        return REFUSAL_DENIED;
    }
    return REFUSAL_NONE;
}

static const struct session *find_running(const struct state *state, const struct logon_input *input,
                                          const char *pool_id)
{
    char prefix[ID_SIZE];
    session_prefix(prefix, input->person_id);
    const struct session *session;
    for (size_t i = state_first(state, NOUN_SESSION, prefix); (session = state_at(state, NOUN_SESSION, prefix, i)); i++)
        if (text_equal(session->pool, pool_id))
            return session;
    return NULL;
}

// The session of a host that is gone is over for the person: they start anew elsewhere, at once.
static void end_lost(const struct session *session, const struct logon_input *input, struct logon_decision *decision)
{
    trace_add(&decision->trace, "session %s is lost with its host %s (%s): ended", session->id, session->host,
              host_health_names[input->health->get(input->health->arg, session->host)]);
    TEXT_PUT(decision->abandoned_host, session->host);
    struct event *event = add_event(decision, input, EVENT_SESSION_ENDED, NOUN_SESSION);
    TEXT_PUT(event->record.id, session->id);
    TEXT_PUT(event->why, "its host does not answer");
}

static void move(const struct session *running, const struct logon_input *input, struct logon_decision *decision)
{
    decision->reconnected = true;
    decision->session = *running;
    if (!text_equal(running->device, input->device_id) && running->state != SESSION_DISCONNECTED)
        TEXT_PUT(decision->moved_from, running->device);
    if (decision->moved_from[0])
        trace_add(&decision->trace, "session %s runs on host %s: found again, taken from %s", running->id,
                  running->host, decision->moved_from);
    else
        trace_add(&decision->trace, "session %s runs on host %s: found again", running->id, running->host);
}

static void start(const struct logon_input *input, const struct host *host, struct logon_decision *decision)
{
    struct session *session = &decision->session;
    char prefix[ID_SIZE];
    session_prefix(prefix, input->person_id);
    // The upper half of the random bits: the lower decided the host.
    snprintf(session->id, sizeof session->id, "%.*s%08x", ID_SIZE - 9, prefix, (unsigned)(input->random_bits >> 32));
    TEXT_PUT(session->person, input->person_id);
    TEXT_PUT(session->pool, host->pool);
    TEXT_PUT(session->host, host->id);
    session->started_ms = input->now_ms;
}

// Higher than its own and than all that its host has seen: a journal may have come from a backup, and a host lets
// nobody in with a number from before.
static int64_t next_fence(const struct logon_input *input, const struct session *session)
{
    const struct health_source *health = input->health;
    int64_t seen = health->fence ? health->fence(health->arg, session->host) : 0;
    int64_t least = (seen > session->fence ? seen : session->fence) + 1;
    return input->fence > least ? input->fence : least;
}

// What is the same whether it was found or is new.
static void lease(const struct logon_input *input, struct logon_decision *decision)
{
    struct session *session = &decision->session;
    TEXT_PUT(session->device, input->device_id);
    TEXT_PUT(session->profile, decision->profile.id);
    session->state = SESSION_STARTING;
    session->changed_ms = input->now_ms;
    session->fence = next_fence(input, session);
    struct event *event =
        add_event(decision, input, decision->reconnected ? EVENT_SESSION_MOVED : EVENT_SESSION_STARTED, NOUN_SESSION);
    event->record.session = *session;
    TEXT_PUT(event->why, decision->trace.lines);
}

// A desktop that is kept becomes its person's with the first session: one a person.
static void take_desktop(const struct state *state, const struct logon_input *input, const struct pool *pool,
                         struct logon_decision *decision)
{
    if (pool->kind != POOL_DESKTOP || !pool->persistent || pool_has_owned_host(state, pool, input->person_id))
        return;
    TEXT_PUT(decision->host.owner, input->person_id);
    struct event *event = add_event(decision, input, EVENT_HOST_ASSIGNED, NOUN_HOST);
    event->record.host = decision->host;
}

static enum refusal choose_host(const struct state *state, const struct logon_input *input,
                                struct logon_decision *decision)
{
    enum refusal refusal = REFUSAL_NONE;
    const struct placement placement = {
        .state = state,
        .pool = wall_find(state, input->tenant_id, NOUN_POOL, decision->profile.pool),
        .tenant_id = input->tenant_id,
        .person_id = input->person_id,
        .health = input->health,
        .random_bits = input->random_bits,
    };
    if (!placement.pool)
        return REFUSAL_NO_HOST;
    const struct host *host = placement_choose(&placement, &decision->trace, &refusal);
    if (!host)
        return refusal;
    decision->host = *host;
    if (refusal != REFUSAL_NONE)
        return refusal;
    take_desktop(state, input, placement.pool, decision);
    start(input, host, decision);
    return REFUSAL_NONE;
}

static bool sleeps(const struct logon_input *input, const char *host_id)
{
    return input->health->wakes && input->health->wakes(input->health->arg, host_id);
}

static enum refusal choose_session(const struct state *state, const struct logon_input *input,
                                   struct logon_decision *decision)
{
    const struct session *running = find_running(state, input, decision->profile.pool);
    if (running && host_is_usable(input->health, running->host)) {
        move(running, input, decision);
        decision->host = *state_host(state, running->host);
        return REFUSAL_NONE;
    }
    if (running && sleeps(input, running->host)) {
        trace_add(&decision->trace, "session %s is on host %s, which sleeps and is woken", running->id, running->host);
        decision->host = *state_host(state, running->host);
        return REFUSAL_HOST_WAKING;
    }
    if (running)
        end_lost(running, input, decision);
    return choose_host(state, input, decision);
}

static enum refusal decide(const struct state *state, const struct logon_input *input, struct logon_decision *decision)
{
    enum refusal refusal = check_device(state, input, &decision->trace);
    if (refusal != REFUSAL_NONE)
        return refusal;
    const struct profile *profile = profile_choose(state, input->tenant_id, &input->who, &decision->trace);
    if (!profile)
        return REFUSAL_NO_PROFILE;
    decision->profile = *profile;
    if (!hours_are_open(profile, input->week_minute)) {
        trace_add(&decision->trace, "profile %s is not open now (%s %s)", profile->id, profile->days, profile->hours);
        return REFUSAL_OUTSIDE_HOURS;
    }
    refusal = choose_session(state, input, decision);
    if (refusal == REFUSAL_NONE)
        lease(input, decision);
    return refusal;
}

// Only what is read before it is written is cleared: the decision is large, and this is the busiest path.
static void clear(struct logon_decision *decision)
{
    decision->event_count = 0;
    decision->reconnected = false;
    decision->moved_from[0] = decision->abandoned_host[0] = 0;
    decision->trace.lines[0] = 0;
    decision->trace.length = decision->trace.count = 0;
    memset(&decision->session, 0, sizeof decision->session);
}

void logon_decide(const struct state *state, const struct logon_input *input, struct logon_decision *decision)
{
    clear(decision);
    decision->refusal = decide(state, input, decision);
    if (decision->refusal != REFUSAL_NONE)
        decision->event_count = 0;
}

// ---- what becomes of it

static void change(struct event *event, const struct session *session, enum event_type type, const char *by)
{
    *event = (struct event){.type = type, .noun = NOUN_SESSION};
    event->record.session = *session;
    snprintf(event->by, sizeof event->by, "%s", by);
}

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

bool session_report(const struct state *state, const char *session_id, const char *device_id, int64_t fence,
                    enum desk_report reported, int64_t now_ms, struct event *event)
{
    const struct session *session = state_session(state, session_id);
    // Only the desk that has it now, with the number it was given, may say something about it.
    if (!session || !text_equal(session->device, device_id) || session->fence != fence)
        return false;
    char by[ACTOR_SIZE];
    snprintf(by, sizeof by, "device %s", device_id);
    bool failed = reported == DESK_REPORTS_FAILED;
    // One that its host never let in would keep a place for ever where no agent tells that it is not there.
    bool ended = reported == DESK_REPORTS_ENDED || (failed && !ran_before(session));
    // A desk cannot tell a log-off from a cut line. Where there is an agent it says what has ended.
    bool disconnected = !ended ? failed || reported == DESK_REPORTS_DISCONNECTED : has_agent(state, session);
    if (reported == DESK_REPORTS_CONNECTED && session->state != SESSION_CONNECTED) {
        change(event, session, EVENT_SESSION_CONNECTED, by);
        event->record.session.state = SESSION_CONNECTED;
    } else if (disconnected && session->state != SESSION_DISCONNECTED) {
        change(event, session, EVENT_SESSION_DISCONNECTED, by);
        event->record.session.state = SESSION_DISCONNECTED;
    } else if (ended && !disconnected) {
        change(event, session, EVENT_SESSION_ENDED, by);
        return true;
    } else {
        return false;
    }
    event->record.session.changed_ms = now_ms;
    return true;
}

bool session_overdue(const struct state *state, int64_t now_ms, int64_t lease_ms, struct event *event)
{
    const struct sorted_table *sessions = state_table(state, NOUN_SESSION);
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session *session = sessions->records[i];
        if (session->state != SESSION_STARTING || session_age_ms(session, now_ms) < lease_ms ||
            has_agent(state, session))
            continue;
        change(event, session, ran_before(session) ? EVENT_SESSION_DISCONNECTED : EVENT_SESSION_ENDED, "broker");
        event->record.session.state = SESSION_DISCONNECTED;
        event->record.session.changed_ms = now_ms;
        TEXT_PUT(event->why, "the desk did not connect in time");
        return true;
    }
    return false;
}
