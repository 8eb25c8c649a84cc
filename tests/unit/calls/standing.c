// SPDX-License-Identifier: EUPL-1.2
// Who is in from outside, and may not be any more.
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/logon_attempt.h"
#include "tests/unit/calls/outside_fixture.h"

#include <criterion/criterion.h>

static void open_with_agent(void)
{
    outside_open();
    core_set_agent(&calls.core, anna.host.id, true);
}

TestSuite(standing, .init = open_with_agent, .fini = outside_close);

static struct gateway_message opened(enum channel_way way)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = way, .network = "203.0.113.9"};
    gateway_offer(&calls.services, state_session(calls.core.state, anna.session.id), way, "", clock_steady_ms(),
                  open.token);
    gateway_message(&calls.services, GATEWAY, &open);
    calls_settle();
    cr_assert_eq(calls.to_gateway.message.type, GATEWAY_OPENED);
    cr_assert_str_empty(calls.to_gateway.message.refusal);
    return calls.to_gateway.message;
}

static bool is_told_to_close(const char *channel, enum channel_reason reason)
{
    int told = calls.to_gateway.count;
    const struct gateway_message *message = &calls.to_gateway.message;
    gateway_sweep(&calls.services);
    return calls.to_gateway.count == told + 1 && message->type == GATEWAY_CLOSE &&
           text_equal(message->channel, channel) && message->reason == reason;
}

// The broker hears of it first where they log on somewhere else.
Test(standing, whoever_is_disabled_at_a_log_on_is_not_in_any_more)
{
    const struct peer desk = {.role = ROLE_DEVICE, .id = "neustadt/desk1"};
    struct attempt attempt;
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    attempt_start(&attempt, "neustadt", "Anna", &desk);
    calls.verdict = AUTH_RIGHT;
    cr_expect_eq(attempt_finish(&attempt, &calls.services, AUTH_WRONG), REFUSAL_WRONG_PASSWORD);
    cr_expect_eq(calls.look_ups, 0);
    cr_expect_eq(attempt_finish(&attempt, &calls.services, AUTH_DISABLED), REFUSAL_ACCOUNT_DISABLED);
    calls_settle();
    cr_expect_eq(calls.look_ups, 1);
    cr_expect_not(channels_are_barred(&calls.services.channels, PERSON), "somebody of another name was");
    calls.verdict = AUTH_DISABLED;
    cr_expect_eq(attempt_finish(&attempt, &calls.services, AUTH_DISABLED), REFUSAL_ACCOUNT_DISABLED);
    calls_settle();
    cr_expect(is_told_to_close(answer.channel, CHANNEL_PERSON_DISABLED));
}

static void expect_closed_by(enum method_id method, enum noun noun, const char *id, const char *body)
{
    struct gateway_message by_desk = opened(CHANNEL_PLAIN), by_browser = opened(CHANNEL_BROWSER);
    CALLS_EXPECT(200, method, noun, id, body);
    cr_expect(is_told_to_close(by_browser.channel, CHANNEL_LOGGED_OFF));
    channels_remove(&calls.services.channels, by_browser.channel, 0);
    channels_remove(&calls.services.channels, by_desk.channel, 0);
}

// Somebody has found, or stolen, what they showed.
Test(standing, what_was_opened_by_a_lost_second_factor_is_closed)
{
    static const char id[] = "neustadt/f-0123456789abcdef";
    union record factor = {.factor = {.kind = FACTOR_PASSKEY, .enrolled_ms = 1}};
    TEXT_PUT(factor.factor.id, id);
    TEXT_PUT(factor.factor.person, PERSON);
    core_set(&calls.core, NOUN_FACTOR, &factor);
    expect_closed_by(METHOD_FACTOR_CODE, NOUN_PERSON, PERSON, "{}");
    expect_closed_by(METHOD_REMOVE, NOUN_FACTOR, id, "{}");
}
