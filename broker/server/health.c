// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/health.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdlib.h>

// Hosts are looked at a few every tick, so that all have their turn in HEALTH_PERIOD_MS without a burst.
enum { TICK_MS = 250 };

struct seen {
    char id[ID_SIZE]; // the key
    struct health *health;
    enum host_health now;
    char detail[200];
    bool asking, again; // again: doubted while it was being asked
    int64_t next_ms;
};

struct health {
    struct loop *loop;
    const struct state *state;
    struct host_port hosts;
    struct shelf seen;
    struct loop_timer *timer;
};

static struct seen *seen_of(struct health *health, const char *host_id)
{
    struct seen *seen = shelf_find(&health->seen, host_id);
    if (seen)
        return seen;
    seen = mem_new(1, sizeof *seen);
    TEXT_PUT(seen->id, host_id);
    seen->health = health;
    shelf_put(&health->seen, seen);
    return seen;
}

static void ask(struct seen *seen);

static void answered(void *arg, enum host_health now, const char *detail)
{
    struct seen *seen = arg;
    seen->asking = false;
    if (now != seen->now && (now != HOST_OK || seen->now != HOST_UNKNOWN))
        log_warn("host", "%s: %s, was %s: %s", seen->id, host_health_names[now], host_health_names[seen->now], detail);
    seen->now = now;
    text_cut(seen->detail, sizeof seen->detail, detail);
    // A host in trouble is looked at more often: its return should be noticed soon.
    seen->next_ms = clock_steady_ms() + (now == HOST_OK ? HEALTH_PERIOD_MS : HEALTH_PERIOD_MS / 5);
    if (seen->again)
        ask(seen);
}

static void ask(struct seen *seen)
{
    const struct host *host = state_host(seen->health->state, seen->id);
    seen->again = seen->asking;
    if (seen->asking || !host)
        return;
    seen->asking = true;
    seen->health->hosts.probe(seen->health->hosts.self, host, answered, seen);
}

static void forget_removed(struct health *health)
{
    for (size_t i = health->seen.count; i-- > 0;) {
        struct seen *seen = health->seen.records[i];
        if (!seen->asking && !state_host(health->state, seen->id))
            free(shelf_take(&health->seen, seen->id));
    }
}

static void tick(void *arg)
{
    struct health *health = arg;
    const struct shelf *hosts = state_shelf(health->state, NOUN_HOST);
    int64_t now_ms = clock_steady_ms();
    size_t share = hosts->count * TICK_MS / HEALTH_PERIOD_MS + 4, asked = 0;
    for (size_t i = 0; i < hosts->count && asked < share; i++) {
        struct seen *seen = seen_of(health, hosts->records[i]);
        if (seen->asking || seen->next_ms > now_ms)
            continue;
        ask(seen);
        asked++;
    }
    forget_removed(health);
    loop_timer_start(health->timer, TICK_MS);
}

struct health *health_new(struct loop *loop, const struct state *state, const struct host_port *hosts)
{
    struct health *health = mem_new(1, sizeof *health);
    health->loop = loop;
    health->state = state;
    health->hosts = *hosts;
    health->timer = loop_timer_new(loop, tick, health);
    loop_timer_start(health->timer, 0);
    return health;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    loop_timer_free(health->timer);
    shelf_clear(&health->seen);
    free(health);
}

static enum host_health health_of(void *arg, const char *host_id)
{
    struct health *health = arg;
    const struct seen *seen = shelf_find(&health->seen, host_id);
    return seen ? seen->now : HOST_UNKNOWN;
}

static const char *detail_of(void *arg, const char *host_id)
{
    struct health *health = arg;
    const struct seen *seen = shelf_find(&health->seen, host_id);
    return seen ? seen->detail : "";
}

static void doubt(void *arg, const char *host_id)
{
    struct health *health = arg;
    if (state_host(health->state, host_id))
        ask(seen_of(health, host_id));
}

struct health_source health_source(struct health *health)
{
    return (struct health_source){health, health_of, detail_of, doubt};
}
