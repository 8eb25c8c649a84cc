// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/placement.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

struct choice {
    const struct host *best[2];
    int64_t load[2]; // sessions per weight with the new one, in millionths
    const struct host *own, *asleep;
    const struct host *reserve; // of those that let people in who then get no desktop, the least loaded
    int64_t reserve_load;
    int full;
};

bool host_is_usable(const struct health_source *health, const char *host_id)
{
    enum host_health now = health->get(health->arg, host_id);
    return now == HOST_OK || now == HOST_UNKNOWN || now == HOST_UNHEALTHY || now == HOST_SILENT || now == HOST_FAILING;
}

bool host_accepts_sessions(const struct health_source *health, const char *host_id)
{
    enum host_health now = health->get(health->arg, host_id);
    return now == HOST_OK || now == HOST_UNKNOWN;
}

bool host_is_available(const struct health_source *health, const char *host_id)
{
    return host_accepts_sessions(health, host_id) || (health->wakes && health->wakes(health->arg, host_id));
}

static void offer(struct choice *choice, const struct host *host, int64_t load)
{
    if (!choice->best[0] || load < choice->load[0]) {
        choice->best[1] = choice->best[0];
        choice->load[1] = choice->load[0];
        choice->best[0] = host;
        choice->load[0] = load;
    } else if (!choice->best[1] || load < choice->load[1]) {
        choice->best[1] = host;
        choice->load[1] = load;
    }
}

static void offer_reserve(struct choice *choice, const struct host *host, int64_t load)
{
    if (choice->reserve && choice->reserve_load <= load)
        return;
    choice->reserve = host;
    choice->reserve_load = load;
}

static bool is_single(const struct placement *placement)
{
    return placement->pool->kind == POOL_DESKTOP;
}

// A desktop of somebody else's is none for this person; and their own goes before all others. While their own cannot be
// had they get another for the time: it does not become theirs, too.
static bool is_others(const struct placement *placement, const struct host *host)
{
    return placement->pool->persistent && host->owner[0] && !text_equal(host->owner, placement->person_id);
}

static bool is_own(const struct placement *placement, const struct host *host)
{
    return is_single(placement) && placement->pool->persistent && text_equal(host->owner, placement->person_id);
}

static int64_t load_with_one_more(const struct placement *placement, const struct host *host, int64_t sessions)
{
    const struct health_source *health = placement->health;
    int64_t penalty = health->load_penalty ? health->load_penalty(health->arg, host->id) : 0;
    return (sessions + 1) * (1000 + penalty) * 1000 / host->weight;
}

// What fails one person may be that person's own fault; what fails several is the host's.
static bool is_reserve(const struct placement *placement, const struct host *host, struct trace *trace)
{
    const struct health_source *health = placement->health;
    if (health->get(health->arg, host->id) == HOST_FAILING) {
        trace_add(trace, "host %s: several people got no desktop there: only if no other host can be had", host->id);
        return true;
    }
    bool failed = health->failed && health->failed(health->arg, host->id, placement->person_id);
    if (failed)
        trace_add(trace, "host %s: this person got no desktop there: only if no other host can be had", host->id);
    return failed;
}

static void consider_awake(const struct placement *placement, const struct host *host, struct choice *choice,
                           struct trace *trace)
{
    int64_t sessions = state_uses(placement->state, NOUN_HOST, host->id);
    int64_t limit = is_single(placement) ? 1 : host->max_sessions;
    if (sessions >= limit) {
        choice->full++;
        trace_add(trace, "host %s: full, %lld of %lld sessions", host->id, (long long)sessions, (long long)limit);
        return;
    }
    int64_t load = load_with_one_more(placement, host, sessions);
    trace_add(trace, "host %s: %lld of %lld sessions, weight %lld, load %lld", host->id, (long long)sessions,
              (long long)limit, (long long)host->weight, (long long)load);
    if (is_own(placement, host))
        choice->own = host;
    if (is_reserve(placement, host, trace))
        offer_reserve(choice, host, load);
    else
        offer(choice, host, load);
}

static void consider(const struct placement *placement, const struct host *host, struct choice *choice,
                     struct trace *trace)
{
    const struct health_source *health = placement->health;
    if (host->draining) {
        trace_add(trace, "host %s: draining", host->id);
    } else if (is_single(placement) && is_others(placement, host)) {
        choice->full++;
        trace_add(trace, "host %s: assigned to somebody else", host->id);
    } else if (host_accepts_sessions(health, host->id) || health->get(health->arg, host->id) == HOST_FAILING) {
        consider_awake(placement, host, choice, trace);
    } else if (health->wakes && health->wakes(health->arg, host->id) &&
               state_uses(placement->state, NOUN_HOST, host->id) == 0) {
        trace_add(trace, "host %s: asleep, can be woken", host->id);
        if (!choice->asleep || is_own(placement, host))
            choice->asleep = host;
    } else {
        trace_add(trace, "host %s: %s", host->id, host_health_names[health->get(health->arg, host->id)]);
    }
}

// Where the second is nearly as good as the best chance keeps a rush of logons from all going to one.
static bool has_equal(const struct choice *choice)
{
    enum { NEARLY = 8 }; // within an eighth
    return choice->best[1] && choice->load[1] - choice->load[0] <= choice->load[0] / NEARLY;
}

static const struct host *pick(const struct placement *placement, const struct choice *choice, struct trace *trace,
                               enum refusal *refusal)
{
    bool own_sleeps = choice->asleep && is_own(placement, choice->asleep);
    *refusal = REFUSAL_NONE;
    if (choice->own) {
        trace_add(trace, "host %s chosen: it is assigned to this person", choice->own->id);
        return choice->own;
    }
    if (choice->best[0] && !own_sleeps) {
        bool equal = has_equal(choice);
        const struct host *chosen = choice->best[equal ? placement->random_bits & 1 : 0];
        if (equal)
            trace_add(trace, "host %s chosen at random from the two least loaded", chosen->id);
        else
            trace_add(trace, "host %s chosen: least loaded", chosen->id);
        return chosen;
    }
    if (choice->asleep) {
        trace_add(trace, "host %s: waking", choice->asleep->id);
        *refusal = REFUSAL_HOST_WAKING;
        return choice->asleep;
    }
    if (choice->reserve) {
        trace_add(trace, "host %s chosen: no other host can be had", choice->reserve->id);
        return choice->reserve;
    }
    *refusal = choice->full ? REFUSAL_HOSTS_FULL : REFUSAL_NO_HOST;
    trace_add(trace, "no host of pool %s can accept a session", placement->pool->id);
    return NULL;
}

bool pool_has_owned_host(const struct state *state, const struct pool *pool, const char *person_id)
{
    const struct sorted_table *hosts = state_table(state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (text_equal(host->pool, pool->id) && text_equal(host->owner, person_id))
            return true;
    }
    return false;
}

bool pool_has_agents(const struct state *state, const char *pool_id)
{
    const struct sorted_table *hosts = state_table(state, NOUN_HOST);
    bool has_some = false;
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        if (!text_equal(host->pool, pool_id))
            continue;
        if (!host_has_agent(host))
            return false;
        has_some = true;
    }
    return has_some;
}

const struct host *placement_choose(const struct placement *placement, struct trace *trace, enum refusal *refusal)
{
    struct choice choice = {0};
    struct wall_walk walk = wall_walk(placement->state, placement->tenant_id, NOUN_HOST);
    for (const struct host *host; (host = wall_next(&walk));)
        if (text_equal(host->pool, placement->pool->id))
            consider(placement, host, &choice, trace);
    return pick(placement, &choice, trace, refusal);
}
