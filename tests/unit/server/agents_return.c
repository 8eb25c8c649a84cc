// SPDX-License-Identifier: EUPL-1.2
// The agents' own patience and the broker's budget fit together: 5,000 devices after a restart of the broker, by the
// rules of both and a clock of the test's own. The broker is a queue that takes its time for each handshake.
#include "broker/base/mem.h"
#include "broker/broker_config.h"
#include "broker/client/websocket.h"
#include "broker/core/port.h"
#include "broker/net/unproven.h"
#include "tests/folder.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AGENTS = 5000, BEHIND_ONE_ADDRESS = 500, HOUR_GLASS_MS = 60 * 1000, PATH_SIZE = FOLDER_SIZE + 20 };

enum stage { AWAY, QUEUED, SHAKES_HANDS, LINKED };

struct agent {
    enum stage stage;
    int64_t wait_ms, next_ms; // when it dials, gives up, or is through
    struct unproven *unproven;
    struct sockaddr_storage address;
    struct agent *behind; // in the queue
};

struct weather {
    int64_t down_ms, handshake_us, way_ms; // how long the broker is away; a handshake for it, and on the wire
};

static struct agent agents[AGENTS];
static struct agent *queue, **queue_last;
static const char *const ports[] = {"port", "device-port", "admin-port", NULL};
static struct unproven_table *table;
static int64_t now_ms;
static int dropped, linked;

// The defaults of pult-broker.conf.
static struct unproven_limits read_limits(void)
{
    static struct broker_config config;
    char folder[FOLDER_SIZE], path[PATH_SIZE];
    folder_make(folder, "return");
    snprintf(path, sizeof path, "%s/broker.conf", folder);
    FILE *file = fopen(path, "we");
    cr_assert(file && fputs("certificate = /c\nkey = /k\n", file) >= 0 && fclose(file) == 0);
    cr_assert(broker_config_load(path, &config));
    folder_remove(folder);
    return (struct unproven_limits){config.unproven_connections, config.unproven_per_port, config.unproven_per_network,
                                    config.unproven_handshakes, config.unproven_patience_s * 1000};
}

static bool drop(void *owner)
{
    struct agent *agent = owner;
    agent->unproven = NULL;
    dropped++;
    return true;
}

// ---- agents

static void wait_again(struct agent *agent)
{
    agent->stage = AWAY;
    agent->next_ms = now_ms + websocket_pause_ms(agent->wait_ms, (uint32_t)random());
    agent->wait_ms = websocket_longer_ms(agent->wait_ms);
}

static void join_queue(struct agent *agent)
{
    agent->stage = QUEUED;
    agent->next_ms = now_ms + WEBSOCKET_CONNECT_MS;
    agent->unproven = unproven_add(table, LISTENER_DEVICE, &agent->address, drop, agent, now_ms);
    unproven_step(agent->unproven, true, now_ms);
    agent->behind = NULL;
    *queue_last = agent;
    queue_last = &agent->behind;
}

static void leave_queue(struct agent *agent)
{
    struct agent **at = &queue;
    while (*at != agent)
        at = &(*at)->behind;
    *at = agent->behind;
    if (!*at)
        queue_last = at;
}

static void act(struct agent *agent, bool broker_is_up)
{
    switch (agent->stage) {
    case AWAY:
        if (broker_is_up)
            join_queue(agent);
        else
            wait_again(agent);
        return;
    case QUEUED:
        leave_queue(agent);
        unproven_remove(take(agent->unproven));
        wait_again(agent);
        return;
    case SHAKES_HANDS:
        unproven_remove(take(agent->unproven));
        agent->stage = LINKED;
        linked++;
        return;
    case LINKED:
        return;
    }
}

// ---- the broker

static void serve(int64_t *spare_us, const struct weather *weather)
{
    *spare_us = queue ? *spare_us + 1000 : 0;
    while (queue && *spare_us >= weather->handshake_us) {
        struct agent *agent = queue;
        leave_queue(agent);
        *spare_us -= weather->handshake_us;
        if (!agent->unproven) { // dropped
            wait_again(agent);
            continue;
        }
        unproven_handshake(agent->unproven, drop, agent, now_ms);
        agent->stage = SHAKES_HANDS;
        agent->next_ms = now_ms + weather->way_ms;
    }
}

static void begin(int behind_one)
{
    static const struct agent nobody;
    struct unproven_limits limits = read_limits();
    srandom(1);
    table = unproven_table_new(&limits, ports);
    queue = NULL;
    queue_last = &queue;
    now_ms = dropped = linked = 0;
    for (int i = 0; i < AGENTS; i++) {
        struct sockaddr_in *address = (void *)&agents[i].address;
        agents[i] = nobody;
        address->sin_family = AF_INET;
        address->sin_addr.s_addr = htonl((10u << 24) + (i < behind_one ? 1u : 2u + (unsigned)i));
        agents[i].wait_ms = WEBSOCKET_WAIT_MIN_MS;
        wait_again(&agents[i]);
    }
}

static void come_back(int behind_one, const struct weather *weather)
{
    int64_t spare_us = 0;
    begin(behind_one);
    for (; linked < AGENTS && now_ms < weather->down_ms + HOUR_GLASS_MS; now_ms++) {
        for (int i = 0; i < AGENTS; i++)
            if (agents[i].stage != LINKED && agents[i].next_ms <= now_ms)
                act(&agents[i], now_ms >= weather->down_ms);
        serve(&spare_us, weather);
        if (now_ms % 1000 == 0)
            unproven_sweep(table, now_ms);
    }
    cr_expect_eq(dropped, 0, "%d dropped: away for %lld ms, %lld us a handshake", dropped, (long long)weather->down_ms,
                 (long long)weather->handshake_us);
    cr_expect_eq(linked, AGENTS, "%d are back: away for %lld ms, %lld us a handshake", linked,
                 (long long)weather->down_ms, (long long)weather->handshake_us);
    for (int i = 0; i < AGENTS; i++)
        unproven_remove(take(agents[i].unproven));
    unproven_table_free(table);
}

// From a restart that is hardly noticed to an outage that everybody waits for; from resumed sessions to full handshakes
// on a slow machine.
static const struct weather weathers[] = {
    {.down_ms = 0, .handshake_us = 300, .way_ms = 10},
    {.down_ms = 300, .handshake_us = 1000, .way_ms = 20},
    {.down_ms = 500, .handshake_us = 2500, .way_ms = 20},
    {.down_ms = 5000, .handshake_us = 1000, .way_ms = 100},
    {.down_ms = 60 * 1000, .handshake_us = 300, .way_ms = 10},
    {.down_ms = 60 * 1000, .handshake_us = 2500, .way_ms = 100},
};

Test(agents_return, all_are_back_within_a_minute_and_nobody_makes_room, .timeout = 120)
{
    for (size_t i = 0; i < sizeof weathers / sizeof *weathers; i++)
        come_back(1, &weathers[i]);
}

Test(agents_return, also_when_500_have_one_address, .timeout = 120)
{
    for (size_t i = 0; i < sizeof weathers / sizeof *weathers; i++)
        come_back(BEHIND_ONE_ADDRESS, &weathers[i]);
}
