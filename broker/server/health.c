// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/health.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/core/wake_policy.h"
#include "broker/core/wall.h"

#include <stdlib.h>

// Hosts are looked at a few every tick, so that all have their turn in HEALTH_PERIOD_MS without a burst.
enum { TICK_MS = 250, EXCUSES = 10 };

struct seen {
    char id[ID_SIZE]; // the key
    struct health *health;
    enum host_health now;
    char detail[200];
    int excuses;                           // answers in a row that were not believed
    bool asking, again;                    // again: doubted while it was being asked
    int64_t next_ms, asked_ms, trouble_ms; // steady; since when it is not HOST_OK
    struct wake_policy waking;
};

struct health {
    struct loop *loop;
    const struct state *state;
    struct reports *reports; // to be told that the broker was held
    struct host_port hosts;
    struct sorted_table seen;
    struct loop_timer *timer;
    int64_t told_ms; // the break that the log knows of
};

static struct seen *seen_of(struct health *health, const char *host_id)
{
    struct seen *seen = sorted_table_find(&health->seen, host_id);
    if (seen)
        return seen;
    seen = mem_new(1, sizeof *seen);
    TEXT_PUT(seen->id, host_id);
    seen->health = health;
    sorted_table_put(&health->seen, seen);
    return seen;
}

// Before anybody's silence is judged.
static void beat(const struct health *health)
{
    awake_beat(&health->reports->awake, clock_steady_ms(), clock_wall_ms());
}

// One lost packet ends nobody's session: while its agent is there, a host has some time to answer at its RDP port
// again.
static bool is_patient(const struct health *health, const struct seen *seen)
{
    int64_t now_ms = clock_steady_ms();
    return (seen->now == HOST_UNREACHABLE || seen->now == HOST_NO_TLS) &&
           now_ms - awake_from_ms(&health->reports->awake, seen->trouble_ms) < REPORT_PATIENCE_MS &&
           report_is_fresh(health->reports, seen->id, now_ms);
}

// A host that answers on its RDP port may still have something to say against itself.
static enum host_health look(const struct health *health, const char *host_id, const char **detail)
{
    const struct seen *seen = sorted_table_find(&health->seen, host_id);
    const struct host *host = state_host(health->state, host_id);
    beat(health);
    enum host_health probed = seen ? seen->now : HOST_UNKNOWN;
    *detail = seen ? seen->detail : "";
    if (host && host_has_agent(host) && seen && is_patient(health, seen))
        return HOST_SILENT;
    if (!host || !host_has_agent(host) || (probed != HOST_OK && probed != HOST_UNKNOWN))
        return probed;
    return report_health(health->reports, host_id, probed, clock_steady_ms(), detail);
}

static void ask_for_probe(struct seen *seen);

// Who gave no answer while nobody listened is asked again; while we were slow, a few times.
static bool is_excused(struct seen *seen)
{
    const struct awake *awake = &seen->health->reports->awake;
    return seen->asked_ms < awake->since_ms || (seen->asked_ms < awake->slow_ms && seen->excuses++ < EXCUSES);
}

static void probe_answered(void *arg, enum host_health now, const char *detail)
{
    struct seen *seen = arg;
    seen->asking = false;
    beat(seen->health);
    if (now != HOST_OK && is_excused(seen)) {
        ask_for_probe(seen);
        return;
    }
    seen->excuses = 0;
    if (now != seen->now && (now != HOST_OK || seen->now != HOST_UNKNOWN))
        log_warn("host", "%s: %s, was %s: %s", seen->id, host_health_names[now], host_health_names[seen->now], detail);
    if (seen->now == HOST_OK || seen->now == HOST_UNKNOWN)
        seen->trouble_ms = clock_steady_ms();
    seen->now = now;
    text_cut(seen->detail, sizeof seen->detail, detail);
    const char *ignored;
    if (look(seen->health, seen->id, &ignored) == HOST_OK)
        wake_policy_over(&seen->waking);
    // A host in trouble is looked at more often: its return should be noticed soon.
    seen->next_ms = clock_steady_ms() + (now == HOST_OK ? HEALTH_PERIOD_MS : HEALTH_PERIOD_MS / 5);
    if (seen->again)
        ask_for_probe(seen);
}

static void ask_for_probe(struct seen *seen)
{
    const struct host *host = state_host(seen->health->state, seen->id);
    seen->again = seen->asking;
    if (seen->asking || !host)
        return;
    seen->asking = true;
    seen->asked_ms = clock_steady_ms();
    seen->health->hosts.probe(seen->health->hosts.self, host, probe_answered, seen);
}

static void forget_removed(struct health *health)
{
    for (size_t i = health->seen.count; i-- > 0;) {
        struct seen *seen = health->seen.records[i];
        if (!seen->asking && !state_host(health->state, seen->id))
            free(sorted_table_take(&health->seen, seen->id));
    }
}

static void tick(void *arg)
{
    struct health *health = arg;
    beat(health);
    if (health->reports->awake.since_ms != health->told_ms)
        log_warn("broker", "was held, or its clock was set: hosts, desks and links are given their time again");
    health->told_ms = health->reports->awake.since_ms;
    const struct sorted_table *hosts = state_table(health->state, NOUN_HOST);
    int64_t now_ms = clock_steady_ms();
    size_t share = hosts->count * TICK_MS / HEALTH_PERIOD_MS + 4, asked = 0;
    for (size_t i = 0; i < hosts->count && asked < share; i++) {
        struct seen *seen = seen_of(health, hosts->records[i]);
        if (seen->asking || seen->next_ms > now_ms)
            continue;
        ask_for_probe(seen);
        asked++;
    }
    forget_removed(health);
    loop_timer_start(health->timer, TICK_MS);
}

struct health *health_new(struct loop *loop, const struct state *state, struct reports *reports,
                          const struct host_port *hosts)
{
    struct health *health = mem_new(1, sizeof *health);
    health->loop = loop;
    health->state = state;
    health->reports = reports;
    health->hosts = *hosts;
    beat(health);
    health->told_ms = reports->awake.since_ms;
    health->timer = loop_timer_new(loop, tick, health);
    loop_timer_start(health->timer, 0);
    return health;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    loop_timer_free(health->timer);
    sorted_table_clear(&health->seen);
    free(health);
}

// Who may not know what is at an address learns only that it is not the host.
static bool is_hidden(const struct health *health, const char *host_id, enum host_health now)
{
    bool is_other = now == HOST_UNREACHABLE || now == HOST_NO_TLS || now == HOST_WRONG_CERTIFICATE;
    return is_other && !wall_may_know_ports(health->state, host_id);
}

static enum host_health tell(const struct health *health, const char *host_id, const char **detail)
{
    enum host_health now = look(health, host_id, detail);
    if (!is_hidden(health, host_id, now))
        return now;
    *detail = "what is at its address does not answer as this host; the broker's log says more";
    return HOST_UNREACHABLE;
}

static enum host_health health_of(void *arg, const char *host_id)
{
    const char *detail;
    return tell(arg, host_id, &detail);
}

static const char *detail_of(void *arg, const char *host_id)
{
    const char *detail;
    tell(arg, host_id, &detail);
    return detail;
}

static void probe_now(void *arg, const char *host_id)
{
    struct health *health = arg;
    if (state_host(health->state, host_id))
        ask_for_probe(seen_of(health, host_id));
}

static int64_t load_penalty_of(void *arg, const char *host_id)
{
    const struct health *health = arg;
    return report_load_penalty(health->reports, host_id, clock_steady_ms());
}

// Whom a call may switch on. What else is at its address may not be told by whether it is called, either.
static bool is_away(const struct health *health, const struct seen *seen)
{
    return seen->now == HOST_UNREACHABLE || is_hidden(health, seen->id, seen->now);
}

// Also while it starts: its RDP port answers before its agent calls, and the port may be open before TLS is set up.
static bool can_be_woken(void *arg, const char *host_id)
{
    const struct health *health = arg;
    const struct seen *seen = sorted_table_find(&health->seen, host_id);
    const struct host *host = state_host(health->state, host_id);
    const char *detail;
    if (!host || !host->wake[0] || !seen)
        return false;
    if (is_away(health, seen))
        return wake_policy_is_worth_it(&seen->waking, clock_steady_ms());
    return look(health, host_id, &detail) != HOST_WRONG_CERTIFICATE &&
           wake_policy_goes_on(&seen->waking, clock_steady_ms());
}

static void wake(void *arg, const char *host_id)
{
    struct health *health = arg;
    struct seen *seen = seen_of(health, host_id);
    const struct host *host = state_host(health->state, host_id);
    if (!host)
        return;
    if (is_away(health, seen) && wake_policy_call(&seen->waking, clock_steady_ms())) {
        log_info("host", "%s: sending wake request", host_id);
        health->hosts.wake(health->hosts.self, host);
    }
    ask_for_probe(seen);
}

static int64_t fence_of(void *arg, const char *host_id)
{
    const struct health *health = arg;
    return report_fence(health->reports, host_id);
}

static bool is_shut_out(void *arg, const char *session_id)
{
    const struct health *health = arg;
    return reports_shut_out(health->reports, session_id);
}

static bool has_failed(void *arg, const char *host_id, const char *person_id)
{
    const struct health *health = arg;
    return report_failure_of(reports_find(health->reports, host_id), person_id, clock_steady_ms()) != NULL;
}

struct health_source health_source(struct health *health)
{
    return (struct health_source){health,   health_of,    detail_of, probe_now,   load_penalty_of,
                                  fence_of, can_be_woken, wake,      is_shut_out, has_failed};
}
