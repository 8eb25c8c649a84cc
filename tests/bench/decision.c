// SPDX-License-Identifier: EUPL-1.2
// How long a logon takes to be decided, in process: 40 tenants, 5,000 people, 300 hosts, assignments by group; half of
// the people have a session. One line a figure: name, value, goal, peer.
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/core/logon.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TENANTS = 40, PEOPLE = 5000, HOSTS = 300, ASSIGNMENTS = 20, DECISIONS = 50000, GROUPS = 10 };

static enum host_health all_well(void *arg, const char *host_id)
{
    (void)arg;
    (void)host_id;
    return HOST_OK;
}

#define PUT(array, ...) snprintf((array), sizeof(array), __VA_ARGS__)

static void set(struct state *state, enum noun noun, const union record *record)
{
    struct event event = {.type = EVENT_SET, .noun = noun, .record = *record};
    state_apply(state, &event);
}

static void add_tenant(struct state *state, int tenant)
{
    union record record = {.tenant = {.servers = "ldaps://dir"}};
    PUT(record.tenant.id, "t%d", tenant);
    set(state, NOUN_TENANT, &record);
    union record pool = {.pool = {.name = "office"}};
    PUT(pool.pool.id, "t%d/office", tenant);
    set(state, NOUN_POOL, &pool);
    union record site = {.site = {.name = "hall"}};
    PUT(site.site.id, "t%d/hall", tenant);
    set(state, NOUN_SITE, &site);
    union record profile = {.profile = {.name = "clerk", .hours = "00:00-24:00"}};
    PUT(profile.profile.id, "t%d/clerk", tenant);
    PUT(profile.profile.pool, "t%d/office", tenant);
    set(state, NOUN_PROFILE, &profile);
    for (int i = 0; i < ASSIGNMENTS; i++) {
        union record assignment = {.assignment = {.priority = i}};
        PUT(assignment.assignment.id, "t%d/a%d", tenant, i);
        PUT(assignment.assignment.profile, "t%d/clerk", tenant);
        PUT(assignment.assignment.group, "group%d", i * 2);
        set(state, NOUN_ASSIGNMENT, &assignment);
    }
}

static void add_host(struct state *state, int host)
{
    union record record = {.host = {.address = "ts", .port = 3389, .weight = 100, .max_sessions = 1000}};
    PUT(record.host.id, "t%d/ts%d", host % TENANTS, host);
    PUT(record.host.pool, "t%d/office", host % TENANTS);
    set(state, NOUN_HOST, &record);
}

static void add_device(struct state *state, int device)
{
    union record record = {.device = {.certificate = "enrolled", .room = "room"}};
    PUT(record.device.id, "t%d/desk%d", device % TENANTS, device);
    PUT(record.device.site, "t%d/hall", device % TENANTS);
    set(state, NOUN_DEVICE, &record);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static bool group_dn(void *arg, const char *tenant_id, const char *group, char dn[DN_SIZE])
{
    (void)arg, (void)tenant_id;
    snprintf(dn, DN_SIZE, "cn=%.100s,ou=groups,dc=example", group);
    return true;
}

static int64_t decide(struct state *state, int person, uint64_t random_bits, char (*groups)[DN_SIZE])
{
    static const struct health_source health = {.get = all_well};
    static const struct group_source source = {.dn = group_dn};
    static struct logon_decision decision;
    char tenant[SLUG_SIZE], id[ID_SIZE], device[ID_SIZE];
    PUT(tenant, "t%d", person % TENANTS);
    PUT(id, "t%d/p-%d", person % TENANTS, person);
    PUT(device, "t%d/desk%d", person % TENANTS, person);
    struct logon_input input = {.tenant_id = tenant,
                                .person_id = id,
                                .who = {NULL, "somebody", (const char(*)[DN_SIZE])groups, GROUPS, &source},
                                .device_id = device,
                                .health = &health,
                                .now_ms = 1,
                                .random_bits = random_bits};
    int64_t began = now_ns();
    logon_decide(state, &input, &decision);
    int64_t took = now_ns() - began;
    if (decision.refusal != REFUSAL_NONE) {
        fprintf(stderr, "refused: %s\n", decision.trace.lines);
        exit(1);
    }
    if (person % 2)
        for (size_t i = 0; i < decision.event_count; i++)
            state_apply(state, &decision.events[i]);
    return took;
}

int main(void)
{
    struct state *state = state_new();
    char groups[GROUPS][DN_SIZE];
    owned(bytes) int64_t *times = mem_new(DECISIONS, sizeof *times);
    for (int i = 0; i < TENANTS; i++)
        add_tenant(state, i);
    for (int i = 0; i < HOSTS; i++)
        add_host(state, i);
    for (int i = 0; i < PEOPLE; i++)
        add_device(state, i);
    for (int i = 0; i < GROUPS; i++)
        PUT(groups[i], "cn=group%d,ou=groups,dc=example", i * 3);
    srandom(1);
    for (int i = 0; i < DECISIONS; i++)
        times[i] = decide(state, (int)(random() % PEOPLE), (uint64_t)random() << 32 | (uint64_t)random(), groups);
    qsort(times, DECISIONS, sizeof *times, by_size);
    size_t middle = DECISIONS / 2, late = DECISIONS * 99 / 100;
    printf("decision.p50_ms\t%.4f\t-\t-\n", (double)times[middle] / 1e6);
    printf("decision.p99_ms\t%.4f\t1\t-\n", (double)times[late] / 1e6);
    state_free(state);
    return 0;
}
