// SPDX-License-Identifier: EUPL-1.2
// Between the broker and its gateways.
#include "broker/calls/gateway_messages.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/channel_standing.h"
#include "broker/calls/device_messages.h"
#include "tests/log_kept.h"
#include "tests/unit/calls/outside_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(gateway_messages, .init = outside_open, .fini = outside_close);

Test(gateway_messages, a_guessed_token_opens_nothing)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .request_id = 7, .token = "guessed", .way = CHANNEL_BROWSER};
    gateway_message(&calls.services, GATEWAY, &open);
    const struct gateway_message *answer = last_told(GATEWAY_OPENED);
    cr_assert_eq(answer->request_id, 7);
    cr_assert_str_eq(answer->refusal, "channel-refused");
    cr_assert_str_empty(answer->address);
}

Test(gateway_messages, whoever_guesses_fills_no_log)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .token = "guessed", .network = "203.0.113.9"};
    log_set_level(LOG_LEVEL_INFO);
    log_kept_begin();
    for (int i = 0; i < 1000; i++)
        gateway_message(&calls.services, GATEWAY, &open);
    const char *said = log_kept_end();
    cr_assert_gt(log_kept_lines("203.0.113.9"), 0, "%s", said);
    cr_assert_lt(log_kept_lines("203.0.113.9"), 50, "%s", said);
}

// As a gateway says it that got it from a desk, or a page.
static const struct gateway_message *ask(const char *token, enum channel_way way)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .request_id = 8, .way = way, .network = "203.0.113.9"};
    TEXT_PUT(open.token, token);
    gateway_message(&calls.services, GATEWAY, &open);
    calls_settle();
    return last_told(GATEWAY_OPENED);
}

static void offer(enum channel_way way, char token[CHANNEL_TOKEN_SIZE])
{
    gateway_offer(&calls.services, state_session(calls.core.state, anna.session.id), way, "", clock_steady_ms(), token);
    cr_assert_eq(strlen(token), CHANNEL_TOKEN_SIZE - 1);
    cr_assert_eq(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), strlen(token));
}

static struct gateway_message opened(enum channel_way way)
{
    char token[CHANNEL_TOKEN_SIZE];
    offer(way, token);
    struct gateway_message answer = *ask(token, way);
    cr_assert_str_empty(answer.refusal);
    return answer;
}

Test(gateway_messages, a_channel_leads_where_the_broker_says)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    cr_assert_str_eq(answer.session, anna.session.id);
    cr_assert_str_eq(answer.person, PERSON);
    cr_assert_str_eq(answer.address, anna.host.address);
    cr_assert_str_eq(answer.fingerprint, anna.host.fingerprint);
    cr_assert_eq(answer.port, anna.host.port);
    cr_assert_eq(answer.max_minutes, 600);
    cr_assert_str_empty(answer.one_time_password, "the desk logs on itself");
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 1);
}

Test(gateway_messages, a_token_that_is_replayed_opens_nothing)
{
    char token[CHANNEL_TOKEN_SIZE];
    offer(CHANNEL_PLAIN, token);
    cr_assert_str_empty(ask(token, CHANNEL_PLAIN)->refusal);
    cr_assert_str_eq(ask(token, CHANNEL_PLAIN)->refusal, "channel-refused");
    cr_assert_str_empty(last_told(GATEWAY_OPENED)->address);
}

Test(gateway_messages, for_whom_the_gateway_logs_on_there_is_a_one_time_password)
{
    core_set_agent(&calls.core, anna.host.id, true);
    struct gateway_message answer = opened(CHANNEL_TSGU);
    cr_assert_str_eq(answer.user_name, "anna");
    cr_assert(answer.one_time_password[0]);
}

// It has no password that could follow, whatever the profile wants of desks.
Test(gateway_messages, what_the_gateway_logs_on_by_stands_alone)
{
    char key[OTP_KEY_TEXT_SIZE];
    const char *rest = NULL;
    struct otp otp = {.fence = 0};
    union record profile = {.profile =
                                *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.authentication = AUTHENTICATION_PASSWORD;
    core_set(&calls.core, NOUN_PROFILE, &profile);
    core_set_agent(&calls.core, anna.host.id, true);
    struct gateway_message answer = opened(CHANNEL_TSGU);
    cr_assert(otp_maker_key(calls.services.otp_maker, anna.host.id,
                            host_enrolment(state_host(calls.services.state, anna.host.id)), key));
    struct otp_key *verifies = otp_key_read(key);
    cr_assert(otp_read(verifies, answer.one_time_password, anna.host.id, "anna", &otp, &rest));
    cr_assert_not(otp.password_follows);
    cr_assert_str_empty(rest);
    otp_key_free(verifies);
}

Test(gateway_messages, a_gateway_out_of_service_opens_nothing)
{
    char token[CHANNEL_TOKEN_SIZE];
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    offer(CHANNEL_PLAIN, token);
    cr_assert_str_eq(ask(token, CHANNEL_PLAIN)->refusal, "busy");
    CALLS_EXPECT(200, METHOD_UNDRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert_str_empty(ask(token, CHANNEL_PLAIN)->refusal, "and it is not used up by that");
}

Test(gateway_messages, a_session_that_moves_or_ends_takes_its_channel_with_it)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    int told = calls.to_gateway.count;
    gateway_sweep(&calls.services);
    cr_assert_eq(calls.to_gateway.count, told, "it goes on");
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk2", &anna);
    gateway_sweep(&calls.services);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_MOVED);
    gateway_sweep(&calls.services);
    cr_assert_eq(calls.to_gateway.count, told + 1, "once is enough");
    answer = opened(CHANNEL_PLAIN);
    core_change(&calls.core, anna.session.id, SESSION_ADMIN_ENDS);
    gateway_sweep(&calls.services);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_SESSION_ENDED);
}

// It hears by its own link, which may come a moment later, and would take a closed channel for a line that broke.
Test(gateway_messages, a_desk_hears_itself_why_its_session_leaves_it)
{
    opened(CHANNEL_PLAIN);
    int told = calls.to_gateway.count;
    device_tell(&calls.services, state_session(calls.core.state, anna.session.id), DEVICE_LOCK, HOST_BECAUSE_IDLE);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_LOCK);
    cr_assert_eq(calls.to_gateway.count, told);
}

// It counts from 1; 0: it will not say it again.
static void say_ended(const char *channel, int64_t number)
{
    struct gateway_message ended = {
        .type = GATEWAY_ENDED, .reason = CHANNEL_CLIENT_CLOSED, .bytes_to_host = 11, .run = 5, .number = number};
    TEXT_PUT(ended.channel, channel);
    TEXT_PUT(ended.person, PERSON);
    calls.events[0] = 0;
    gateway_message(&calls.services, GATEWAY, &ended);
}

static void says_ended(const char *channel, int64_t number)
{
    say_ended(channel, number);
    calls_settle();
    cr_assert_str_eq(last_told(GATEWAY_COUNTED)->channel, channel);
}

Test(gateway_messages, who_comes_in_stands_in_the_journal_before_they_are_let_in)
{
    char token[CHANNEL_TOKEN_SIZE];
    offer(CHANNEL_PLAIN, token);
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = CHANNEL_PLAIN, .network = "203.0.113.9"};
    TEXT_PUT(open.token, token);
    gateway_message(&calls.services, GATEWAY, &open);
    cr_assert_neq(calls.to_gateway.message.type, GATEWAY_OPENED);
    cr_assert(strstr(calls.events, "channel.opened"), "%s", calls.events);
    cr_assert(strstr(calls.events, "203.0.113.9") && strstr(calls.events, PERSON), "%s", calls.events);
    calls_settle();
    cr_assert_str_empty(last_told(GATEWAY_OPENED)->refusal);
}

// It takes some milliseconds, in which the person may have gone to another desk.
Test(gateway_messages, a_session_that_moves_while_it_is_written_is_not_opened)
{
    char token[CHANNEL_TOKEN_SIZE];
    offer(CHANNEL_PLAIN, token);
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = CHANNEL_PLAIN};
    TEXT_PUT(open.token, token);
    gateway_message(&calls.services, GATEWAY, &open);
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk2", &anna);
    calls_settle();
    cr_assert_str_eq(last_told(GATEWAY_OPENED)->refusal, "channel-refused");
    cr_assert(strstr(calls.events, "channel.closed") && strstr(calls.events, "moved"), "%s", calls.events);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 0);
}

// Its link is down, or has more to say than it takes: the gateway knows of no channel that it could end.
Test(gateway_messages, a_channel_that_the_gateway_does_not_hear_of_has_ended)
{
    char token[CHANNEL_TOKEN_SIZE];
    offer(CHANNEL_PLAIN, token);
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = CHANNEL_PLAIN};
    TEXT_PUT(open.token, token);
    gateway_message(&calls.services, GATEWAY, &open);
    calls.away = true;
    calls_settle();
    cr_assert(strstr(calls.events, "channel.closed") && strstr(calls.events, "gateway-down"), "%s", calls.events);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 0);
}

Test(gateway_messages, an_end_is_written_once_and_counted_when_it_is_durable)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    int told = calls.to_gateway.count;
    say_ended(answer.channel, 1);
    cr_assert(strstr(calls.events, "channel.closed") && strstr(calls.events, "\"bytes_to_host\":11"), "%s",
              calls.events);
    cr_assert_null(strstr(calls.events, "203.0.113.9"), "where somebody was is not kept as long: %s", calls.events);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 0);
    say_ended(answer.channel, 1);
    cr_assert_str_empty(calls.events, "it is on its way");
    cr_assert_eq(calls.to_gateway.count, told, "and not there yet");
    calls_settle();
    cr_assert_str_eq(last_told(GATEWAY_COUNTED)->channel, answer.channel);
    says_ended(answer.channel, 1);
    cr_assert_str_empty(calls.events);
}

// The broker was restarted meanwhile: what it knows of channels is gone, the journal is not.
Test(gateway_messages, an_end_that_is_told_to_another_broker_is_written_by_what_the_gateway_says)
{
    struct gateway_message first = opened(CHANNEL_PLAIN), second = opened(CHANNEL_PLAIN);
    says_ended(first.channel, 1);
    channels_fini(&calls.services.channels);
    memset(&calls.services.channels, 0, sizeof calls.services.channels);
    gateway_linked(&calls.services, GATEWAY);
    says_ended(first.channel, 1);
    cr_assert_str_empty(calls.events, "it was counted before");
    says_ended(second.channel, 2);
    cr_assert(strstr(calls.events, second.channel), "%s", calls.events);
}

// What is behind it would have it taken for counted.
Test(gateway_messages, an_end_that_was_not_recorded_comes_again_before_those_behind_it)
{
    struct gateway_message first = opened(CHANNEL_PLAIN), second = opened(CHANNEL_PLAIN);
    channels_gateway(&calls.services.channels, GATEWAY)->waits_for = 1;
    int told = calls.to_gateway.count;
    say_ended(second.channel, 2);
    calls_settle();
    cr_assert_str_empty(calls.events);
    cr_assert_eq(calls.to_gateway.count, told);
    says_ended(first.channel, 1);
    cr_assert(strstr(calls.events, first.channel), "%s", calls.events);
    says_ended(second.channel, 2);
    cr_assert(strstr(calls.events, second.channel), "%s", calls.events);
}

Test(gateway_messages, a_gateway_speaks_of_the_ends_of_those_alone_whom_it_serves)
{
    says_ended("altdorf/c-0123456789abcdef", 1);
    cr_assert_str_empty(calls.events);
    says_ended("no name", 2);
    cr_assert_str_empty(calls.events);
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    struct gateway_message ended = {.type = GATEWAY_ENDED, .run = 5, .number = 1};
    TEXT_PUT(ended.channel, answer.channel);
    TEXT_PUT(ended.person, PERSON);
    calls.events[0] = 0;
    gateway_message(&calls.services, "altdorf/gw", &ended);
    calls_settle();
    cr_assert_str_empty(calls.events);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 1);
}

Test(gateway_messages, what_a_lost_gateway_carried_has_ended)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GATEWAY, GATEWAY, "{}");
    calls_settle();
    cr_assert_eq(calls.services.channels.open.count, 0);
    cr_assert(strstr(calls.events, answer.channel) && strstr(calls.events, "gateway-down"), "%s", calls.events);
}

Test(gateway_messages, a_close_is_said_again_as_the_link_may_have_been_down)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    core_change(&calls.core, anna.session.id, SESSION_ADMIN_ENDS);
    calls.away = true;
    gateway_sweep(&calls.services);
    calls.away = false;
    channels_find(&calls.services.channels, answer.channel)->told_ms -= 3600 * 1000;
    gateway_sweep(&calls.services);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
}

Test(gateway_messages, administrators_see_the_channels_of_their_own_tenant)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .tenant = "neustadt", .id = "neustadt/admin"};
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_CHANNEL, "", "{}");
    json_object *row = json_object_array_get_idx(codec_member(list, "items"), 0);
    cr_assert_str_eq(codec_string(row, "id"), answer.channel);
    cr_assert_str_eq(codec_string(row, "user_name"), "anna");
    cr_assert_str_eq(codec_string(row, "way"), "plain");
    cr_assert_str_eq(codec_string(row, "gateway"), GATEWAY);
    cr_assert_str_eq(codec_string(row, "network"), "203.0.113.9");
    CALLS_EXPECT(200, METHOD_SHOW, NOUN_CHANNEL, answer.channel, "{}");
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_CHANNEL, "neustadt/c-none", "{}");
    calls.caller = (struct peer){.role = ROLE_ADMIN, .tenant = "altdorf", .id = "altdorf/admin"};
    owned(json) json_object *others = calls_call(METHOD_LIST, NOUN_CHANNEL, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(others, "items")), 0);
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_CHANNEL, answer.channel, "{}");
}

// {"gateway":...,"state":...,"channels":...} of the first that is reported; "" without.
static const char *trouble(void)
{
    static char said[200];
    owned(json) json_object *status = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    json_object *first = json_object_array_get_idx(codec_member(status, "gateways"), 0);
    snprintf(said, sizeof said, "%s", first ? json_object_to_json_string_ext(first, JSON_C_TO_STRING_PLAIN) : "");
    cr_assert_eq(codec_number(status, "channels"), (int64_t)calls.services.channels.open.count);
    return said;
}

Test(gateway_messages, the_status_tells_of_gateways_that_let_nobody_in)
{
    union record gateway = {.gateway = *(const struct gateway *)state_find(calls.core.state, NOUN_GATEWAY, GATEWAY)};
    opened(CHANNEL_PLAIN);
    cr_assert_str_empty(trouble());
    CALLS_EXPECT(200, METHOD_DRAIN, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert_str_eq(trouble(), "{\"gateway\":\"neustadt\\/gw\",\"state\":\"draining\",\"channels\":1}");
    memset(gateway.gateway.certificate, 'c', DIGEST_SIZE - 1);
    core_set(&calls.core, NOUN_GATEWAY, &gateway);
    calls.offline = GATEWAY;
    cr_assert_str_eq(trouble(), "{\"gateway\":\"neustadt\\/gw\",\"state\":\"silent\",\"channels\":1}");
}

static void five_minutes_pass(const char *channel)
{
    channels_find(&calls.services.channels, channel)->asked_ms -= CHANNEL_STANDING_MS;
    channel_standing_sweep(&calls.services);
    calls_settle();
}

Test(gateway_messages, the_directory_is_asked_again_about_who_is_in)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    opened(CHANNEL_PLAIN);
    channel_standing_sweep(&calls.services);
    cr_assert_eq(calls.look_ups, 0, "they have logged on just now");
    five_minutes_pass(answer.channel);
    cr_assert_eq(calls.look_ups, 1, "once for all their channels");
    gateway_sweep(&calls.services);
    cr_assert_neq(calls.to_gateway.message.type, GATEWAY_CLOSE);
    calls.verdict = AUTH_UNAVAILABLE;
    five_minutes_pass(answer.channel);
    gateway_sweep(&calls.services);
    cr_assert_neq(calls.to_gateway.message.type, GATEWAY_CLOSE, "a directory that is away has not said no");
    calls.verdict = AUTH_DISABLED;
    five_minutes_pass(answer.channel);
    gateway_sweep(&calls.services);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_PERSON_DISABLED);
}

// A name without an entry, and one that is another's now; but not one that cannot be found for a wrong setting.
Test(gateway_messages, whoever_is_gone_from_the_directory_is_not_in_any_more)
{
    static const struct {
        enum auth_verdict verdict;
        enum person_finding finding;
        const char *key;
        bool goes;
    } rows[] = {{AUTH_WRONG, PERSON_ABSENT, NULL, true},
                {AUTH_WRONG, PERSON_NO_BASE, NULL, false},
                {AUTH_WRONG, PERSON_TWICE, NULL, false},
                {AUTH_RIGHT, PERSON_KNOWN, "another", true},
                {AUTH_EXPIRED, PERSON_KNOWN, NULL, false}};
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        calls.verdict = rows[i].verdict;
        calls.finding = rows[i].finding;
        calls.key = rows[i].key;
        five_minutes_pass(answer.channel);
        cr_expect_eq(channels_are_barred(&calls.services.channels, PERSON), rows[i].goes, "%zu", i);
        channels_pardon(&calls.services.channels, PERSON);
    }
}

Test(gateway_messages, nobody_is_erased_while_they_are_in)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    core_change(&calls.core, anna.session.id, SESSION_ADMIN_ENDS);
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_PERSON, PERSON, "{}");
    says_ended(answer.channel, 1);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_PERSON, PERSON, "{}");
}

static void says_carried(const struct gateway_message *carried)
{
    struct gateway_channel row = {.fence = carried->fence, .way = CHANNEL_PLAIN, .since_ms = 1};
    TEXT_PUT(row.channel, carried->channel);
    TEXT_PUT(row.session, carried->session);
    TEXT_PUT(row.person, carried->person);
    TEXT_PUT(row.host, carried->host);
    struct gateway_message said = {
        .type = GATEWAY_CHANNELS, .channels = {.rows = &row, .count = carried->channel[0] ? 1 : 0}, .last = true};
    gateway_message(&calls.services, GATEWAY, &said);
}

Test(gateway_messages, what_had_to_be_closed_while_the_link_was_down_is_closed_afterwards)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    gateway_unlinked(&calls.services, GATEWAY);
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk2", &anna);
    gateway_sweep(&calls.services);
    gateway_linked(&calls.services, GATEWAY);
    says_carried(&answer);
    gateway_sweep(&calls.services);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_MOVED);
}

// It dials the host for seconds, and what is to be closed in that time it does not have yet.
Test(gateway_messages, a_channel_is_closed_that_its_gateway_was_about_to_open)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk2", &anna);
    gateway_sweep(&calls.services);
    int told = calls.to_gateway.count;
    channels_find(&calls.services.channels, answer.channel)->told_ms -= CHANNEL_CLOSE_AGAIN_MS;
    gateway_sweep(&calls.services);
    cr_assert_eq(calls.to_gateway.count, told + 1);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
    says_ended(answer.channel, 1);
    told = calls.to_gateway.count;
    gateway_sweep(&calls.services);
    cr_assert_eq(calls.to_gateway.count, told);
}

// The broker was restarted, or it was the gateway.
Test(gateway_messages, what_a_gateway_carries_is_known_again_after_its_hello)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    channels_fini(&calls.services.channels);
    memset(&calls.services.channels, 0, sizeof calls.services.channels);
    gateway_linked(&calls.services, GATEWAY);
    says_carried(&answer);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 1);
    gateway_linked(&calls.services, GATEWAY);
    says_carried(&(struct gateway_message){.channel = ""});
    calls_settle();
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 0);
    cr_assert(strstr(calls.events, "channel.closed") && strstr(calls.events, "gateway-down"), "%s", calls.events);
}

Test(gateway_messages, what_a_gateway_carries_for_nobody_is_closed)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    says_ended(answer.channel, 1);
    answer.fence++;
    says_carried(&answer);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_MOVED);
    TEXT_PUT(answer.person, "altdorf/p-anna");
    says_carried(&answer);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_SESSION_ENDED);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), 0);
}

Test(gateway_messages, a_channel_is_of_its_persons_tenant)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    says_ended(answer.channel, 1);
    TEXT_PUT(answer.channel, "altdorf/c-1");
    says_carried(&answer);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, answer.channel);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_BROKEN);
    cr_assert_null(channels_find(&calls.services.channels, answer.channel));
    TEXT_PUT(answer.channel, "neustadt/c-1");
    says_carried(&answer);
    cr_assert(channels_find(&calls.services.channels, answer.channel));
}

Test(gateway_messages, one_that_is_removed_leaves_no_channel_behind)
{
    struct gateway_message answer = opened(CHANNEL_PLAIN);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GATEWAY, GATEWAY, "{}");
    cr_assert_null(channels_find(&calls.services.channels, answer.channel));
    int told = calls.to_gateway.count;
    gateway_sweep(&calls.services);
    cr_assert_eq(calls.to_gateway.count, told);
}

static void fill_gateway(void)
{
    struct known_channel channel = {.fence = anna.session.fence, .confirmed = true};
    TEXT_PUT(channel.session, anna.session.id);
    TEXT_PUT(channel.person, PERSON);
    TEXT_PUT(channel.host, anna.host.id);
    TEXT_PUT(channel.gateway, GATEWAY);
    for (int i = 0; i < CHANNELS_OF_GATEWAY_MAX; i++) {
        snprintf(channel.id, sizeof channel.id, "neustadt/c-%06d", i);
        channels_add(&calls.services.channels, &channel);
    }
}

Test(gateway_messages, no_gateway_carries_more_than_is_remembered_of_it)
{
    char token[CHANNEL_TOKEN_SIZE];
    struct gateway_message more = opened(CHANNEL_PLAIN);
    says_ended(more.channel, 1);
    fill_gateway();
    offer(CHANNEL_PLAIN, token);
    cr_assert_str_eq(ask(token, CHANNEL_PLAIN)->refusal, "busy");
    says_carried(&more);
    cr_assert_str_eq(last_told(GATEWAY_CLOSE)->channel, more.channel);
    cr_assert_eq(last_told(GATEWAY_CLOSE)->reason, CHANNEL_BROKEN);
    cr_assert_eq(channels_carried(&calls.services.channels, GATEWAY), CHANNELS_OF_GATEWAY_MAX);
    says_ended("neustadt/c-000007", 2);
    cr_assert_str_empty(ask(token, CHANNEL_PLAIN)->refusal, "and the token is not used up by that");
}
