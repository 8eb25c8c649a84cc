// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/core/core_fixture.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <string.h>

static enum host_health health_of(void *arg, const char *host_id)
{
    const struct core_fixture *core = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? core->health[*digit - '0'] : HOST_OK;
}

static int64_t load_penalty_of(void *arg, const char *host_id)
{
    const struct core_fixture *core = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? core->load_penalty[*digit - '0'] : 0;
}

static int64_t fence_of(void *arg, const char *host_id)
{
    const struct core_fixture *core = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? core->seen_fence[*digit - '0'] : 0;
}

static bool wakes(void *arg, const char *host_id)
{
    const struct core_fixture *core = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit && core->asleep[*digit - '0'];
}

void core_set(struct core_fixture *core, enum noun noun, const union record *record)
{
    struct event event = {.type = EVENT_SET, .noun = noun, .record = *record};
    state_apply(core->state, &event);
}

static void add_tenant(struct core_fixture *core, const char *id)
{
    union record record = {
        .tenant = {.servers = "ldaps://dir.example", .user_base = "dc=example", .bind_dn = "cn=pult"}};
    TEXT_PUT(record.tenant.id, id);
    TEXT_PUT(record.tenant.name, id);
    core_set(core, NOUN_TENANT, &record);
}

static void add_pool(struct core_fixture *core, const char *id)
{
    union record record = {.pool = {.name = "pool"}};
    TEXT_PUT(record.pool.id, id);
    core_set(core, NOUN_POOL, &record);
}

static void add_host(struct core_fixture *core, const char *id, const char *pool)
{
    union record record = {.host = {.address = "ts.example", .port = 3389, .weight = 100, .max_sessions = 3}};
    TEXT_PUT(record.host.id, id);
    TEXT_PUT(record.host.pool, pool);
    core_set(core, NOUN_HOST, &record);
}

static void add_profile(struct core_fixture *core, const char *id, const char *pool, const char *group,
                        const char *hours)
{
    union record record = {.profile = {.name = "profile", .clipboard = true}};
    TEXT_PUT(record.profile.id, id);
    TEXT_PUT(record.profile.pool, pool);
    TEXT_PUT(record.profile.hours, hours);
    core_set(core, NOUN_PROFILE, &record);
    union record assignment = {.assignment = {.priority = 10}};
    TEXT_PUT(assignment.assignment.id, id);
    TEXT_PUT(assignment.assignment.profile, id);
    TEXT_PUT(assignment.assignment.group, group);
    core_set(core, NOUN_ASSIGNMENT, &assignment);
}

static void add_device(struct core_fixture *core, const char *id, const char *site)
{
    union record record = {.device = {.enrolled_ms = 1}};
    TEXT_PUT(record.device.id, id);
    TEXT_PUT(record.device.site, site);
    TEXT_PUT(record.device.room, id);
    memset(record.device.certificate, 'a', DIGEST_SIZE - 1);
    core_set(core, NOUN_DEVICE, &record);
}

static void add_site(struct core_fixture *core, const char *id)
{
    union record record = {.site = {.name = "site"}};
    TEXT_PUT(record.site.id, id);
    core_set(core, NOUN_SITE, &record);
}

static void add_printing(struct core_fixture *core, const char *tenant)
{
    union record printer = {.printer = {.name = "Room 1", .uri = "ipp://printer.example/ipp/print", .room = "1"}};
    union record server = {.print_server = {.address = "print.example", .port = 8631}};
    snprintf(printer.id, ID_SIZE, "%s/room1", tenant);
    snprintf(printer.printer.site, ID_SIZE, "%s/rathaus", tenant);
    snprintf(server.id, ID_SIZE, "%s/print", tenant);
    core_set(core, NOUN_PRINTER, &printer);
    core_set(core, NOUN_PRINT_SERVER, &server);
}

static void add_gateway(struct core_fixture *core, const char *tenant)
{
    union record gateway = {.gateway = {.name = "gw.example", .port = 443}};
    snprintf(gateway.id, ID_SIZE, "%s/gw", tenant);
    core_set(core, NOUN_GATEWAY, &gateway);
}

static int64_t now_of(void *arg)
{
    return ((struct core_fixture *)arg)->now_ms;
}

void core_open(struct core_fixture *core)
{
    *core = (struct core_fixture){.state = state_new(), .now_ms = 1700000000000, .week_minute = 10 * 60};
    for (size_t i = 0; i < 8; i++)
        core->health[i] = HOST_OK;
    core->source = (struct health_source){
        .arg = core, .get = health_of, .load_penalty = load_penalty_of, .fence = fence_of, .wakes = wakes};
    state_set_clock(core->state, &(struct state_clock){core, now_of});
    add_tenant(core, "neustadt");
    add_tenant(core, "altdorf");
    add_site(core, "neustadt/rathaus");
    add_site(core, "altdorf/rathaus");
    add_pool(core, "neustadt/office");
    add_pool(core, "neustadt/building");
    add_pool(core, "altdorf/office");
    add_host(core, "neustadt/ts1", "neustadt/office");
    add_host(core, "neustadt/ts2", "neustadt/office");
    add_host(core, "neustadt/ts3", "neustadt/building");
    add_host(core, "altdorf/ts4", "altdorf/office");
    add_profile(core, "neustadt/clerk", "neustadt/office", "rathaus", "");
    add_profile(core, "neustadt/builder", "neustadt/building", "cn=bauamt,ou=groups,dc=example", "07:00-18:00");
    add_profile(core, "altdorf/clerk", "altdorf/office", "rathaus", "");
    add_device(core, "neustadt/desk1", "neustadt/rathaus");
    add_device(core, "neustadt/desk2", "neustadt/rathaus");
    add_device(core, "neustadt/desk3", "neustadt/rathaus");
    add_device(core, "altdorf/desk1", "altdorf/rathaus");
    add_printing(core, "neustadt");
    add_gateway(core, "neustadt");
    add_gateway(core, "altdorf");
    add_printing(core, "altdorf");
}

void core_close(struct core_fixture *core)
{
    state_free(core->state);
}

static bool group_dn(void *arg, const char *tenant_id, const char *group, char dn[DN_SIZE])
{
    (void)arg, (void)tenant_id;
    bool is_dn = strchr(group, '=');
    snprintf(dn, DN_SIZE, "%s%.200s%s", is_dn ? "" : "cn=", group, is_dn ? "" : ",ou=groups,dc=example");
    text_lower(dn);
    return group[0];
}

const struct group_source core_groups = {NULL, group_dn};

static size_t make_groups(const char *groups, char (*dns)[DN_SIZE])
{
    char copy[400];
    size_t count = 0;
    TEXT_PUT(copy, groups);
    char *rest = copy;
    for (char *name = strsep(&rest, ","); name && *name; name = strsep(&rest, ","))
        snprintf(dns[count++], DN_SIZE, "cn=%s,ou=groups,dc=example", name);
    return count;
}

void core_decide(struct core_fixture *core, const char *user_name, const char *groups, const char *device,
                 struct logon_decision *decision)
{
    char dns[8][DN_SIZE], tenant[SLUG_SIZE], person[ID_SIZE], name[USER_NAME_SIZE];
    const struct tenant *directory = wall_directory(core->state, device, user_name);
    text_put(tenant, sizeof tenant, directory ? directory->id : "");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(user_name, "@"), user_name);
    snprintf(person, sizeof person, "%s/p-%.60s", tenant, name);
    struct logon_input input = {
        .tenant_id = tenant,
        .person_id = person,
        .who = {person, name, (const char(*)[DN_SIZE])dns, make_groups(groups, dns), &core_groups},
        .device_id = device,
        .health = &core->source,
        .now_ms = core->now_ms,
        .week_minute = core->week_minute,
        .random_bits = core->random_bits += 0x9e3779b97f4a7c15u,
        .fence = ++core->fence,
    };
    logon_decide(core->state, &input, decision);
}

void core_apply(struct core_fixture *core, const struct logon_decision *decision)
{
    for (size_t i = 0; i < decision->event_count; i++)
        state_apply(core->state, &decision->events[i]);
}

void core_log_on(struct core_fixture *core, const char *user_name, const char *groups, const char *device,
                 struct logon_decision *decision)
{
    core_decide(core, user_name, groups, device, decision);
    core_apply(core, decision);
}

void core_change(struct core_fixture *core, const char *session_id, enum session_happening what)
{
    struct event event;
    session_change(state_session(core->state, session_id), what, "broker", core->now_ms, &event);
    state_apply(core->state, &event);
}

void core_set_agent(struct core_fixture *core, const char *host, bool agent)
{
    struct event event = {.type = EVENT_HOST_ENROLLED, .noun = NOUN_HOST};
    event.record.host = *state_host(core->state, host);
    memset(event.record.host.certificate, agent ? 'b' : 0, DIGEST_SIZE - 1);
    state_apply(core->state, &event);
}

void core_drain(struct core_fixture *core, const char *host, bool draining)
{
    struct event event = {.type = EVENT_HOST_DRAINED, .noun = NOUN_HOST};
    event.record.host = *state_host(core->state, host);
    event.record.host.draining = draining;
    state_apply(core->state, &event);
}
