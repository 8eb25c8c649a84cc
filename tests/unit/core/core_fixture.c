// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/core/core_fixture.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <string.h>

static enum host_health health_of(void *arg, const char *host_id)
{
    const struct hall *hall = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? hall->health[*digit - '0'] : HOST_OK;
}

static int64_t strain_of(void *arg, const char *host_id)
{
    const struct hall *hall = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? hall->strain[*digit - '0'] : 0;
}

static int64_t fence_of(void *arg, const char *host_id)
{
    const struct hall *hall = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit ? hall->seen_fence[*digit - '0'] : 0;
}

static bool wakes(void *arg, const char *host_id)
{
    const struct hall *hall = arg;
    const char *digit = strpbrk(host_id, "0123456789");
    return digit && hall->asleep[*digit - '0'];
}

void hall_set(struct hall *hall, enum noun noun, const union record *record)
{
    struct event event = {.type = EVENT_SET, .noun = noun, .record = *record};
    state_apply(hall->state, &event);
}

static void add_tenant(struct hall *hall, const char *id)
{
    union record record = {.tenant = {.servers = "ldaps://dir.example", .base = "dc=example", .bind_dn = "cn=pult"}};
    TEXT_PUT(record.tenant.id, id);
    TEXT_PUT(record.tenant.name, id);
    hall_set(hall, NOUN_TENANT, &record);
}

static void add_pool(struct hall *hall, const char *id)
{
    union record record = {.pool = {.name = "pool"}};
    TEXT_PUT(record.pool.id, id);
    hall_set(hall, NOUN_POOL, &record);
}

static void add_host(struct hall *hall, const char *id, const char *pool)
{
    union record record = {.host = {.address = "ts.example", .port = 3389, .weight = 100, .max_sessions = 3}};
    TEXT_PUT(record.host.id, id);
    TEXT_PUT(record.host.pool, pool);
    hall_set(hall, NOUN_HOST, &record);
}

static void add_profile(struct hall *hall, const char *id, const char *pool, const char *group, const char *hours)
{
    union record record = {.profile = {.name = "profile", .clipboard = true}};
    TEXT_PUT(record.profile.id, id);
    TEXT_PUT(record.profile.pool, pool);
    TEXT_PUT(record.profile.hours, hours);
    hall_set(hall, NOUN_PROFILE, &record);
    union record assignment = {.assignment = {.priority = 10}};
    TEXT_PUT(assignment.assignment.id, id);
    TEXT_PUT(assignment.assignment.profile, id);
    TEXT_PUT(assignment.assignment.group, group);
    hall_set(hall, NOUN_ASSIGNMENT, &assignment);
}

static void add_device(struct hall *hall, const char *id, const char *site)
{
    union record record = {.device = {.enrolled_ms = 1}};
    TEXT_PUT(record.device.id, id);
    TEXT_PUT(record.device.site, site);
    TEXT_PUT(record.device.room, id);
    memset(record.device.certificate, 'a', DIGEST_SIZE - 1);
    hall_set(hall, NOUN_DEVICE, &record);
}

static void add_site(struct hall *hall, const char *id)
{
    union record record = {.site = {.name = "site"}};
    TEXT_PUT(record.site.id, id);
    hall_set(hall, NOUN_SITE, &record);
}

void hall_open(struct hall *hall)
{
    *hall = (struct hall){.state = state_new(), .now_ms = 1700000000000, .week_minute = 10 * 60};
    for (size_t i = 0; i < 8; i++)
        hall->health[i] = HOST_OK;
    hall->source =
        (struct health_source){.arg = hall, .of = health_of, .strain = strain_of, .fence = fence_of, .wakes = wakes};
    add_tenant(hall, "neustadt");
    add_tenant(hall, "altdorf");
    add_site(hall, "neustadt/rathaus");
    add_site(hall, "altdorf/rathaus");
    add_pool(hall, "neustadt/office");
    add_pool(hall, "neustadt/building");
    add_pool(hall, "altdorf/office");
    add_host(hall, "neustadt/ts1", "neustadt/office");
    add_host(hall, "neustadt/ts2", "neustadt/office");
    add_host(hall, "neustadt/ts3", "neustadt/building");
    add_host(hall, "altdorf/ts4", "altdorf/office");
    add_profile(hall, "neustadt/clerk", "neustadt/office", "rathaus", "");
    add_profile(hall, "neustadt/builder", "neustadt/building", "cn=bauamt,ou=groups,dc=example", "07:00-18:00");
    add_profile(hall, "altdorf/clerk", "altdorf/office", "rathaus", "");
    add_device(hall, "neustadt/desk1", "neustadt/rathaus");
    add_device(hall, "neustadt/desk2", "neustadt/rathaus");
    add_device(hall, "neustadt/desk3", "neustadt/rathaus");
    add_device(hall, "altdorf/desk1", "altdorf/rathaus");
}

void hall_close(struct hall *hall)
{
    state_free(hall->state);
}

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

void hall_decide(struct hall *hall, const char *login, const char *groups, const char *device,
                 struct logon_decision *decision)
{
    char dns[8][DN_SIZE], tenant[SLUG_SIZE], person[ID_SIZE];
    id_tenant(tenant, device);
    snprintf(person, sizeof person, "%s/p-%s", tenant, login);
    struct logon_input input = {
        .tenant_id = tenant,
        .person_id = person,
        .who = {login, (const char(*)[DN_SIZE])dns, make_groups(groups, dns)},
        .device_id = device,
        .health = &hall->source,
        .now_ms = hall->now_ms,
        .week_minute = hall->week_minute,
        .random_bits = hall->random_bits += 0x9e3779b97f4a7c15u,
        .fence = ++hall->fence,
    };
    logon_decide(hall->state, &input, decision);
}

void hall_apply(struct hall *hall, const struct logon_decision *decision)
{
    for (size_t i = 0; i < decision->event_count; i++)
        state_apply(hall->state, &decision->events[i]);
}

void hall_log_on(struct hall *hall, const char *login, const char *groups, const char *device,
                 struct logon_decision *decision)
{
    hall_decide(hall, login, groups, device, decision);
    hall_apply(hall, decision);
}

void hall_set_agent(struct hall *hall, const char *host, bool agent)
{
    struct event event = {.type = EVENT_HOST_ENROLLED, .noun = NOUN_HOST};
    event.record.host = *state_host(hall->state, host);
    memset(event.record.host.certificate, agent ? 'b' : 0, DIGEST_SIZE - 1);
    state_apply(hall->state, &event);
}

void hall_drain(struct hall *hall, const char *host, bool draining)
{
    struct event event = {.type = EVENT_HOST_DRAINED, .noun = NOUN_HOST};
    event.record.host = *state_host(hall->state, host);
    event.record.host.draining = draining;
    state_apply(hall->state, &event);
}
