// SPDX-License-Identifier: EUPL-1.2
// All that a machine has to say to its broker at once, after a hello, waits its turn and is said.
#include "broker/api/print_link.h"
#include "broker/client/client.h"
#include "broker/core/print_jobs.h"
#include "tests/integration/client/fake_broker.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { PORT = 8443 };

static const struct fake_row rows[] = {{NULL}};
static struct loop *loop;
static struct client *client;
static pid_t broker;

static void start(void)
{
    char ca[100];
    struct fault why = {0};
    snprintf(ca, sizeof ca, "%s/tls/ca.crt", fake_town());
    struct client_config config = {.host = "127.0.0.1", .port = PORT, .ca_file = ca};
    broker = fake_broker(PORT, rows);
    loop = loop_new();
    client = client_new(loop, &config, &why);
    cr_assert(client, "%s", why.text);
}

static void stop(void)
{
    client_free(client);
    loop_free(loop);
    fake_broker_stop(broker);
}

TestSuite(link_room, .init = start, .fini = stop, .timeout = 120);

static void link_up(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

Test(link_room, is_for_all_jobs_of_a_print_server)
{
    static const struct websocket_events events = {.up = link_up};
    struct print_message job = {.type = PRINT_JOB, .state = JOB_HELD, .reason = JOB_NO_PRINTER_NEAR};
    client_link(client, NOUN_PRINT_SERVER, &events, NULL);
    loop_run(loop);
    for (int i = 0; i < PRINT_JOBS_OF_SERVER_MAX; i++) {
        snprintf(job.job, sizeof job.job, "j-%032x", i);
        cr_assert(client_link_send(client, &job), "only %d jobs", i);
    }
}
