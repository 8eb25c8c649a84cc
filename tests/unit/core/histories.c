// SPDX-License-Identifier: EUPL-1.2
// A seeded simulator of core: random logons, reports, drains, failing hosts, a store that answers late, refuses or
// crashes. After every step what must always hold is checked. A failing seed is printed and can be run alone:
// PULT_SEED=n PULT_HISTORIES=1.
#include "broker/base/mem.h"
#include "broker/core/commit.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 10000, STEPS = 40, PEOPLE = 8, LOG_MAX = 4096 };

struct world {
    struct core_fixture core;
    struct commit *commit;
    uint64_t random;
    // The disk: payloads of what is durable, in order; the hall's own events come first, as a snapshot would.
    char *disk[LOG_MAX];
    size_t durable;
    struct text base;
    // The batch that the store has now.
    const struct store_batch *batch;
    store_done *done;
    void *arg;
    uint64_t acknowledged; // sequence number of the newest event that somebody was told about
    uint64_t waiting[LOG_MAX];
    size_t told_from, told_to;
    struct state *shadow; // what replaying everything decided so far gives
    bool crashed;
    int64_t wall_ms;
};

static uint64_t seed_now, crossings, visits;
static const char given_pool[] = "neustadt/building";

// Criterion is told of failures only: a message for each of millions of checks would fill its memory.
static void must(bool holds, const char *what)
{
    if (!holds)
        cr_assert_fail("seed %llu: %s", (unsigned long long)seed_now, what);
}

static uint64_t roll(struct world *world, uint64_t sides)
{
    uint64_t x = world->random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % sides;
}

static void append(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    struct world *world = self;
    world->batch = batch;
    world->done = done;
    world->arg = arg;
}

static void replay_into(const struct world *world, struct state *state)
{
    struct fault why;
    must(state_read(state, world->base.bytes, world->base.length, &why), why.text);
    for (size_t i = 0; i < world->durable; i++) {
        struct event event = {0};
        must(event_read(&event, world->disk[i], strlen(world->disk[i]), &why), why.text);
        state_apply(state, &event);
    }
}

static bool rebuild(void *arg, struct state *state, uint64_t *last_seq, int64_t *last_ms, struct fault *why)
{
    (void)why;
    struct world *world = arg;
    replay_into(world, state);
    state_clear(world->shadow);
    replay_into(world, world->shadow);
    *last_seq = world->durable;
    *last_ms = 0;
    return true;
}

static void die(void *arg, const struct fault *why)
{
    (void)why;
    ((struct world *)arg)->crashed = true;
}

static int64_t wall(void *arg)
{
    return ((struct world *)arg)->wall_ms;
}

static void start_commit(struct world *world)
{
    struct commit_ports ports = {{.self = world, .append = append}, world, rebuild, die, wall, NULL};
    world->commit = commit_new(world->core.state, &ports, world->durable, 0);
}

static void open_world(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    world->random = seed;
    world->wall_ms = 1700000000000;
    core_open(&world->core);
    if (seed % 2) { // altdorf's people work in neustadt's pool, whenever a grant lets them
        union record clerk = {
            .profile = *(const struct profile *)state_find(world->core.state, NOUN_PROFILE, "altdorf/clerk")};
        TEXT_PUT(clerk.profile.pool, given_pool);
        core_set(&world->core, NOUN_PROFILE, &clerk);
    }
    state_print(world->core.state, &world->base);
    world->shadow = state_copy(world->core.state);
    start_commit(world);
}

static void close_world(struct world *world)
{
    commit_free(world->commit);
    core_close(&world->core);
    state_free(world->shadow);
    text_drop(&world->base);
    for (size_t i = 0; i < world->durable; i++)
        free(world->disk[i]);
}

// ---- the store's answers

static void write_disk(struct world *world, size_t events)
{
    for (size_t i = 0; i < events; i++) {
        const struct store_event *event = &world->batch->events[i];
        must(event->seq == world->durable + 1, "a gap");
        world->disk[world->durable++] = strndup(event->payload, event->length);
    }
}

static void answer_store(struct world *world, enum store_outcome outcome)
{
    if (!world->done)
        return;
    struct fault why = {.kind = FAULT_UNAVAILABLE, .text = "full"};
    store_done *done = world->done;
    world->done = NULL;
    if (outcome == STORE_DURABLE)
        write_disk(world, world->batch->event_count);
    done(world->arg, outcome, &why);
}

// The machine stops: of the batch under way all or nothing may have reached the disk; memory is gone.
static void crash(struct world *world)
{
    if (world->done && roll(world, 2))
        write_disk(world, world->batch->event_count);
    world->done = NULL;
    world->told_from = world->told_to; // who waited is gone with the memory
    commit_free(world->commit);
    state_clear(world->core.state);
    state_clear(world->shadow);
    replay_into(world, world->core.state);
    replay_into(world, world->shadow);
    must(world->durable >= world->acknowledged, "acknowledged and lost");
    start_commit(world);
}

// ---- what happens

static void told(void *arg, bool durable, const struct fault *why)
{
    (void)why;
    struct world *world = arg;
    // Waiters are told in the order they came.
    uint64_t seq = world->waiting[world->told_from++ % LOG_MAX];
    if (durable && seq > world->acknowledged)
        world->acknowledged = seq;
}

static void commit_all(struct world *world, struct event *events, size_t count)
{
    struct fault why;
    if (count == 0)
        return;
    if (!commit_events(world->commit, events, count, NULL, 0, told, world, &why))
        return;
    world->waiting[world->told_to++ % LOG_MAX] = commit_last_seq(world->commit);
    for (size_t i = 0; i < count; i++) {
        struct text printed = {0};
        struct event again = {0};
        event_print(&events[i], &printed);
        must(event_read(&again, printed.bytes, printed.length, &why), why.text);
        state_apply(world->shadow, &again);
        text_drop(&printed);
    }
}

// Of a pool, and of the desks at a site.
static const char *const grants[] = {"neustadt/g-pool", "neustadt/g-site"};

// By the record alone, without asking the wall.
static bool grant_lives(const struct world *world, const char *id)
{
    const struct grant *grant = state_find(world->core.state, NOUN_GRANT, id);
    return grant && grant->since_ms && grant->until_ms > world->wall_ms;
}

// It is given, for a while that may be over at once, or revoked.
static void change_grant(struct world *world)
{
    const char *id = grants[roll(world, 2)];
    const struct grant *grant = state_find(world->core.state, NOUN_GRANT, id);
    struct event event = {.type = grant ? EVENT_GRANT_REVOKED : EVENT_GRANT_APPROVED, .noun = NOUN_GRANT};
    if (grant) {
        event.record.grant = *grant;
    } else {
        event.record.grant = (struct grant){.to = "altdorf", .reason = "why"};
        TEXT_PUT(event.record.grant.id, id);
        TEXT_PUT(event.record.grant.pool, id == grants[0] ? given_pool : "");
        TEXT_PUT(event.record.grant.site, id == grants[1] ? "neustadt/rathaus" : "");
        event.record.grant.until_ms = world->wall_ms + (int64_t)roll(world, 300000);
        event.record.grant.since_ms = roll(world, 4) ? world->wall_ms : 0;
        for (size_t side = 0; side < GRANT_SIDE_COUNT; side++)
            event.record.grant.approvals[side] = (struct grant_approval){"x/y", world->wall_ms};
    }
    commit_all(world, &event, 1);
}

static void check_border(const struct world *world, const struct logon_decision *decision)
{
    char tenant[SLUG_SIZE];
    id_tenant(tenant, decision->session.person);
    bool own = id_is_of_tenant(decision->session.host, tenant);
    bool at_home = id_is_of_tenant(decision->session.device, tenant);
    must(own || (grant_lives(world, grants[0]) && strcmp(decision->session.pool, given_pool) == 0),
         "across the border without a grant in force");
    must(at_home || grant_lives(world, grants[1]), "at another tenant's desk without a grant in force");
    crossings += !own;
    visits += !at_home;
}

static void log_on(struct world *world)
{
    static const char *const devices[] = {"neustadt/desk1", "neustadt/desk2", "neustadt/desk3", "altdorf/desk1"};
    static struct logon_decision decision;
    char user_name[24];
    uint64_t person = roll(world, PEOPLE);
    snprintf(user_name, sizeof user_name, "p%u%s", (unsigned)person, roll(world, 4) ? "" : "@altdorf");
    world->core.now_ms = world->wall_ms;
    world->core.random_bits = roll(world, UINT64_MAX);
    if (roll(world, 16) == 0)
        world->core.fence = 0; // as after a backup, whose journal is shorter
    core_decide(&world->core, user_name, person % 3 ? "rathaus" : "rathaus,bauamt", devices[roll(world, 4)], &decision);
    if (decision.refusal != REFUSAL_NONE)
        return;
    check_border(world, &decision);
    commit_all(world, decision.events, decision.event_count);
}

static const struct session *any_session(struct world *world)
{
    const struct sorted_table *sessions = state_table(world->core.state, NOUN_SESSION);
    return sessions->count ? sessions->records[roll(world, sessions->count)] : NULL;
}

static void report(struct world *world)
{
    struct event event;
    const struct session *session = any_session(world);
    if (!session)
        return;
    int64_t fence = session->fence - (int64_t)roll(world, 2);
    if (session_report(world->core.state, session->id, session->device, fence,
                       (enum desk_report)roll(world, DESK_REPORT_COUNT), world->wall_ms, &event))
        commit_all(world, &event, 1);
}

// What a host, an administrator or the time does to it.
static void change(struct world *world)
{
    struct event event;
    const struct session *session = any_session(world);
    enum session_happening what =
        SESSION_HOST_CONNECTS + (unsigned)roll(world, SESSION_HAPPENING_COUNT - SESSION_HOST_CONNECTS);
    if (!session || !session_may((enum session_state)session->state, what))
        return;
    session_change(session, what, "somebody", world->wall_ms, &event);
    commit_all(world, &event, 1);
}

static void drain(struct world *world)
{
    static const char *const hosts[] = {"neustadt/ts1", "neustadt/ts2", "neustadt/ts3", "altdorf/ts4"};
    const struct host *host = state_host(world->core.state, hosts[roll(world, 4)]);
    struct event event = {.type = host->draining ? EVENT_HOST_UNDRAINED : EVENT_HOST_DRAINED, .noun = NOUN_HOST};
    event.record.host = *host;
    event.record.host.draining = !host->draining;
    commit_all(world, &event, 1);
}

static void pass_time(struct world *world)
{
    struct event event;
    world->wall_ms += (int64_t)roll(world, 100000) - 1000; // clocks are set back, too
    struct session_ages ages = {commit_now_ms(world->commit), INT64_MAX};
    if (session_overdue(world->core.state, "", &ages, 60000, &event))
        commit_all(world, &event, 1);
}

static void step(struct world *world)
{
    switch (roll(world, 14)) {
    case 0:
    case 1:
    case 2:
    case 3:
        log_on(world);
        break;
    case 4:
        report(world);
        break;
    case 5:
        drain(world);
        break;
    case 12:
        change(world);
        break;
    case 13:
        change_grant(world);
        break;
    case 6:
        world->core.health[1 + roll(world, 4)] = roll(world, 3) ? HOST_OK : HOST_UNREACHABLE;
        break;
    case 7:
        pass_time(world);
        break;
    case 8:
        answer_store(world, STORE_REFUSED);
        break;
    case 9:
        if (roll(world, 3) == 0)
            crash(world);
        break;
    default:
        answer_store(world, STORE_DURABLE);
        break;
    }
}

// ---- what must always hold

static void check_sessions(const struct world *world)
{
    const struct state *state = world->core.state;
    const struct sorted_table *sessions = state_table(state, NOUN_SESSION);
    for (size_t i = 0; i < sessions->count; i++) {
        const struct session *session = sessions->records[i];
        const struct host *host = state_host(state, session->host);
        char tenant[SLUG_SIZE];
        id_tenant(tenant, session->id);
        must(host && strcmp(host->pool, session->pool) == 0, "a host of another pool");
        must(id_is_of_tenant(session->host, tenant) || strcmp(session->pool, given_pool) == 0, "a foreign host");
        must(id_is_of_tenant(session->device, tenant) || text_equal(tenant, "altdorf"), "a foreign desk");
        must(id_is_of_tenant(session->profile, tenant) && id_is_of_tenant(session->person, tenant), "a foreign tenant");
        for (size_t j = i + 1; j < sessions->count; j++) {
            const struct session *other = sessions->records[j];
            must(strcmp(session->person, other->person) != 0 || strcmp(session->pool, other->pool) != 0,
                 "two sessions of one person in one pool");
        }
    }
}

static void check_limits(const struct world *world)
{
    const struct sorted_table *hosts = state_table(world->core.state, NOUN_HOST);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = hosts->records[i];
        must(state_uses(world->core.state, NOUN_HOST, host->id) <= host->max_sessions, "more sessions than the limit");
    }
}

static void check_replay(const struct world *world)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct sorted_table *is = state_table(world->core.state, noun),
                                  *replayed = state_table(world->shadow, noun);
        must(is->count == replayed->count, "replay differs");
        for (size_t i = 0; i < is->count; i++) {
            const char *id = is->records[i];
            must(memcmp(id, replayed->records[i], noun_rows[noun].size) == 0, id);
            must(state_uses(world->core.state, noun, id) == state_uses(world->shadow, noun, id), id);
        }
    }
}

Test(histories, hold_what_must_always_hold, .timeout = 240)
{
    static struct world world;
    uint64_t first = getenv("PULT_SEED") ? strtoull(getenv("PULT_SEED"), NULL, 10) : 1;
    uint64_t count = getenv("PULT_HISTORIES") ? strtoull(getenv("PULT_HISTORIES"), NULL, 10) : HISTORIES;
    uint64_t sessions = 0, crashes = 0;
    for (seed_now = first; seed_now < first + count; seed_now++) {
        open_world(&world, seed_now);
        for (int i = 0; i < STEPS; i++) {
            step(&world);
            check_sessions(&world);
            check_limits(&world);
            check_replay(&world);
            must(state_is_sound(world.core.state), "an order or a count differs from the records");
        }
        sessions += state_count(world.core.state, NOUN_SESSION);
        crashes += world.durable;
        close_world(&world);
    }
    // The histories must have gone somewhere, or the checks looked at nothing.
    cr_assert_gt(sessions, count);
    cr_assert_gt(crashes, count * 3);
    cr_assert_gt(crossings, count / 10);
    cr_assert_gt(visits, count / 10);
}
