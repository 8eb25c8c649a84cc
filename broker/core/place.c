// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/place.h"
#include "broker/base/text.h"

#include <stdio.h>

const char *const host_health_names[] = {"unknown", "ok", "unreachable", "no-tls", "wrong-certificate", NULL};

struct choice {
    const struct host *best[2];
    int64_t load[2]; // sessions per weight with the new one, in millionths
    int full;
};

bool host_is_usable(const struct health_source *health, const char *host_id)
{
    enum host_health now = health->of(health->arg, host_id);
    return now == HOST_OK || now == HOST_UNKNOWN;
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

static void consider(const struct state *state, const struct host *host, bool single,
                     const struct health_source *health, struct choice *choice, struct why *why)
{
    int64_t sessions = state_uses(state, NOUN_HOST, host->id);
    int64_t limit = single ? 1 : host->max_sessions;
    if (host->draining) {
        why_note(why, "host %s: draining", host->id);
    } else if (!host_is_usable(health, host->id)) {
        why_note(why, "host %s: %s", host->id, host_health_names[health->of(health->arg, host->id)]);
    } else if (sessions >= limit) {
        choice->full++;
        why_note(why, "host %s: full, %lld of %lld sessions", host->id, (long long)sessions, (long long)limit);
    } else {
        why_note(why, "host %s: %lld of %lld sessions, weight %lld", host->id, (long long)sessions, (long long)limit,
                 (long long)host->weight);
        offer(choice, host, (sessions + 1) * 1000000 / host->weight);
    }
}

const struct host *place_choose(const struct state *state, const char *pool_id, const struct health_source *health,
                                uint64_t dice, struct why *why, enum refusal *refusal)
{
    char prefix[SLUG_SIZE + 1], tenant[SLUG_SIZE];
    id_tenant(tenant, pool_id);
    snprintf(prefix, sizeof prefix, "%s/", tenant);
    const struct pool *pool = state_find(state, NOUN_POOL, pool_id);
    bool single = pool && pool->kind == POOL_DESKTOP;
    struct choice choice = {0};
    const struct host *host;
    for (size_t i = state_first(state, NOUN_HOST, prefix); (host = state_at(state, NOUN_HOST, prefix, i)); i++)
        if (text_equal(host->pool, pool_id))
            consider(state, host, single, health, &choice, why);
    if (!choice.best[0]) {
        *refusal = choice.full ? REFUSAL_HOSTS_FULL : REFUSAL_NO_HOST;
        why_note(why, "no host of pool %s can take a session", pool_id);
        return NULL;
    }
    const struct host *chosen = choice.best[choice.best[1] ? dice & 1 : 0];
    why_note(why, "host %s chosen%s", chosen->id, choice.best[1] ? ", by the dice, of the least loaded two" : "");
    *refusal = REFUSAL_NONE;
    return chosen;
}
