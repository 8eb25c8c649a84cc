// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/link_table.h"
#include "broker/api/host_link.h"
#include "broker/base/clock.h"

#include <criterion/criterion.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#define HOST "neustadt/ts1"

static struct link_table links;
static int wakes;
static char sockets[4];

// In place of the library's: these links have no socket.
int lws_callback_on_writable(struct lws *wsi)
{
    cr_assert(wsi);
    wakes++;
    return 1;
}

static struct lws *socket_at(int number)
{
    return (struct lws *)(void *)&sockets[number];
}

static void clear(void)
{
    link_table_clear(&links);
}

TestSuite(link_table, .fini = clear);

static struct agent_link *opened(int number)
{
    return link_table_open(&links, link_of(NOUN_HOST), HOST, socket_at(number));
}

static struct link_hello hello(const char *version, const char *capabilities)
{
    struct link_hello said = {.protocol = LINK_PROTOCOL, .program = "pult-host"};
    TEXT_PUT(said.version, version);
    TEXT_PUT(said.capabilities, capabilities);
    return said;
}

static struct agent_link *linked(int number)
{
    struct link_hello said = hello("0.1.0", "message");
    struct agent_link *link = opened(number);
    cr_assert_null(link_table_admit(&links, link, &said));
    return link;
}

Test(link_table, knows_a_link_from_its_hello_on)
{
    struct link_agent agent;
    struct link_hello said = hello("0.1.0", "");
    struct agent_link *link = opened(0);
    cr_expect_null(link_table_find(&links, NOUN_HOST, HOST));
    cr_expect_not(link_table_agent(&links, NOUN_HOST, HOST, &agent));
    cr_expect_null(link_table_admit(&links, link, &said));
    cr_expect_eq(link_table_find(&links, NOUN_HOST, HOST), link);
    cr_expect_null(link_table_find(&links, NOUN_DEVICE, HOST), "a device of the same name");
    cr_assert(link_table_agent(&links, NOUN_HOST, HOST, &agent));
    cr_expect_str_eq(agent.program, "pult-host");
    cr_expect_str_eq(agent.version, "0.1.0");
    cr_expect_eq(agent.refusal, REFUSAL_NONE);
    cr_expect_eq(links.figures[NOUN_HOST].linked, 1);
    cr_expect(link_table_close(&links, link));
    cr_expect_null(link_table_find(&links, NOUN_HOST, HOST));
    cr_expect_eq(links.figures[NOUN_HOST].linked, 0);
}

Test(link_table, forgets_one_that_never_said_hello_from_among_others)
{
    struct agent_link *first = opened(0), *second = opened(1), *third = opened(2);
    cr_expect_not(link_table_close(&links, second));
    cr_expect_eq(links.opening, third);
    cr_expect_eq(third->next, first);
    cr_expect_not(link_table_close(&links, third));
    cr_expect_eq(links.opening, first);
    cr_expect_not(link_table_close(&links, first));
    cr_expect_null(links.opening);
}

Test(link_table, replaces_the_older_link_by_the_newer_and_not_before_its_hello)
{
    struct link_hello said = hello("0.1.1", "");
    struct agent_link *older = linked(0), *newer = opened(1);
    cr_expect_eq(link_table_find(&links, NOUN_HOST, HOST), older);
    cr_expect_eq(link_table_admit(&links, newer, &said), socket_at(0));
    cr_expect_eq(link_table_find(&links, NOUN_HOST, HOST), newer);
    cr_expect_eq(links.figures[NOUN_HOST].linked, 1);
}

Test(link_table, remembers_whose_agent_was_refused_until_it_is_let_in)
{
    struct link_agent agent;
    struct link_hello newer = hello("9.0.0", ""), right = hello("0.1.0", "");
    struct agent_link *link = opened(0);
    link_table_refuse(&links, link, &newer, REFUSAL_AGENT_TOO_NEW);
    cr_expect_not(link_table_close(&links, link));
    cr_assert(link_table_agent(&links, NOUN_HOST, HOST, &agent));
    cr_expect_eq(agent.refusal, REFUSAL_AGENT_TOO_NEW);
    cr_expect_str_eq(agent.version, "9.0.0");
    cr_expect_eq(links.figures[NOUN_HOST].refused, 1);
    link = opened(1);
    cr_expect_null(link_table_admit(&links, link, &right));
    cr_assert(link_table_agent(&links, NOUN_HOST, HOST, &agent));
    cr_expect_eq(agent.refusal, REFUSAL_NONE);
    link_table_close(&links, link);
    cr_expect_not(link_table_agent(&links, NOUN_HOST, HOST, &agent), "what was refused before is over");
}

Test(link_table, keeps_what_agents_are_called_once_and_as_long_as_one_is_linked)
{
    struct link_agent agent;
    struct link_hello newer = hello("0.1.1", ""), same = hello("0.1.1", "");
    char longest[ID_SIZE];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    struct agent_link *host = linked(0), *other = link_table_open(&links, link_of(NOUN_HOST), longest, socket_at(1));
    cr_assert_null(link_table_admit(&links, other, &newer));
    cr_expect_eq(link_table_find(&links, NOUN_HOST, longest), other);
    cr_expect_eq(link_table_at(&links, NOUN_HOST, 0), host);
    cr_expect_eq(link_table_at(&links, NOUN_HOST, 1), other);
    cr_expect_eq(links.builds.count, 2);
    host = opened(2);
    cr_assert_eq(link_table_admit(&links, host, &same), socket_at(0));
    cr_expect_eq(links.builds.count, 1, "the older one is no longer here");
    cr_expect_eq(host->build, other->build);
    link_table_close(&links, host);
    cr_assert(link_table_agent(&links, NOUN_HOST, longest, &agent));
    cr_expect_str_eq(agent.program, "pult-host");
    cr_expect_str_eq(agent.version, "0.1.1");
    link_table_close(&links, other);
    cr_expect_eq(links.builds.count, 0);
}

static int says(struct agent_link *link, int64_t now_ms)
{
    int count = 0;
    while (link_table_may_speak(&links, link, now_ms))
        count++;
    return count;
}

Test(link_table, lets_a_machine_say_so_much_and_no_more_by_leaving_and_coming_back)
{
    const struct meter_rate *rate = &link_of(NOUN_HOST)->rate;
    struct link_hello said = hello("0.1.0", "");
    struct agent_link *link = linked(0), *newer;
    int64_t now_ms = clock_steady_ms();
    cr_expect_eq(says(link, now_ms), rate->burst);
    newer = opened(1);
    cr_expect_eq(says(newer, now_ms), 0, "takes the place of the older");
    cr_assert_eq(link_table_admit(&links, newer, &said), socket_at(0));
    cr_expect_eq(says(newer, now_ms), 0);
    link_table_close(&links, newer);
    link = opened(2);
    cr_expect_eq(says(link, now_ms), 0, "after it was gone");
    link_table_sweep(&links, now_ms);
    cr_expect_eq(says(link, now_ms + 60 * 1000 / rate->per_minute), 1);
    int64_t later_ms = now_ms + 60 * 1000 * (int64_t)rate->burst / rate->per_minute + 1000;
    link_table_sweep(&links, later_ms);
    cr_expect_eq(links.spent[NOUN_HOST].count, 0, "who was quiet is forgotten");
    cr_expect_eq(says(link, later_ms), rate->burst);
}

Test(link_table, tells_an_agent_nothing_that_it_cannot_take)
{
    struct link_hello said = hello("0.1.0", "weather");
    struct host_message message = {.type = HOST_MESSAGE, .text = "Wartung"}, log_off = {.type = HOST_LOG_OFF};
    struct host_message report = {.type = HOST_REPORT};
    struct agent_link *link = opened(0);
    cr_expect_not(agent_link_send(link, &log_off), "before its hello");
    cr_assert_null(link_table_admit(&links, link, &said));
    cr_expect_not(agent_link_send(link, &message));
    cr_expect_not(agent_link_send(link, &report), "only agents say that");
    cr_expect(agent_link_send(link, &log_off));
    cr_expect_eq(link->queued, 1);
    cr_expect_eq(wakes, 1);
}

Test(link_table, keeps_messages_in_order_and_not_more_than_the_bound)
{
    struct agent_link *link = linked(0);
    for (int64_t i = 0; i < LINK_QUEUE_MAX; i++) {
        struct host_message answer = {.type = HOST_VERIFIED, .request_id = i};
        cr_assert(agent_link_send(link, &answer));
    }
    struct host_message more = {.type = HOST_VERIFIED, .request_id = 9999};
    cr_expect_not(agent_link_send(link, &more));
    for (int i = 0; i < LINK_QUEUE_MAX; i++) {
        char expected[40];
        char *message = agent_link_take(link);
        snprintf(expected, sizeof expected, "\"request_id\":%d,", i);
        cr_expect(strstr(message, expected), "%s", message);
        free(message);
    }
    cr_expect_null(agent_link_take(link));
    cr_expect(agent_link_send(link, &more));
}
