// SPDX-License-Identifier: EUPL-1.2
// A seeded simulator of printing: people who move, hosts that lie, printers that stop, links that break, a store that
// answers late or refuses, a broker that crashes; two tenants with a print server each, which say again what was not
// acknowledged, and which let each other use a printer now and then, for a while. A failing seed is printed and can be
// run alone: PULT_SEED=n PULT_HISTORIES=1.
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/calls/print_messages.h"
#include "broker/calls/print_orders.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 3000, STEPS = 140, LOG_MAX = 1024, JOBS_MAX = 64, SERVERS = 2, PEOPLE = 4, FLUSHES = 100 };

struct model_job {
    char name[JOB_NAME_SIZE], host[ID_SIZE], user_name[USER_NAME_SIZE];
    char owner[ID_SIZE];  // in truth; empty: nobody's, a host lies
    char target[ID_SIZE]; // chosen; empty: next to its owner
    int64_t created_ms, number;
    bool printed;
};

struct model_server {
    const char *id, *tenant;
    struct model_job jobs[JOBS_MAX];
    size_t count;
    int64_t last_number, counted; // of its accounts; acknowledged
    const struct model_job *asked;
    bool linked;
};

struct world {
    struct core_fixture core;
    struct services services;
    uint64_t random;
    char *disk[LOG_MAX];
    size_t durable;
    struct text base;
    const struct store_batch *batch;
    store_done *done;
    void *done_arg;
    int64_t wall_ms;
    struct model_server servers[SERVERS];
};

static struct world world;
static uint64_t seed_now, crossed;
static const char *const printers[] = {"neustadt/desk1", "neustadt/desk2", "neustadt/desk3", "altdorf/desk1"};

static void must(bool holds, const char *what)
{
    if (!holds)
        cr_assert_fail("seed %llu: %s", (unsigned long long)seed_now, what);
}

static uint64_t roll(uint64_t sides)
{
    uint64_t x = world.random += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (x ^ (x >> 31)) % sides;
}

// ---- the store

static void append(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    (void)self;
    world.batch = batch;
    world.done = done;
    world.done_arg = arg;
}

static bool rebuild(void *arg, struct state *state, uint64_t *last_seq, int64_t *last_ms, struct fault *why)
{
    (void)arg;
    must(state_read(state, world.base.bytes, world.base.length, why), why->text);
    for (size_t i = 0; i < world.durable; i++) {
        struct event event = {0};
        must(event_read(&event, world.disk[i], strlen(world.disk[i]), why), why->text);
        state_apply(state, &event);
    }
    *last_seq = world.durable;
    *last_ms = 0;
    return true;
}

static void write_disk(void)
{
    for (size_t i = 0; i < world.batch->event_count; i++)
        world.disk[world.durable++] = strndup(world.batch->events[i].payload, world.batch->events[i].length);
}

static void answer_store(enum store_outcome outcome)
{
    static const struct fault full = {.kind = FAULT_UNAVAILABLE, .text = "full"};
    store_done *done = world.done;
    world.done = NULL;
    if (done && outcome == STORE_DURABLE)
        write_disk();
    if (done)
        done(world.done_arg, outcome, &full);
}

static int64_t wall(void *arg)
{
    (void)arg;
    return world.wall_ms;
}

static void start_commit(void)
{
    struct commit_ports ports = {{.append = append}, NULL, rebuild, NULL, wall, NULL};
    world.services.commit = commit_new(world.core.state, &ports, world.durable, 0);
}

// ---- the print servers, and what they are told

static struct model_server *server_of(const char *id)
{
    return &world.servers[text_equal(id, world.servers[1].id)];
}

static const struct printer *printer_of(const char *id)
{
    return state_find(world.core.state, NOUN_PRINTER, id);
}

// By what stands in the grants, not by how the wall reads them.
static bool is_granted(const char *tenant, const char *printer)
{
    const struct sorted_table *grants = state_table(world.core.state, NOUN_GRANT);
    for (size_t i = 0; i < grants->count; i++) {
        const struct grant *grant = grants->records[i];
        if (text_equal(grant->to, tenant) && text_equal(grant->printer, printer) && grant->since_ms &&
            grant->until_ms > world.wall_ms)
            return true;
    }
    return false;
}

// Whatever was decided: never for another than its owner, never across the wall, never where the owner is not.
static void check_sending(const struct model_server *server, const struct print_message *routed)
{
    const struct model_job *job = server->asked;
    must(job->owner[0] && text_equal(routed->person, job->owner), "sent for another than its owner");
    bool is_own = id_is_of_tenant(routed->printer, server->tenant);
    must(is_own || is_granted(server->tenant, routed->printer), "sent across the wall");
    crossed += !is_own;
    must(text_equal(routed->key, "key"), "no key for what is sent");
    must(print_route_trouble(&(struct print_world){world.core.state, &world.services.people, &world.services.reports,
                                                   &world.services.print_jobs},
                             printer_of(routed->printer)) == JOB_REASON_NONE,
         "sent to a printer that cannot print");
    if (job->target[0]) {
        must(text_equal(routed->printer, job->target) || routed->reason == JOB_AT_SUBSTITUTE, "sent elsewhere");
        return;
    }
    bool at_a_desk = false, near = false;
    struct session_walk walk = state_sessions_of(world.core.state, SESSIONS_OF_PERSON, job->owner);
    for (const struct session *session; (session = state_next_session(&walk));) {
        const struct device *device =
            session->state == SESSION_CONNECTED ? state_device(world.core.state, session->device) : NULL;
        at_a_desk = at_a_desk || device;
        near = near || (device && text_equal(device->room, printer_of(routed->printer)->room));
    }
    must(at_a_desk, "sent while nobody is at a desk");
    must(near || routed->reason == JOB_AT_SUBSTITUTE, "sent where its owner is not");
}

static void take_routed(struct model_server *server, const struct print_message *routed)
{
    struct model_job *job = (struct model_job *)(uintptr_t)server->asked;
    must(job && text_equal(routed->job, job->name), "an answer to another question");
    must(routed->outcome == PRINT_SEND || !routed->key[0], "a key for what is not sent");
    if (routed->outcome != PRINT_SEND)
        return;
    check_sending(server, routed);
    if (roll(8) == 0)
        return; // the printer was busy after all
    job->printed = true;
    job->number = ++server->last_number;
}

static bool send_message(void *self, enum noun noun, const char *id, const void *bytes)
{
    const struct print_message *message = bytes;
    (void)self;
    if (noun != NOUN_PRINT_SERVER || !server_of(id)->linked)
        return false;
    struct model_server *server = server_of(id);
    if (message->type == PRINT_ROUTED)
        take_routed(server, message);
    if (message->type == PRINT_COUNTED) {
        must(message->number <= server->last_number, "counted what was never said");
        if (message->number > server->counted)
            server->counted = message->number;
    }
    return true;
}

static bool is_online(void *self, enum noun noun, const char *id)
{
    (void)self;
    return noun == NOUN_PRINT_SERVER && server_of(id)->linked;
}

static bool show_authority(void *self, struct ca_certificate *certificate)
{
    (void)self;
    *certificate = (struct ca_certificate){.der = mem_new(1, 2), .length = 2};
    return true;
}

static bool open_sealed(void *self, const char *sealed, const char *holder, char *key, size_t size, struct fault *why)
{
    (void)self, (void)sealed, (void)holder, (void)why;
    text_put(key, size, "key");
    return true;
}

// ---- the world

static void add_people(const char *tenant)
{
    for (int i = 0; i < PEOPLE; i++) {
        union record record = {.person = {.first_seen_ms = 1}};
        struct store_person person = {.name = "Somebody"};
        snprintf(record.id, ID_SIZE, "%s/p-p%d", tenant, i);
        TEXT_PUT(person.id, record.id);
        snprintf(person.key, sizeof person.key, "%d", i);
        snprintf(person.user_name, sizeof person.user_name, "p%d", i);
        people_put(&world.services.people, &person);
        core_set(&world.core, NOUN_PERSON, &record);
    }
}

// Each desk has a printer in its room, which is the substitute of the next desk's.
static void add_printers(void)
{
    static const char *const desks[] = {"neustadt/desk1", "neustadt/desk2", "neustadt/desk3", "altdorf/desk1"};
    for (size_t i = 0; i < 4; i++) {
        union record printer = {.printer = {.name = "printer", .uri = "ipp://p/"}};
        const struct device *device = state_device(world.core.state, desks[i]);
        TEXT_PUT(printer.printer.id, device->id);
        TEXT_PUT(printer.printer.site, device->site);
        TEXT_PUT(printer.printer.room, device->room);
        TEXT_PUT(printer.printer.substitute, i < 3 ? desks[(i + 1) % 3] : "");
        core_set(&world.core, NOUN_PRINTER, &printer);
    }
}

static void let_print(const char *profile_id)
{
    union record profile = {.profile = *(const struct profile *)state_find(world.core.state, NOUN_PROFILE, profile_id)};
    profile.profile.printers = true;
    core_set(&world.core, NOUN_PROFILE, &profile);
}

static void open_world(uint64_t seed)
{
    world = (struct world){.random = seed, .wall_ms = 1700000000000};
    world.servers[0] = (struct model_server){.id = "neustadt/print", .tenant = "neustadt"};
    world.servers[1] = (struct model_server){.id = "altdorf/print", .tenant = "altdorf"};
    core_open(&world.core);
    world.services.state = world.core.state;
    world.services.links = (struct link_port){.online = is_online, .send = send_message};
    world.services.ca.authority = show_authority;
    world.services.seal = (struct seal_port){.certificate = "seal", .open = open_sealed};
    print_jobs_init(&world.services.print_jobs);
    add_printers();
    add_people("neustadt");
    add_people("altdorf");
    static const char *const hosts[] = {"neustadt/ts1", "neustadt/ts2", "neustadt/ts3", "altdorf/ts4"};
    for (size_t i = 0; i < 4; i++)
        core_set_agent(&world.core, hosts[i], true);
    let_print("neustadt/clerk");
    let_print("neustadt/builder");
    let_print("altdorf/clerk");
    state_print(world.core.state, &world.base);
    start_commit();
}

static void close_world(void)
{
    for (size_t i = 0; i < SERVERS; i++)
        world.servers[i].linked = false;
    answer_store(STORE_REFUSED); // who waits is told
    commit_free(world.services.commit);
    print_jobs_clear(&world.services.print_jobs);
    people_clear(&world.services.people);
    reports_clear(&world.services.reports);
    core_close(&world.core);
    text_drop(&world.base);
    for (size_t i = 0; i < world.durable; i++)
        free(world.disk[i]);
}

// ---- what happens

static void commit_all(struct event *events, size_t count)
{
    struct fault why;
    if (count && !commit_events(world.services.commit, events, count, NULL, 0, NULL, NULL, &why))
        must(why.kind == FAULT_UNAVAILABLE, "refused otherwise");
}

static const struct session *any_session(void)
{
    const struct sorted_table *sessions = state_table(world.core.state, NOUN_SESSION);
    return sessions->count ? sessions->records[roll(sessions->count)] : NULL;
}

static void log_on(void)
{
    static const char *const devices[] = {"neustadt/desk1", "neustadt/desk2", "neustadt/desk3", "altdorf/desk1"};
    static struct logon_decision decision;
    char user_name[8];
    snprintf(user_name, sizeof user_name, "p%u", (unsigned)roll(PEOPLE));
    world.core.now_ms = world.wall_ms;
    core_decide(&world.core, user_name, "rathaus", devices[roll(4)], &decision);
    if (decision.refusal == REFUSAL_NONE)
        commit_all(decision.events, decision.event_count);
}

static void change(void)
{
    struct event event;
    const struct session *session = any_session();
    enum session_happening what =
        SESSION_HOST_CONNECTS + (unsigned)roll(SESSION_HAPPENING_COUNT - SESSION_HOST_CONNECTS);
    if (roll(2))
        what = SESSION_HOST_CONNECTS;
    if (!session || !session_may((enum session_state)session->state, what))
        return;
    session_change(session, what, "somebody", world.wall_ms, &event);
    commit_all(&event, 1);
}

// A host that lies names somebody who never was there.
static void print(void)
{
    const struct session *session = any_session();
    if (!session)
        return;
    char tenant[SLUG_SIZE];
    id_tenant(tenant, session->host);
    struct model_server *server = &world.servers[text_equal(tenant, "altdorf")];
    if (server->count == JOBS_MAX)
        return;
    struct model_job *job = &server->jobs[server->count++];
    bool lies = roll(6) == 0;
    *job = (struct model_job){.created_ms = world.wall_ms};
    snprintf(job->name, sizeof job->name, "j-%zu", server->count);
    TEXT_PUT(job->host, session->host);
    TEXT_PUT(job->user_name, lies ? "p9" : strstr(session->person, "p-") + 2);
    TEXT_PUT(job->owner, lies ? "" : session->person);
    TEXT_PUT(job->target, roll(4) ? "" : printers[roll(4)]);
}

static void route(struct model_server *server)
{
    const struct model_job *job = server->count ? &server->jobs[roll(server->count)] : NULL;
    if (!job || job->printed || !server->linked)
        return;
    struct print_message message = {
        .type = PRINT_ROUTE, .request_id = 1, .sealed = "sealed", .created_ms = job->created_ms};
    TEXT_PUT(message.job, job->name);
    TEXT_PUT(message.host, job->host);
    TEXT_PUT(message.user_name, job->user_name);
    TEXT_PUT(message.target, job->target);
    TEXT_PUT(message.certificate, state_host(world.core.state, job->host)->certificate);
    server->asked = job;
    print_message(&world.services, server->id, &message);
}

static void account(struct model_server *server)
{
    for (int64_t number = server->counted + 1; server->linked && number <= server->last_number; number++)
        for (size_t i = 0; i < server->count; i++) {
            const struct model_job *job = &server->jobs[i];
            if (job->number != number)
                continue;
            struct print_message message = {.type = PRINT_PRINTED, .number = number, .impressions = 1, .sheets = 1};
            TEXT_PUT(message.job, job->name);
            TEXT_PUT(message.person, job->owner);
            print_message(&world.services, server->id, &message);
        }
}

static void link_up(struct model_server *server)
{
    if (server->linked)
        return;
    server->linked = true;
    print_linked(&world.services, server->id);
}

static void link_down(struct model_server *server)
{
    if (!server->linked)
        return;
    server->linked = false;
    print_unlinked(&world.services, server->id);
}

// All or nothing of the batch under way reaches the disk; who waits hears nothing more.
static void crash(void)
{
    for (size_t i = 0; i < SERVERS; i++)
        link_down(&world.servers[i]);
    if (world.done && roll(2))
        write_disk();
    answer_store(STORE_REFUSED);
    commit_free(world.services.commit);
    print_jobs_clear(&world.services.print_jobs);
    start_commit();
}

static void stop_printer(struct model_server *server)
{
    struct print_message message = {.type = PRINT_PRINTER, .printer_state = roll(3) ? PRINTER_IDLE : PRINTER_STOPPED};
    TEXT_PUT(message.printer, printers[roll(4)]);
    if (server->linked)
        print_message(&world.services, server->id, &message);
}

// To the other tenant, of one of the printers, for some seconds; or an end to it.
static void grant_or_revoke(void)
{
    const char *printer = printers[roll(4)];
    const struct grant *there;
    struct event event = {.type = EVENT_SET, .noun = NOUN_GRANT, .by = "somebody"};
    struct grant *grant = &event.record.grant;
    snprintf(grant->id, sizeof grant->id, "%.*s/g-%s", (int)strcspn(printer, "/"), printer, strchr(printer, '/') + 1);
    there = state_find(world.core.state, NOUN_GRANT, grant->id);
    if (there && roll(2)) {
        event.type = EVENT_GRANT_REVOKED;
        *grant = *there;
    } else {
        TEXT_PUT(grant->to, text_starts(printer, "altdorf/") ? "neustadt" : "altdorf");
        TEXT_PUT(grant->printer, printer);
        TEXT_PUT(grant->reason, "their own is being repaired");
        grant->until_ms = world.wall_ms + (int64_t)roll(20000);
        for (size_t side = 0; side < GRANT_SIDE_COUNT; side++)
            grant->approvals[side] = (struct grant_approval){"x/y", roll(8) ? world.wall_ms : 0};
        bool approved = grant->approvals[0].at_ms && grant->approvals[1].at_ms;
        grant->since_ms = approved ? world.wall_ms : 0;
    }
    commit_all(&event, 1);
}

static void step(void)
{
    struct model_server *server = &world.servers[roll(SERVERS)];
    switch (roll(16)) {
    case 0:
        log_on();
        break;
    case 1:
    case 2:
        change();
        break;
    case 3:
    case 4:
        print();
        break;
    case 5:
    case 6:
        route(server);
        break;
    case 7:
        account(server);
        break;
    case 8:
        link_up(server);
        break;
    case 9:
        if (roll(3) == 0)
            link_down(server);
        break;
    case 10:
        if (roll(6) == 0)
            crash();
        break;
    case 11:
        stop_printer(server);
        break;
    case 12:
    case 13:
        grant_or_revoke();
        break;
    case 14:
        answer_store(roll(4) ? STORE_DURABLE : STORE_REFUSED);
        break;
    default:
        answer_store(STORE_DURABLE);
        world.wall_ms += (int64_t)roll(5000);
        break;
    }
}

// ---- what must hold at the end

static void settle(void)
{
    for (int turn = 0; turn < FLUSHES; turn++, world.wall_ms += 10000) // after a refusal it takes its time
        for (size_t i = 0; i < SERVERS; i++) {
            link_up(&world.servers[i]);
            account(&world.servers[i]);
            answer_store(STORE_DURABLE);
        }
}

// How often that entry stands in the journal; and whose it is there.
static int count_entries(const struct model_server *server, const struct model_job *job)
{
    int count = 0;
    for (size_t i = 0; i < world.durable; i++) {
        struct event event = {0};
        struct fault why;
        must(event_read(&event, world.disk[i], strlen(world.disk[i]), &why), why.text);
        const struct print_job *entry = &event.record.job;
        if (event.type != EVENT_JOB_PRINTED || !text_equal(entry->server, server->id) || entry->number != job->number)
            continue;
        must(text_equal(entry->person, job->owner), "accounted to somebody else");
        must(text_equal(strchr(entry->id, '/') + 1, job->name), "another job's account");
        count++;
    }
    return count;
}

static void check_accounts(void)
{
    for (size_t s = 0; s < SERVERS; s++) {
        const struct model_server *server = &world.servers[s];
        const struct print_server *record = state_find(world.core.state, NOUN_PRINT_SERVER, server->id);
        must(server->counted == server->last_number, "never acknowledged");
        must(record->accounts == server->last_number, "the state is not as far as the journal");
        for (size_t i = 0; i < server->count; i++)
            if (server->jobs[i].printed)
                must(count_entries(server, &server->jobs[i]) == 1, "an account that is not there exactly once");
    }
}

Test(print_histories, nothing_crosses_the_wall_and_accounts_are_written_once)
{
    const char *seed = getenv("PULT_SEED"), *histories = getenv("PULT_HISTORIES");
    uint64_t first = seed ? strtoull(seed, NULL, 10) : 1, count = histories ? strtoull(histories, NULL, 10) : HISTORIES;
    uint64_t printed = 0;
    log_set_level(LOG_LEVEL_ERROR);
    for (seed_now = first; seed_now < first + count; seed_now++) {
        open_world(seed_now);
        for (int i = 0; i < STEPS; i++)
            step();
        settle();
        check_accounts();
        must(state_is_sound(world.core.state), "the state is not sound");
        printed += (uint64_t)world.servers[0].last_number + (uint64_t)world.servers[1].last_number;
        close_world();
    }
    cr_assert(histories || printed > count, "it printed %llu jobs only", (unsigned long long)printed);
    cr_assert(histories || crossed > count / 100, "%llu by a grant only", (unsigned long long)crossed);
}
