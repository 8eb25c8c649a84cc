// SPDX-License-Identifier: EUPL-1.2
// How soon a broker with a long journal is ready.
//   bench_start fill DATA SESSIONS                    after pult-broker --init: 40 tenants and so many sessions, each
//   with
//                                                     its person, decided as logons are; ends without closing, as a
//                                                     kill
//   bench_start time NAME ROUNDS BROKER CONF CA       each round: exec, until /healthz says 200, then kill -9; prints
//   the
//                                                     longest
#include "broker/base/clock.h"
#include "broker/core/logon.h"
#include "broker/store/chain.h"
#include "tests/bench/https.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TENANTS = 40, HOSTS = 8, BATCH = 1000, PATIENCE_MS = 60000 };

struct filling {
    struct chain *chain;
    struct state *state;
    uint64_t seq;
    struct text payloads[BATCH];
    struct store_event stored[BATCH];
    struct store_person people[BATCH];
    size_t count, person_count;
};

static void must(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "start: %s\n", what);
    exit(1);
}

// ---- the journal

static void flush(struct filling *filling)
{
    struct fault why = {0};
    struct store_batch batch = {filling->stored, filling->count, filling->people, filling->person_count};
    must(chain_append(filling->chain, &batch, &why) == STORE_DURABLE, why.text);
    filling->count = filling->person_count = 0;
}

static void add(struct filling *filling, const struct event *event)
{
    if (filling->count == BATCH)
        flush(filling);
    struct text *payload = &filling->payloads[filling->count];
    payload->length = 0;
    event_print(event, payload);
    filling->stored[filling->count++] =
        (struct store_event){++filling->seq, clock_wall_ms(), payload->bytes, payload->length};
    state_apply(filling->state, event);
}

#define PUT(array, ...) snprintf((array), sizeof(array), __VA_ARGS__)

static void set(struct filling *filling, enum noun noun, const union record *record)
{
    struct event event = {.type = EVENT_SET, .noun = noun, .by = "admin first", .record = *record};
    add(filling, &event);
}

static void add_tenant(struct filling *filling, int tenant)
{
    union record record = {.tenant = {.servers = "ldaps://127.0.0.1", .user_base = "dc=t"}};
    PUT(record.tenant.id, "t%d", tenant);
    set(filling, NOUN_TENANT, &record);
    union record site = {.site = {.name = "Rathaus"}};
    PUT(site.site.id, "t%d/hall", tenant);
    set(filling, NOUN_SITE, &site);
    union record pool = {.pool = {.name = "Büro"}};
    PUT(pool.pool.id, "t%d/office", tenant);
    set(filling, NOUN_POOL, &pool);
    union record profile = {.profile = {.name = "Sachbearbeitung"}};
    PUT(profile.profile.id, "t%d/clerk", tenant);
    PUT(profile.profile.pool, "t%d/office", tenant);
    set(filling, NOUN_PROFILE, &profile);
    union record assignment = {.assignment = {.group = "rathaus", .priority = 10}};
    PUT(assignment.assignment.id, "t%d/clerks", tenant);
    PUT(assignment.assignment.profile, "t%d/clerk", tenant);
    set(filling, NOUN_ASSIGNMENT, &assignment);
    union record device = {.device = {.room = "Zimmer 11"}};
    PUT(device.device.id, "t%d/desk1", tenant);
    PUT(device.device.site, "t%d/hall", tenant);
    PUT(device.device.certificate, "%064x", (unsigned)tenant);
    set(filling, NOUN_DEVICE, &device);
    for (int i = 0; i < HOSTS; i++) {
        union record host = {.host = {.address = "127.0.0.1", .port = 9, .weight = 100, .max_sessions = 1000}};
        PUT(host.host.id, "t%d/ts%d", tenant, i);
        PUT(host.host.pool, "t%d/office", tenant);
        set(filling, NOUN_HOST, &host);
    }
}

static enum host_health all_well(void *arg, const char *host_id)
{
    (void)arg;
    (void)host_id;
    return HOST_OK;
}

static void add_person(struct filling *filling, int number, char id[ID_SIZE])
{
    struct event event = {.type = EVENT_PERSON_FIRST_LOGON, .noun = NOUN_PERSON, .by = "device"};
    snprintf(id, ID_SIZE, "t%d/p-%016x", number % TENANTS, (unsigned)number);
    TEXT_PUT(event.record.person.id, id);
    event.record.person.first_seen_ms = clock_wall_ms();
    add(filling, &event);
    struct store_person *row = &filling->people[filling->person_count++];
    *row = (struct store_person){0};
    TEXT_PUT(row->id, id);
    PUT(row->key, "00000000-0000-0000-0000-%012d", number);
    PUT(row->user_name, "p%05d", number);
    PUT(row->name, "Person P%05d", number);
}

static bool group_dn(void *arg, const char *tenant_id, const char *group, char dn[DN_SIZE])
{
    (void)arg, (void)tenant_id;
    snprintf(dn, DN_SIZE, "cn=%.100s,ou=groups,dc=t", group);
    return true;
}

static void log_on(struct filling *filling, int number)
{
    static const struct health_source health = {.get = all_well};
    static const struct group_source source = {.dn = group_dn};
    static const char groups[1][DN_SIZE] = {"cn=rathaus,ou=groups,dc=t"};
    static struct logon_decision decision;
    char tenant[SLUG_SIZE], person[ID_SIZE], device[ID_SIZE];
    add_person(filling, number, person);
    PUT(tenant, "t%d", number % TENANTS);
    PUT(device, "t%d/desk1", number % TENANTS);
    struct logon_input input = {.tenant_id = tenant,
                                .person_id = person,
                                .who = {NULL, "p", groups, 1, &source},
                                .device_id = device,
                                .health = &health,
                                .now_ms = clock_wall_ms(),
                                .fence = (int64_t)filling->seq + 1,
                                .random_bits = (uint64_t)random() << 32 | (uint64_t)random()};
    logon_decide(filling->state, &input, &decision);
    must(decision.refusal == REFUSAL_NONE, decision.trace.lines);
    // As when the desk shows it: a session nobody came to would be ended after a while.
    decision.events[0].record.session.state = SESSION_CONNECTED;
    add(filling, &decision.events[0]);
}

static int fill(const char *folder, int sessions)
{
    static struct filling filling;
    struct fault why = {0};
    struct chain_config config = {.folder = folder};
    must(chain_open(&config, &filling.chain, &why), why.text);
    filling.state = state_new();
    filling.seq = chain_head(filling.chain)->seq;
    for (int i = 0; i < TENANTS; i++)
        add_tenant(&filling, i);
    for (int i = 0; i < sessions; i++)
        log_on(&filling, i);
    flush(&filling);
    fprintf(stderr, "start: %llu events, %zu sessions\n", (unsigned long long)filling.seq,
            state_count(filling.state, NOUN_SESSION));
    _exit(0);
}

// ---- the broker

static double ready_ms(struct https *https, char **words)
{
    int64_t began_us = clock_steady_us(), until_us = began_us + PATIENCE_MS * 1000;
    pid_t pid = fork();
    if (pid == 0) {
        execl(words[4], words[4], "-c", words[5], (char *)NULL);
        _exit(127);
    }
    while (https_ask(https, "GET", "/healthz", "", "") != 200) {
        must(clock_steady_us() < until_us && waitpid(pid, NULL, WNOHANG) == 0, "the broker does not become ready");
        usleep(500);
    }
    double took_ms = (double)(clock_steady_us() - began_us) / 1e3;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    https_close(https);
    return took_ms;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "fill") == 0)
        return fill(argv[2], (int)strtol(argv[3], NULL, 10));
    if (argc != 7 || strcmp(argv[1], "time") != 0) {
        fputs("usage: see the head of tests/bench/start.c\n", stderr);
        return 2;
    }
    struct https https = {.context = https_context(argv[6], NULL, NULL), .host = "localhost", .port = "8443"};
    double longest_ms = 0;
    for (long rounds = strtol(argv[3], NULL, 10); rounds > 0; rounds--) {
        double took_ms = ready_ms(&https, argv);
        longest_ms = took_ms > longest_ms ? took_ms : longest_ms;
    }
    printf("%s\t%.1f\t1000\t-\n", argv[2], longest_ms);
    return 0;
}
