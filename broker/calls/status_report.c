// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/status_report.h"
#include "broker/api/machine.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/core/enrolment.h"
#include "broker/core/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t soon_ms = 30ll * 24 * 60 * 60 * 1000;

static void ignore(void *arg, enum auth_verdict verdict, const struct identity *identity)
{
    (void)arg, (void)verdict, (void)identity;
}

static void add_directory(struct record_list *directories, struct services *services, const struct tenant *tenant)
{
    struct directory_status status;
    struct directory_report *report = record_add(directories, &directory_report_type);
    services->auth.status(services->auth.self, tenant, &status);
    TEXT_PUT(report->tenant, tenant->id);
    report->state = status.state;
    TEXT_PUT(report->server, status.server);
    if (status.since_ms)
        report->since_ms = clock_wall_ms() - (clock_steady_ms() - status.since_ms);
    report->connections = (int64_t)status.connections;
    TEXT_PUT(report->last_failure, status.last_failure);
    TEXT_PUT(report->kerberos, status.kerberos);
    // Whoever looks again shall know whether it answers.
    if (status.state == DIRECTORY_UNKNOWN)
        services->auth.look_up(services->auth.self, tenant, "nobody", ignore, NULL);
}

void status_report_directories(struct record_list *directories, struct services *services, const struct peer *peer)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_TENANT, "");
    for (const struct tenant *tenant; (tenant = wall_next(&walk));)
        add_directory(directories, services, tenant);
}

int64_t status_report_draining(const struct services *services, const struct peer *peer)
{
    int64_t count = 0;
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_HOST, "");
    for (const struct host *host; (host = wall_next(&walk));)
        count += host->draining;
    return count;
}

void status_report_own_certificates(struct record_list *certificates, const struct services *services,
                                    const struct peer *peer)
{
    for (enum own_certificate_kind kind = 0; kind < OWN_CERTIFICATE_COUNT; kind++) {
        const struct own_certificate *own = &services->own_certificates[kind];
        if (!own->until_ms)
            continue;
        struct own_certificate_report *report = record_add(certificates, &own_certificate_report_type);
        report->kind = kind;
        report->until_ms = own->until_ms;
        if (peer->role == ROLE_DISTRICT)
            TEXT_PUT(report->problem, own->problem);
    }
}

static void add_ending(struct record_list *ending, const struct services *services, const struct peer *peer,
                       enum noun noun)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, noun, "");
    for (const char *id; (id = wall_next(&walk));) {
        int64_t until_ms = enrolment_until_ms(noun, id);
        if (!until_ms || until_ms - commit_now_ms(services->commit) > soon_ms)
            continue;
        struct certificate_ending *row = record_add(ending, &certificate_ending_type);
        row->kind = noun;
        TEXT_PUT(row->id, id);
        row->until_ms = until_ms;
    }
}

void status_report_certificates(struct record_list *ending, const struct services *services, const struct peer *peer)
{
    for (size_t i = 0; i < machine_count; i++)
        add_ending(ending, services, peer, machine_rows[i].noun);
}

void status_report_grants(struct record_list *ending, const struct services *services, const struct peer *peer)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_GRANT, "");
    for (const struct grant *grant; (grant = wall_next(&walk));)
        if (grant_ends_soon(grant, commit_now_ms(services->commit)))
            *(struct grant *)record_add(ending, &noun_types[NOUN_GRANT]) = *grant;
}

static void add_shared(struct record_list *shared, const struct services *services, const struct peer *peer,
                       enum noun noun)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, noun, "");
    for (const char *id; (id = wall_next(&walk));) {
        int64_t since_ms = enrolment_shared_ms(noun, id);
        if (!since_ms)
            continue;
        struct identity_shared *row = record_add(shared, &identity_shared_type);
        row->kind = noun;
        TEXT_PUT(row->id, id);
        row->since_ms = since_ms;
    }
}

void status_report_shared(struct record_list *shared, const struct services *services, const struct peer *peer)
{
    for (size_t i = 0; i < machine_count; i++)
        add_shared(shared, services, peer, machine_rows[i].noun);
}

static int64_t first_seen_ms(const struct services *services, const char *person_id)
{
    const struct person *person = state_find(services->state, NOUN_PERSON, person_id);
    return person ? person->first_seen_ms : 0;
}

// A user name that an assignment is somebody's by, and who has it now: of all who ever had it, the one who came last.
struct name_row {
    char key[SLUG_SIZE + USER_NAME_SIZE]; // "tenant/name"
    const struct store_person *newest;    // NULL: not seen yet
    int64_t since_ms;
};

static void print_name_key(char key[SLUG_SIZE + USER_NAME_SIZE], const char *id, const char *user_name)
{
    char tenant_id[SLUG_SIZE];
    wall_owner(tenant_id, id);
    snprintf(key, SLUG_SIZE + USER_NAME_SIZE, "%s/%s", tenant_id, user_name);
    text_lower_name(key);
}

static struct name_row *find_name(const struct sorted_table *names, const char *id, const char *user_name)
{
    char key[SLUG_SIZE + USER_NAME_SIZE];
    print_name_key(key, id, user_name);
    return sorted_table_find(names, key);
}

static void collect_names(struct sorted_table *names, const struct services *services, const struct peer *peer)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_ASSIGNMENT, "");
    for (const struct assignment *assignment; (assignment = wall_next(&walk));) {
        if (!assignment->holder[0])
            continue;
        struct name_row *row = mem_new(1, sizeof *row);
        print_name_key(row->key, assignment->id, assignment->person);
        free(sorted_table_put(names, row));
    }
}

// Once through the people, whatever the number of assignments.
static void find_newest(struct sorted_table *names, const struct services *services)
{
    const struct sorted_table *people = &services->people.by_id;
    for (size_t i = 0; names->count && i < people->count; i++) {
        const struct store_person *person = people->records[i];
        struct name_row *row = find_name(names, person->id, person->user_name);
        int64_t since_ms = row ? first_seen_ms(services, person->id) : 0;
        if (!row || since_ms <= row->since_ms)
            continue;
        row->newest = person;
        row->since_ms = since_ms;
    }
}

void status_report_names(struct record_list *reused, const struct services *services, const struct peer *peer)
{
    struct sorted_table names = {0};
    collect_names(&names, services, peer);
    find_newest(&names, services);
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_ASSIGNMENT, "");
    for (const struct assignment *assignment; (assignment = wall_next(&walk));) {
        const struct name_row *name = find_name(&names, assignment->id, assignment->person);
        if (!assignment->holder[0] || !name->newest || name->since_ms <= first_seen_ms(services, assignment->holder))
            continue;
        struct name_reused *row = record_add(reused, &name_reused_type);
        TEXT_PUT(row->assignment, assignment->id);
        TEXT_PUT(row->user_name, assignment->person);
        TEXT_PUT(row->holder, assignment->holder);
        TEXT_PUT(row->person, name->newest->id);
    }
    sorted_table_clear(&names);
}

// An agent of the wrong version is the cause, whatever else is seen of it.
static const char *detail_of(const struct services *services, const char *host_id)
{
    struct link_agent agent;
    bool is_refused = services->links.agent(services->links.self, NOUN_HOST, host_id, &agent) && agent.refusal;
    return is_refused ? refusal_rows[agent.refusal].sentence : services->health.detail(services->health.arg, host_id);
}

void status_report_problems(struct record_list *problems, const struct services *services, const struct peer *peer)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_HOST, "");
    for (const struct host *host; (host = wall_next(&walk));) {
        if (host_is_available(&services->health, host->id))
            continue;
        struct host_problem *problem = record_add(problems, &host_problem_type);
        TEXT_PUT(problem->host, host->id);
        TEXT_PUT(problem->pool, host->pool);
        problem->health = services->health.get(services->health.arg, host->id);
        text_cut(problem->detail, sizeof problem->detail, detail_of(services, host->id));
        problem->sessions = state_uses(services->state, NOUN_HOST, host->id);
    }
}

static struct agent_count *count_of(struct record_list *agents, enum noun noun, const struct link_agent *agent)
{
    const char *code = agent->refusal == REFUSAL_NONE ? "" : refusal_rows[agent->refusal].code;
    for (size_t i = 0; i < agents->count; i++) {
        struct agent_count *row = record_at(agents, &agent_count_type, i);
        if (row->kind == noun && row->protocol == agent->protocol && text_equal(row->version, agent->version) &&
            text_equal(row->refusal, code))
            return row;
    }
    struct agent_count *row = record_add(agents, &agent_count_type);
    row->kind = noun;
    row->protocol = agent->protocol;
    TEXT_PUT(row->version, agent->version);
    TEXT_PUT(row->refusal, code);
    return row;
}

void status_report_agents(struct record_list *agents, const struct services *services, const struct peer *peer)
{
    for (size_t i = 0; i < machine_count; i++) {
        enum noun noun = machine_rows[i].noun;
        struct wall_walk walk = wall_walk_seen(services->state, peer, noun, "");
        struct link_agent agent;
        for (const char *id; (id = wall_next(&walk));)
            if (services->links.agent(services->links.self, noun, id, &agent))
                count_of(agents, noun, &agent)->count++;
    }
}

static void add_printing(struct record_list *printing, const struct services *services, enum noun noun, const char *id,
                         int64_t state, const char *detail)
{
    struct printing_problem *problem = record_add(printing, &printing_problem_type);
    bool is_printer = noun == NOUN_PRINTER;
    problem->kind = noun;
    TEXT_PUT(problem->id, id);
    problem->state = state;
    TEXT_PUT(problem->detail, detail);
    problem->jobs = print_jobs_waiting(&services->print_jobs, is_printer ? id : NULL, is_printer ? NULL : id);
}

void status_report_printing(struct record_list *printing, const struct services *services, const struct peer *peer)
{
    struct wall_walk servers = wall_walk_seen(services->state, peer, NOUN_PRINT_SERVER, "");
    for (const struct print_server *server; (server = wall_next(&servers));)
        if (server->certificate[0] && !services->links.online(services->links.self, NOUN_PRINT_SERVER, server->id))
            add_printing(printing, services, NOUN_PRINT_SERVER, server->id, PRINTING_SILENT, "");
    struct wall_walk printers = wall_walk_seen(services->state, peer, NOUN_PRINTER, "");
    for (const struct printer *printer; (printer = wall_next(&printers));) {
        const struct known_printer *known = sorted_table_find(&services->print_jobs.printers, printer->id);
        if (known && (known->state == PRINTER_STOPPED || known->state == PRINTER_UNREACHABLE))
            add_printing(printing, services, NOUN_PRINTER, printer->id, known->state, known->detail);
    }
}

void status_report_gateways(struct record_list *gateways, const struct services *services, const struct peer *peer)
{
    struct wall_walk walk = wall_walk_seen(services->state, peer, NOUN_GATEWAY, "");
    for (const struct gateway *gateway; (gateway = wall_next(&walk));) {
        bool is_silent =
            gateway->certificate[0] && !services->links.online(services->links.self, NOUN_GATEWAY, gateway->id);
        if (!is_silent && !gateway->draining)
            continue;
        struct gateway_problem *problem = record_add(gateways, &gateway_problem_type);
        TEXT_PUT(problem->gateway, gateway->id);
        problem->state = is_silent ? GATEWAY_IS_SILENT : GATEWAY_IS_DRAINING;
        problem->channels = (int64_t)channels_carried(&services->channels, gateway->id);
    }
}

void status_report_floods(struct record_list *floods, const struct services *services, const struct peer *peer)
{
    for (enum listener_kind kind = 0; kind < LISTENER_COUNT; kind++) {
        struct listener_figures figures;
        services->listeners.figures(services->listeners.self, kind, &figures);
        if (!figures.flood_since_ms)
            continue;
        struct flood_report *report = record_add(floods, &flood_report_type);
        report->port = kind;
        report->since_ms = clock_wall_ms() - (clock_steady_ms() - figures.flood_since_ms);
        report->dropped = (int64_t)figures.flood_dropped;
        report->connections = (int64_t)figures.unproven;
        if (peer->role == ROLE_DISTRICT)
            TEXT_PUT(report->network, figures.network);
    }
}

void status_report_guesses(struct record_list *guesses, const struct services *services, const struct peer *peer)
{
    static const enum throttle_kind kinds[] = {THROTTLE_DESK_NAME, THROTTLE_ADMIN_NAME, THROTTLE_DOOR_NAME};
    int64_t now_ms = clock_steady_ms(), zero_ms = clock_wall_ms() - now_ms;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct throttled throttled;
        for (size_t at = 0; throttle_next(services->throttle, kinds[i], &at, now_ms, &throttled);) {
            if (!wall_can_see(services->state, peer, NOUN_PERSON, throttled.what))
                continue;
            struct guesses_report *report = record_add(guesses, &guesses_report_type);
            TEXT_PUT(report->name, throttled.what);
            report->port = (int64_t)i;
            TEXT_PUT(report->from, throttled.from);
            report->failures = throttled.failures;
            report->last_ms = zero_ms + throttled.last_ms;
            report->until_ms = zero_ms + throttled.until_ms;
        }
    }
}
