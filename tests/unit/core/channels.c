// SPDX-License-Identifier: EUPL-1.2
// The tokens of channels: each opens one session, once, for whom it was given to, and for seconds.
#include "broker/core/channels.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define GATEWAY "neustadt/gw"
#define COOKIE "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

static struct core_fixture core;
static struct channels channels;
static struct logon_decision anna;
static int64_t now_ms = 1000;

static void set_outside(enum outside_access outside)
{
    union record profile = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.outside = outside;
    core_set(&core, NOUN_PROFILE, &profile);
}

static void open_core(void)
{
    core_open(&core);
    set_outside(OUTSIDE_BY_ANY);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    cr_assert_eq(anna.refusal, REFUSAL_NONE);
    channels_link(&channels, GATEWAY, "key");
}

static void close_core(void)
{
    channels_fini(&channels);
    core_close(&core);
}

TestSuite(channels, .init = open_core, .fini = close_core);

static const char *digest_of(char letter)
{
    static char digest[DIGEST_SIZE];
    memset(digest, letter, DIGEST_SIZE - 1);
    return digest;
}

static void offer(char token, enum channel_way way, const char *holder)
{
    const struct channel_offer offered = {
        .session = state_session(core.state, anna.session.id), .way = way, .logon = holder};
    channels_offer(&channels, digest_of(token), &offered, now_ms);
}

// NULL: it opens it.
static const char *denial(char token, enum channel_way way, const char *holder, const char *gateway)
{
    const char *why = NULL;
    const struct channel_claim claim = {.digest = digest_of(token), .holder = holder, .gateway = gateway, .way = way};
    const struct channel_token *found = channels_redeem(&channels, core.state, &claim, now_ms, &why);
    cr_assert_eq(!found, why != NULL);
    cr_assert(!found || text_equal(found->session, anna.session.id));
    return why;
}

#define IS_REFUSED(reason, ...) cr_assert_str_eq(denial(__VA_ARGS__), reason)

static void add_channel(const char *id, char token)
{
    struct known_channel channel = {.fence = anna.session.fence, .way = CHANNEL_TSGU};
    TEXT_PUT(channel.id, id);
    TEXT_PUT(channel.session, anna.session.id);
    TEXT_PUT(channel.person, anna.session.person);
    TEXT_PUT(channel.host, anna.host.id);
    TEXT_PUT(channel.gateway, GATEWAY);
    TEXT_PUT(channel.token, digest_of(token));
    channels_add(&channels, &channel);
}

Test(channels, a_token_opens_once)
{
    offer('a', CHANNEL_PLAIN, "");
    cr_assert_null(denial('a', CHANNEL_PLAIN, "", GATEWAY));
    IS_REFUSED("a token that was used", 'a', CHANNEL_PLAIN, "", GATEWAY);
    IS_REFUSED("a token that is not known", 'b', CHANNEL_PLAIN, "", GATEWAY);
}

Test(channels, a_token_is_good_for_seconds)
{
    offer('a', CHANNEL_PLAIN, "");
    now_ms += CHANNEL_TOKEN_MS;
    IS_REFUSED("a token whose time is over", 'a', CHANNEL_PLAIN, "", GATEWAY);
    channels_sweep(&channels, now_ms);
    IS_REFUSED("a token that is not known", 'a', CHANNEL_PLAIN, "", GATEWAY);
    offer('b', CHANNEL_TSGU, "");
    now_ms += CHANNEL_FILE_MS - 1;
    channels_sweep(&channels, now_ms);
    cr_assert_null(denial('b', CHANNEL_TSGU, "", GATEWAY));
}

Test(channels, a_token_of_one_way_opens_no_other)
{
    offer('a', CHANNEL_BROWSER, COOKIE);
    IS_REFUSED("a token for another way", 'a', CHANNEL_PLAIN, COOKIE, GATEWAY);
    IS_REFUSED("a token for another way", 'a', CHANNEL_TSGU, "", GATEWAY);
    cr_assert_null(denial('a', CHANNEL_BROWSER, COOKIE, GATEWAY));
}

// Two people at one computer, or a page that shows somebody else's token.
Test(channels, a_token_that_somebody_else_holds_opens_nothing)
{
    offer('a', CHANNEL_BROWSER, COOKIE);
    IS_REFUSED("a token of somebody else's", 'a', CHANNEL_BROWSER, digest_of('d'), GATEWAY);
    IS_REFUSED("a token of somebody else's", 'a', CHANNEL_BROWSER, "", GATEWAY);
    cr_assert_null(denial('a', CHANNEL_BROWSER, COOKIE, GATEWAY), "and is not used up by that");
}

Test(channels, a_client_that_reconnects_may_come_twice)
{
    offer('a', CHANNEL_TSGU, "");
    cr_assert_null(denial('a', CHANNEL_TSGU, "", GATEWAY));
    add_channel("neustadt/c-1", 'a');
    now_ms += 3600 * 1000;
    channels_sweep(&channels, now_ms);
    channels_remove(&channels, "neustadt/c-1", now_ms);
    now_ms += CHANNEL_RECONNECT_MS - 1;
    channels_sweep(&channels, now_ms);
    cr_assert_null(denial('a', CHANNEL_TSGU, "", GATEWAY));
    IS_REFUSED("a token that was used", 'a', CHANNEL_TSGU, "", GATEWAY);
}

Test(channels, a_client_that_reconnects_too_late_logs_on_again)
{
    offer('a', CHANNEL_TSGU, "");
    cr_assert_null(denial('a', CHANNEL_TSGU, "", GATEWAY));
    add_channel("neustadt/c-1", 'a');
    channels_remove(&channels, "neustadt/c-1", now_ms);
    now_ms += CHANNEL_RECONNECT_MS;
    IS_REFUSED("a token whose time is over", 'a', CHANNEL_TSGU, "", GATEWAY);
}

Test(channels, a_session_that_moved_or_ended_is_opened_by_no_token_from_before)
{
    offer('a', CHANNEL_PLAIN, "");
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &anna);
    IS_REFUSED("a token for a session that has moved", 'a', CHANNEL_PLAIN, "", GATEWAY);
    offer('b', CHANNEL_PLAIN, "");
    core_change(&core, anna.session.id, SESSION_ADMIN_ENDS);
    IS_REFUSED("a token for a session that has ended", 'b', CHANNEL_PLAIN, "", GATEWAY);
}

Test(channels, a_gateway_opens_nothing_for_a_tenant_that_it_does_not_serve)
{
    offer('a', CHANNEL_PLAIN, "");
    IS_REFUSED("a token at a gateway that does not serve this tenant", 'a', CHANNEL_PLAIN, "", "altdorf/gw");
    IS_REFUSED("a token at a gateway that does not serve this tenant", 'a', CHANNEL_PLAIN, "", "neustadt/none");
}

Test(channels, a_profile_says_who_may_come_from_outside)
{
    static const struct {
        enum outside_access outside;
        bool by_device, by_browser;
    } rows[] = {{OUTSIDE_BY_NOBODY, false, false}, {OUTSIDE_BY_DEVICE, true, false}, {OUTSIDE_BY_ANY, true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        set_outside(rows[i].outside);
        offer('a', CHANNEL_PLAIN, "");
        offer('b', CHANNEL_BROWSER, COOKIE);
        cr_expect_eq(!denial('a', CHANNEL_PLAIN, "", GATEWAY), rows[i].by_device, "%zu", i);
        cr_expect_eq(!denial('b', CHANNEL_BROWSER, COOKIE, GATEWAY), rows[i].by_browser, "%zu", i);
    }
}

Test(channels, somebody_who_opens_one_after_the_other_leaves_no_heap_of_tokens)
{
    for (char token = 'a'; token <= 'j'; token++, now_ms++)
        offer(token, CHANNEL_PLAIN, "");
    cr_assert_eq(channels.tokens.count, CHANNEL_TOKENS_OF_PERSON);
    IS_REFUSED("a token that is not known", 'f', CHANNEL_PLAIN, "", GATEWAY);
    cr_assert_null(denial('g', CHANNEL_PLAIN, "", GATEWAY));
}

Test(channels, a_channel_is_closed_when_what_it_stood_for_is_gone)
{
    offer('a', CHANNEL_PLAIN, "");
    add_channel("neustadt/c-1", 'a');
    struct known_channel *channel = channels_find(&channels, "neustadt/c-1");
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_REASON_NONE);
    cr_assert_eq(channels_carried(&channels, GATEWAY), 1);
    union record device = {.device = *state_device(core.state, "neustadt/desk1")};
    TEXT_PUT(channel->device, device.id);
    device.device.disabled = true;
    core_set(&core, NOUN_DEVICE, &device);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_DEVICE_LOST);
    device.device.disabled = false;
    core_set(&core, NOUN_DEVICE, &device);
    channels_bar(&channels, anna.session.person);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_PERSON_DISABLED);
    offer('b', CHANNEL_PLAIN, "");
    IS_REFUSED("a token of somebody whom the directory does not let in any more", 'b', CHANNEL_PLAIN, "", GATEWAY);
    channels_pardon(&channels, anna.session.person);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_REASON_NONE);
    cr_assert_null(denial('b', CHANNEL_PLAIN, "", GATEWAY));
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &anna);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_MOVED);
    channel->fence = anna.session.fence;
    set_outside(OUTSIDE_BY_NOBODY);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_LOCKED);
    core_change(&core, anna.session.id, SESSION_ADMIN_ENDS);
    cr_assert_eq(channels_judge(&channels, core.state, channel), CHANNEL_SESSION_ENDED);
}

static bool is_logged_off(const char *id)
{
    return channels_judge(&channels, core.state, channels_find(&channels, id)) == CHANNEL_LOGGED_OFF;
}

static void hold_channel(const char *id, enum channel_way way, const char *logon)
{
    add_channel(id, 'a');
    channels_find(&channels, id)->way = way;
    TEXT_PUT(channels_find(&channels, id)->logon, logon);
}

Test(channels, a_log_on_that_is_over_takes_with_it_what_was_opened_by_it)
{
    char other[DIGEST_SIZE];
    TEXT_PUT(other, digest_of('d'));
    hold_channel("neustadt/c-1", CHANNEL_BROWSER, COOKIE);
    hold_channel("neustadt/c-2", CHANNEL_BROWSER, other);
    hold_channel("neustadt/c-3", CHANNEL_TSGU, COOKIE);
    hold_channel("neustadt/c-4", CHANNEL_PLAIN, "");
    hold_channel("neustadt/c-5", CHANNEL_FRONT_DOOR, "");
    offer('b', CHANNEL_BROWSER, COOKIE);
    offer('c', CHANNEL_BROWSER, other);
    offer('d', CHANNEL_PLAIN, "");
    channels_log_off(&channels, "neustadt/p-somebody", COOKIE);
    channels_log_off_others(&channels, "neustadt/p-somebody", "");
    cr_expect_not(is_logged_off("neustadt/c-1"));
    channels_log_off(&channels, anna.session.person, COOKIE);
    cr_expect(is_logged_off("neustadt/c-1"));
    cr_expect_not(is_logged_off("neustadt/c-2"));
    cr_expect_not(is_logged_off("neustadt/c-3"), "an RDP program is no page");
    IS_REFUSED("a token that was used", 'b', CHANNEL_BROWSER, COOKIE, GATEWAY);
    channels_log_off_others(&channels, anna.session.person, COOKIE);
    cr_expect_not(is_logged_off("neustadt/c-3"), "it was opened by that log-on");
    channels_find(&channels, "neustadt/c-2")->logged_off = false;
    channels_log_off_others(&channels, anna.session.person, other);
    cr_expect_not(is_logged_off("neustadt/c-2"));
    cr_expect(is_logged_off("neustadt/c-3"));
    channels_log_off_others(&channels, anna.session.person, "");
    cr_expect(is_logged_off("neustadt/c-2"));
    IS_REFUSED("a token that was used", 'c', CHANNEL_BROWSER, other, GATEWAY);
    cr_expect_not(is_logged_off("neustadt/c-4"), "a desk proves who it is by itself");
    cr_expect_not(is_logged_off("neustadt/c-5"));
    cr_expect_null(denial('d', CHANNEL_PLAIN, "", GATEWAY));
}

// What a gateway vouches for goes in the clear: who has heard it could say it again.
Test(channels, a_number_is_taken_once)
{
    struct known_gateway *gateway = channels_link(&channels, GATEWAY, "key");
    cr_assert(channels_take_number(gateway, 3));
    cr_assert(channels_take_number(gateway, 1), "they overtake each other");
    cr_assert_not(channels_take_number(gateway, 3));
    cr_assert_not(channels_take_number(gateway, 1));
    cr_assert(channels_take_number(gateway, CHANNELS_NUMBERS + 2));
    cr_assert_not(channels_take_number(gateway, 1), "nobody knows any more");
    cr_assert_not(channels_take_number(gateway, 2), "nor of this");
    cr_assert(channels_take_number(gateway, 4));
    cr_assert(channels_take_number(gateway, INT64_MAX));
    cr_assert_not(channels_take_number(gateway, INT64_MAX));
    cr_assert_not(channels_take_number(gateway, CHANNELS_NUMBERS + 2));
    cr_assert(channels_take_number(gateway, INT64_MAX - 1));
    gateway = channels_link(&channels, GATEWAY, "another");
    cr_assert(channels_take_number(gateway, 1), "a link counts from 1, by a key of its own");
}

// Against the plain way of it: all that were taken, one by one.
Test(channels, a_number_is_taken_once_in_any_order)
{
    enum { COUNT = 3 * CHANNELS_NUMBERS };
    static bool taken[COUNT + 1];
    struct known_gateway *gateway = channels_link(&channels, GATEWAY, "key");
    uint64_t random = 1;
    int64_t last = 0;
    for (int i = 0; i < 10 * COUNT; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int64_t number = 1 + (int64_t)(random >> 33) % (i / 10 + 1);
        bool is_far = number <= last - CHANNELS_NUMBERS;
        cr_assert_eq(channels_take_number(gateway, number), !taken[number] && !is_far, "%d: %lld", i,
                     (long long)number);
        taken[number] = true;
        last = number > last ? number : last;
    }
}
