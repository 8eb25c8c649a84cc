// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/logon.h"
#include "broker/base/text.h"
#include "broker/core/hours.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static struct event *next_event(struct logon_decision *decision)
{
    assert(decision->event_count < sizeof decision->events / sizeof *decision->events);
    return &decision->events[decision->event_count++];
}

static void name_actor(char by[ACTOR_SIZE], const struct logon_input *input)
{
    snprintf(by, ACTOR_SIZE, "%s %s", input->gateway_id ? "gateway" : "device",
             input->gateway_id ? input->gateway_id : input->device_id);
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
        trace_add(trace, "device %s does not belong to tenant %s", input->device_id, input->tenant_id);
        return REFUSAL_DENIED;
    }
    const struct grant *grant = wall_grant(state, input->tenant_id, NOUN_DEVICE, input->device_id);
    if (grant)
        trace_add(trace, "device %s of another tenant may be used by grant %s", input->device_id, grant->id);
    return REFUSAL_NONE;
}

static enum refusal check_gateway(const struct state *state, const struct logon_input *input, struct trace *trace)
{
    assert(!input->device_id[0]);
    if (wall_serves(state, NOUN_GATEWAY, input->gateway_id, input->tenant_id))
        return REFUSAL_NONE;
    trace_add(trace, "gateway %s does not serve tenant %s", input->gateway_id, input->tenant_id);
    return REFUSAL_DENIED;
}

// At any computer there is no device that vouches for itself: the profile has to allow that.
static bool may_be_anywhere(const struct logon_input *input, const struct profile *profile, struct trace *trace)
{
    if (!input->gateway_id || profile->outside == OUTSIDE_BY_ANY)
        return true;
    trace_add(trace, "profile %s is not for any computer", profile->id);
    return false;
}

static const struct session *find_running(struct session_walk theirs, const char *pool_id)
{
    for (const struct session *session; (session = state_next_session(&theirs));)
        if (text_equal(session->pool, pool_id))
            return session;
    return NULL;
}

// The session of a host that is gone is over for the person: they start anew elsewhere, at once.
static void end_lost(const struct session *session, const struct logon_input *input, struct logon_decision *decision)
{
    trace_add(&decision->trace, "session %s was lost with its host %s (%s): ended", session->id, session->host,
              host_health_names[input->health->get(input->health->arg, session->host)]);
    TEXT_PUT(decision->abandoned_host, session->host);
    char by[ACTOR_SIZE];
    name_actor(by, input);
    session_change(session, SESSION_LOGON_GIVES_UP, by, input->now_ms, next_event(decision));
}

static void move(const struct session *running, const struct logon_input *input, struct logon_decision *decision)
{
    decision->reconnected = true;
    decision->session = *running;
    if (!text_equal(running->device, input->device_id) && running->state != SESSION_DISCONNECTED)
        TEXT_PUT(decision->moved_from, running->device);
    if (decision->moved_from[0])
        trace_add(&decision->trace, "session %s runs on host %s: reconnected, moved from %s", running->id,
                  running->host, decision->moved_from);
    else
        trace_add(&decision->trace, "session %s runs on host %s: reconnected", running->id, running->host);
}

static void start_session(const struct logon_input *input, struct session_walk theirs, const struct host *host,
                          struct logon_decision *decision)
{
    struct session *session = &decision->session;
    // The upper half of the random bits: the lower decided the host.
    session_name(session->id, theirs, (uint32_t)(input->random_bits >> 32));
    session->state = SESSION_ENDED; // not begun yet
    TEXT_PUT(session->person, input->person_id);
    TEXT_PUT(session->pool, host->pool);
    TEXT_PUT(session->host, host->id);
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
static void grant_lease(const struct logon_input *input, struct logon_decision *decision)
{
    const struct session_lease lease = {
        .device = input->device_id,
        .profile = decision->profile.id,
        .fence = next_fence(input, &decision->session),
    };
    char by[ACTOR_SIZE];
    name_actor(by, input);
    struct event *event = next_event(decision);
    session_open(&decision->session, &lease, by, input->now_ms, event);
    TEXT_PUT(event->why, decision->trace.lines);
    decision->session = event->record.session;
}

// A desktop that is kept becomes its person's with the first session: one a person.
static void take_desktop(const struct state *state, const struct logon_input *input, const struct pool *pool,
                         struct logon_decision *decision)
{
    if (pool->kind != POOL_DESKTOP || !pool->persistent || pool_has_owned_host(state, pool, input->person_id))
        return;
    TEXT_PUT(decision->host.owner, input->person_id);
    struct event *event = next_event(decision);
    event->type = EVENT_HOST_ASSIGNED;
    event->noun = NOUN_HOST;
    event->why[0] = event->from[0] = 0;
    name_actor(event->by, input);
    event->record.host = decision->host;
}

static enum refusal choose_host(const struct state *state, const struct logon_input *input, const struct pool *pool,
                                struct session_walk theirs, struct logon_decision *decision)
{
    enum refusal refusal = REFUSAL_NONE;
    const struct placement placement = {
        .state = state,
        .pool = pool,
        .tenant_id = input->tenant_id,
        .person_id = input->person_id,
        .health = input->health,
        .random_bits = input->random_bits,
    };
    const struct host *host = placement_choose(&placement, &decision->trace, &refusal);
    if (!host)
        return refusal;
    decision->host = *host;
    if (refusal != REFUSAL_NONE)
        return refusal;
    take_desktop(state, input, pool, decision);
    start_session(input, theirs, host, decision);
    return REFUSAL_NONE;
}

static bool sleeps(const struct logon_input *input, const char *host_id)
{
    return input->health->wakes && input->health->wakes(input->health->arg, host_id);
}

// One that is being woken answers before its agent does, and lets nobody in until then.
static bool is_waking(const struct logon_input *input, const char *host_id)
{
    return sleeps(input, host_id) && input->health->get(input->health->arg, host_id) == HOST_SILENT;
}

static bool is_shut_out(const struct logon_input *input, const struct session *session)
{
    return input->health->shut_out && input->health->shut_out(input->health->arg, session->id);
}

// By the wall: one of another tenant by a grant only, asked for at each logon.
static const struct pool *find_pool(const struct state *state, const struct logon_input *input,
                                    struct logon_decision *decision, enum refusal *refusal)
{
    const char *id = decision->profile.pool;
    const struct pool *pool = wall_find(state, input->tenant_id, NOUN_POOL, id);
    bool own = wall_owns(input->tenant_id, id);
    if (pool && !own)
        trace_add(&decision->trace, "pool %s of another tenant may be used by grant %s", id,
                  wall_grant(state, input->tenant_id, NOUN_POOL, id)->id);
    else if (!pool && !own)
        trace_add(&decision->trace, "pool %s is another tenant's, and no grant is in force", id);
    *refusal = pool ? REFUSAL_NONE : own ? REFUSAL_NO_HOST : REFUSAL_NO_GRANT;
    return pool;
}

static enum refusal choose_session(const struct state *state, const struct logon_input *input, const struct pool *pool,
                                   struct logon_decision *decision)
{
    struct session_walk theirs = state_sessions_of(state, SESSIONS_OF_PERSON, input->person_id);
    const struct session *running = find_running(theirs, decision->profile.pool);
    bool shut_out = running && is_shut_out(input, running);
    if (running && !shut_out && !is_waking(input, running->host) && host_is_usable(input->health, running->host)) {
        move(running, input, decision);
        decision->host = *state_host(state, running->host);
        return REFUSAL_NONE;
    }
    if (running && !shut_out && sleeps(input, running->host)) {
        trace_add(&decision->trace, "session %s is on host %s, which is asleep: waking it", running->id, running->host);
        decision->host = *state_host(state, running->host);
        return REFUSAL_HOST_WAKING;
    }
    if (running)
        end_lost(running, input, decision);
    return choose_host(state, input, pool, theirs, decision);
}

static enum refusal decide(const struct state *state, const struct logon_input *input, struct logon_decision *decision)
{
    enum refusal refusal = input->gateway_id ? check_gateway(state, input, &decision->trace)
                                             : check_device(state, input, &decision->trace);
    if (refusal != REFUSAL_NONE)
        return refusal;
    const struct profile *profile = profile_choose(state, input->tenant_id, &input->who, &decision->trace);
    if (!profile)
        return REFUSAL_NO_PROFILE;
    decision->profile = *profile;
    if (!hours_are_open(profile, input->week_minute)) {
        trace_add(&decision->trace, "profile %s does not allow logon now (%s %s)", profile->id, profile->days,
                  profile->hours);
        return REFUSAL_OUTSIDE_HOURS;
    }
    if (!may_be_anywhere(input, profile, &decision->trace))
        return REFUSAL_NOT_OUTSIDE;
    const struct pool *pool = find_pool(state, input, decision, &refusal);
    if (pool)
        refusal = choose_session(state, input, pool, decision);
    if (refusal == REFUSAL_NONE)
        grant_lease(input, decision);
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
    else
        assert(text_equal(decision->events[decision->event_count - 1].record.id, decision->session.id));
}
