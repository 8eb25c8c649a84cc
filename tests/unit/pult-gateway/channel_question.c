// SPDX-License-Identifier: EUPL-1.2
// Questions to a broker that does not answer, or does when nobody waits any more.
#include "broker/pult-gateway/channel_question.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ASK_EVERY_MS = 500, ASKED_MAX = 12 * 1000 / ASK_EVERY_MS };

static struct loop *loop;
static struct channel_office *office;
static struct channel_question *questions[ASKED_MAX];
static struct loop_timer *next;
static bool broker_is_away, answered[ASKED_MAX];
static size_t asked;
static struct gateway_message last_message;
static struct tunnel_end last_end;

static bool hear_message(void *arg, const void *message)
{
    (void)arg;
    last_message = *(const struct gateway_message *)message;
    return !broker_is_away;
}

static void note_end(void *arg, const struct tunnel_end *end)
{
    (void)arg;
    last_end = *end;
}

static void is_answered(void *arg, const struct gateway_message *answer)
{
    size_t number = (size_t)((struct channel_question **)arg - questions);
    cr_assert_null(answer);
    cr_assert_not(answered[number], "twice");
    answered[number] = true;
    questions[number] = NULL;
    loop_stop(loop);
}

static void ask(void *arg)
{
    (void)arg;
    cr_assert_lt(asked, (size_t)ASKED_MAX, "the first one still waits");
    questions[asked] =
        channel_question_ask(office, "token", "", CHANNEL_PLAIN, "192.0.2.1", is_answered, &questions[asked]);
    asked++;
    loop_timer_start(next, ASK_EVERY_MS);
}

static void open_office(void)
{
    loop = loop_new();
    office = channel_office_new(loop, hear_message, note_end, NULL);
    next = loop_timer_new(loop, ask, NULL);
}

static void close_office(void)
{
    for (size_t i = 0; i < asked; i++)
        channel_question_drop(questions[i]);
    loop_timer_free(next);
    channel_office_free(office);
    loop_free(loop);
}

TestSuite(channel_question, .init = open_office, .fini = close_office, .timeout = 60);

Test(channel_question, is_found_late_while_others_keep_coming)
{
    ask(NULL);
    loop_run(loop);
    cr_assert(answered[0]);
    cr_assert_gt(asked, GATEWAY_OPEN_MS / ASK_EVERY_MS / 2, "not before its time");
}

Test(channel_question, that_cannot_be_sent_is_not_waited_for)
{
    ask(NULL);
    broker_is_away = true;
    ask(NULL);
    loop_timer_stop(next);
    loop_run(loop);
    cr_assert(answered[1] && !answered[0]);
}

Test(channel_question, is_not_waited_for_when_the_link_is_down)
{
    ask(NULL);
    loop_timer_stop(next);
    channel_office_link_down(office);
    loop_run(loop);
    cr_assert(answered[0]);
}

Test(channel_question, that_nobody_waits_for_any_more_ends_the_channel_that_is_opened)
{
    struct gateway_message answer = {.type = GATEWAY_OPENED, .channel = "neustadt/c-1"};
    ask(NULL);
    answer.request_id = last_message.request_id;
    channel_question_drop(questions[0]);
    questions[0] = NULL;
    broker_is_away = true;
    channel_office_hear(office, &answer);
    cr_assert_str_eq(last_end.channel.channel, "neustadt/c-1", "also when the broker cannot be told now");
    cr_assert_eq(last_end.reason, CHANNEL_CLIENT_CLOSED);
}

// As before the gateway was started again, perhaps.
Test(channel_question, is_numbered_unlike_those_of_another_office)
{
    ask(NULL);
    int64_t number = last_message.request_id;
    struct channel_office *other = channel_office_new(loop, hear_message, note_end, NULL);
    struct channel_question *question =
        channel_question_ask(other, "token", "", CHANNEL_PLAIN, "192.0.2.1", is_answered, NULL);
    cr_assert_neq(last_message.request_id, number);
    channel_question_drop(question);
    channel_office_free(other);
}
