// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-gateway/door_broker.h"
#include "broker/base/mem.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <stdlib.h>

struct door_broker door_broker;

static void answer_door(void *arg)
{
    struct door_logon *logon = arg;
    struct door_logon_result result = {.retry_after_s = 1, .token = TOKEN};
    if (door_broker.holds) {
        loop_timer_start(logon->later, 10);
        return;
    }
    door_broker.answers(logon, &result);
    logon->done(logon->arg, &result);
}

static struct door_logon *open_door_logon(void *arg, door_logon_done *done, void *done_arg)
{
    (void)arg;
    struct door_logon *logon = mem_new(1, sizeof *logon);
    logon->done = done;
    logon->arg = done_arg;
    logon->later = loop_timer_new(fixture.loop, answer_door, logon);
    return logon;
}

static void ask_at_door(struct door_logon *logon, const char *name, const struct secret *password, const char *network)
{
    door_broker.hears(logon, name, password, network);
    loop_timer_start(logon->later, 0);
}

static void free_door_logon(struct door_logon *logon)
{
    if (logon)
        loop_timer_free(logon->later);
    free(logon);
}

const struct door_port door_broker_port = {open_door_logon, ask_at_door, free_door_logon};
