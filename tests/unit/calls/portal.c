// SPDX-License-Identifier: EUPL-1.2
// A person at the portal opens their desktop in the browser, or takes it over from a desk; and their second factors.
#include "broker/base/clock.h"
#include "broker/calls/gateway_messages.h"
#include "tests/unit/calls/at_portal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(portal_calls, .init = at_portal_open, .fini = at_portal_close);

// The page has got its token, and shows it to the gateway.
static void open_channel(void)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = CHANNEL_BROWSER, .network = "203.0.113.7"};
    at_portal_read_token(at_portal.answer.bytes, "\"channel\":\"", open.token);
    TEXT_PUT(open.holder, at_portal.holder);
    gateway_message(&calls.services, GATEWAY, &open);
    calls_settle();
    cr_assert_eq(calls.to_gateway.message.type, GATEWAY_OPENED);
    cr_assert_str_empty(calls.to_gateway.message.refusal);
}

static void expect_closed(const char *channel, enum channel_reason reason)
{
    cr_expect_eq(calls.to_gateway.message.type, GATEWAY_CLOSE);
    cr_expect_str_eq(calls.to_gateway.message.channel, channel);
    cr_expect_eq(calls.to_gateway.message.reason, reason);
}

static bool redeems(const char *with)
{
    return at_portal_redeems(at_portal.answer.bytes, "\"channel\":\"", CHANNEL_BROWSER, with);
}

// Nor would it be where the gateway of another town hall got hold of it.
Test(portal_calls, a_cookie_is_good_at_gateways_that_serve_its_tenant)
{
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_assert_eq(at_portal.status, 200);
    at_portal.gateway = "altdorf/gw";
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_assert_eq(at_portal.status, 303);
    at_portal_opens_desktop();
    cr_assert_eq(at_portal.status, 401, "%s", at_portal.answer.bytes);
}

// Whoever comes sees whose gateway it is that lets them in, and whom to call.
Test(portal_calls, say_whose_portal_it_is)
{
    struct tenant tenant = *state_tenant(calls.core.state, "neustadt");
    TEXT_PUT(tenant.help_desk, "0800 4711");
    union record record = {.tenant = tenant};
    core_set(&calls.core, NOUN_TENANT, &record);
    at_portal_calls(METHOD_PORTAL_HOME, "", NULL);
    cr_expect_eq(at_portal.status, 200);
    cr_expect(strstr(at_portal.answer.bytes, "<p class=\"kern-title\">neustadt</p>"), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, "Benutzerservice: 0800 4711"), "%s", at_portal.answer.bytes);
}

Test(portal_calls, open_the_desktop_for_this_browser_alone)
{
    at_portal_opens_desktop();
    cr_assert_eq(at_portal.status, 200, "%s", at_portal.answer.bytes);
    cr_expect_eq(at_portal.kind, PAGE_FILE);
    const struct session *session = at_portal_session();
    cr_assert(session);
    cr_expect_str_empty(session->device);
    cr_expect_not(redeems(""));
    at_portal_opens_desktop();
    cr_expect(redeems(at_portal.holder));
    cr_expect_not(redeems(at_portal.holder));
}

Test(portal_calls, take_it_over_from_a_desk)
{
    struct logon_decision at_desk;
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk1", &at_desk);
    core_change(&calls.core, at_desk.session.id, SESSION_HOST_CONNECTS);
    at_portal_opens_desktop();
    cr_assert_eq(at_portal.status, 200, "%s", at_portal.answer.bytes);
    cr_expect_str_eq(at_portal_session()->id, at_desk.session.id);
    cr_expect_gt(at_portal_session()->fence, at_desk.session.fence);
    cr_expect_str_eq(calls.to_desk.to, "neustadt/desk1");
    cr_expect_eq(calls.to_desk.message.type, DEVICE_MOVED);
    cr_expect_str_eq(calls.to_desk.message.place, "gw.example");
}

// Before the host closes the old connection, which would only say that it has ended.
Test(portal_calls, tell_the_page_that_had_it_at_once)
{
    struct gateway_message opened;
    at_portal_opens_desktop();
    open_channel();
    opened = calls.to_gateway.message;
    at_portal_opens_desktop();
    expect_closed(opened.channel, CHANNEL_MOVED);
}

Test(portal_calls, tell_the_page_why_an_administrator_takes_it_away)
{
    struct gateway_message opened;
    at_portal_opens_desktop();
    open_channel();
    opened = calls.to_gateway.message;
    CALLS_EXPECT(200, METHOD_LOCK, NOUN_SESSION, at_portal_session()->id, "{}");
    expect_closed(opened.channel, CHANNEL_LOCKED);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_SESSION, at_portal_session()->id, "{}");
    expect_closed(opened.channel, CHANNEL_SESSION_ENDED);
}

Test(portal_calls, refuse_what_only_desks_of_ours_may)
{
    at_portal_set_profile(OUTSIDE_BY_DEVICE);
    at_portal_opens_desktop();
    at_portal_is_refused(403, "\"sentence\":\"");
}

Test(portal_calls, refuse_forms_of_others)
{
    char token[COOKIE_MAC_SIZE], other[COOKIE_SIZE];
    cookie_make(other);
    cookie_form_token(other, "/desktops/channel", token);
    at_portal_asks(METHOD_PORTAL_CHANNEL, at_portal.cookie, token);
    at_portal_is_refused(401, "\"sentence\":\"");
    at_portal_asks(METHOD_PORTAL_CHANNEL, other, token);
    at_portal_is_refused(401, "\"sentence\":\"");
    cookie_form_token(at_portal.cookie, "/logoff", token);
    at_portal_asks(METHOD_PORTAL_CHANNEL, at_portal.cookie, token);
    at_portal_is_refused(401, "\"sentence\":\"");
}

Test(portal_calls, refuse_a_page_that_was_about_another_desktop)
{
    at_portal.profile = "neustadt/builder";
    at_portal_opens_desktop();
    at_portal_is_refused(403, "\"sentence\":\"");
}

static void take_factor_away(void)
{
    union record factor = {.factor = {.id = FACTOR}};
    struct event event = {.type = EVENT_REMOVED, .noun = NOUN_FACTOR, .record = factor};
    state_apply(calls.core.state, &event);
}

// By a code of the help desk one comes to the page where one is set up, and no further.
Test(portal_calls, open_nothing_for_who_has_no_second_factor)
{
    take_factor_away();
    at_portal_opens_desktop();
    at_portal_is_refused(403, "\"sentence\":\"");
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, 303);
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, 200);
    cr_expect(strstr(at_portal.answer.bytes, "richten Sie hier einen Passkey"), "%s", at_portal.answer.bytes);
}

// Somebody got their user name, or the directory knows nobody of that name any more.
Test(portal_calls, refuse_who_is_somebody_else_by_now)
{
    calls.key = "2";
    at_portal_opens_desktop();
    at_portal_is_refused(401, "\"sentence\":\"");
    calls.key = NULL;
    calls.locked = true;
    at_portal_opens_desktop();
    at_portal_is_refused(403, "\"sentence\":\"");
    calls.locked = false;
    calls.verdict = AUTH_WRONG;
    at_portal_opens_desktop();
    at_portal_is_refused(401, "\"sentence\":\"");
}

// ---- second factors

static const enum method_id factor_changes[] = {METHOD_PORTAL_TELEPHONE_ADD, METHOD_PORTAL_PASSKEY, METHOD_PORTAL_CODES,
                                                METHOD_PORTAL_FACTOR_REMOVE};

static void be_logged_on_for(int64_t ms)
{
    struct portal_sessions *sessions = &calls.services.portal->sessions;
    portal_sessions_end(sessions, at_portal.holder);
    cr_assert(portal_sessions_add(sessions, at_portal.holder, PERSON, clock_steady_ms() - ms));
}

// As the form of the page sends it, which begins with its token.
static void change_factors(enum method_id method)
{
    const struct method *row = method_find(method, NOUN_NONE);
    char *body = mem_new(1, row->body->size);
    cookie_form_token(at_portal.cookie, row->path, body);
    if (method == METHOD_PORTAL_FACTOR_REMOVE)
        TEXT_PUT(((struct portal_factor_request *)(void *)body)->factor, FACTOR);
    at_portal_calls(method, at_portal.cookie, body);
}

static size_t factor_count(void)
{
    return state_table(calls.core.state, NOUN_FACTOR)->count;
}

Test(portal_calls, change_second_factors_soon_after_the_log_on)
{
    be_logged_on_for(PORTAL_NEW_MS / 2);
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_expect(strstr(at_portal.answer.bytes, "action=\"/factors/remove\""), "%s", at_portal.answer.bytes);
    cr_expect_null(strstr(at_portal.answer.bytes, "Neu anmelden"));
    change_factors(METHOD_PORTAL_CODES);
    cr_expect_eq(at_portal.status, 200);
    cr_expect_eq(factor_count(), 2);
    change_factors(METHOD_PORTAL_FACTOR_REMOVE);
    cr_expect_str_eq(at_portal.sent_on_to, "/factors");
    cr_expect_eq(factor_count(), 1);
}

// Who finds a browser that was left open looks, and no more.
Test(portal_calls, change_second_factors_later_after_another_log_on_alone)
{
    be_logged_on_for(PORTAL_NEW_MS);
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, 200);
    cr_expect_null(strstr(at_portal.answer.bytes, "action=\"/factors"), "%s", at_portal.answer.bytes);
    cr_expect(strstr(at_portal.answer.bytes, "Neu anmelden"), "%s", at_portal.answer.bytes);
    at_portal_calls(METHOD_PORTAL_TELEPHONE, at_portal.cookie, NULL);
    cr_expect_str_eq(at_portal.sent_on_to, "/factors");
    for (size_t i = 0; i < sizeof factor_changes / sizeof *factor_changes; i++) {
        change_factors(factor_changes[i]);
        cr_expect_str_eq(at_portal.sent_on_to, "/factors", "%zu", i);
        cr_expect_eq(at_portal.status, 303, "%zu", i);
        cr_expect_eq(factor_count(), 1, "%zu", i);
    }
}

// They came by a code of the help desk, and have nothing to log on with again.
Test(portal_calls, set_up_the_first_second_factor_later_too)
{
    take_factor_away();
    be_logged_on_for(PORTAL_NEW_MS);
    at_portal_calls(METHOD_PORTAL_FACTORS, at_portal.cookie, NULL);
    cr_expect(strstr(at_portal.answer.bytes, "href=\"/factors/telephone\""), "%s", at_portal.answer.bytes);
    cr_expect_null(strstr(at_portal.answer.bytes, "Neu anmelden"));
    at_portal_calls(METHOD_PORTAL_TELEPHONE, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, 200);
}

static void expect_nobody_served(enum method_id method, bool is_form)
{
    be_logged_on_for(0);
    calls.verdict = AUTH_UNAVAILABLE;
    if (is_form)
        change_factors(method);
    else
        at_portal_calls(method, at_portal.cookie, NULL);
    cr_expect_eq(at_portal.status, refusal_rows[REFUSAL_DIRECTORY_DOWN].status);
    calls.verdict = AUTH_WRONG;
    if (is_form)
        change_factors(method);
    else
        at_portal_calls(method, at_portal.cookie, NULL);
    cr_expect_str_eq(at_portal.sent_on_to, "/");
    cr_expect_null(portal_sessions_use(&calls.services.portal->sessions, at_portal.holder, clock_steady_ms()),
                   "logged off");
    cr_expect_eq(factor_count(), 1);
}

Test(portal_calls, show_and_change_no_second_factor_of_who_is_nobody_any_more)
{
    expect_nobody_served(METHOD_PORTAL_FACTORS, false);
    expect_nobody_served(METHOD_PORTAL_TELEPHONE, false);
    for (size_t i = 0; i < sizeof factor_changes / sizeof *factor_changes; i++)
        expect_nobody_served(factor_changes[i], true);
}

// ---- a log-on that is over

static void give_agents(void)
{
    static const char *const hosts[] = {"neustadt/ts1", "neustadt/ts2"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        core_set_agent(&calls.core, hosts[i], true);
}

static void come_in(char channel[ID_SIZE])
{
    give_agents();
    at_portal_opens_desktop();
    open_channel();
    text_put(channel, ID_SIZE, calls.to_gateway.message.channel);
}

static bool is_closed(const char *channel)
{
    calls.to_gateway.message.type = GATEWAY_WELCOME;
    gateway_sweep(&calls.services);
    return calls.to_gateway.message.type == GATEWAY_CLOSE && text_equal(calls.to_gateway.message.channel, channel) &&
           calls.to_gateway.message.reason == CHANNEL_LOGGED_OFF;
}

Test(portal_calls, log_off_and_close_what_this_browser_has_opened)
{
    char channel[ID_SIZE];
    struct portal_form_request *body = mem_new(1, sizeof *body);
    come_in(channel);
    cr_expect_not(is_closed(channel));
    cookie_form_token(at_portal.cookie, "/logoff", body->token);
    at_portal_calls(METHOD_PORTAL_LOGOFF, at_portal.cookie, body);
    cr_expect(is_closed(channel));
}

static void log_off_meanwhile(void)
{
    portal_log_off(&calls.services, PERSON, "");
}

// Whoever has the cookie of somebody else asks in time, and waits.
Test(portal_calls, open_nothing_for_who_is_logged_off_meanwhile)
{
    at_portal.meanwhile = log_off_meanwhile;
    at_portal_opens_desktop();
    at_portal_is_refused(401, "\"sentence\":\"");
}

Test(portal_calls, give_no_token_to_who_is_logged_off_while_it_is_written_down)
{
    calls.while_writing = log_off_meanwhile;
    at_portal_opens_desktop();
    cr_expect_eq(at_portal.status, 401, "%s", at_portal.answer.bytes);
    cr_expect_null(strstr(at_portal.answer.bytes, "\"channel\""), "%s", at_portal.answer.bytes);
}

// A password that has expired lets nobody log on anew, and throws nobody out of their desktop.
Test(portal_calls, log_off_whoever_may_not_log_on_any_more_and_leave_the_desktop_open)
{
    char channel[ID_SIZE];
    come_in(channel);
    calls.verdict = AUTH_EXPIRED;
    at_portal_calls(METHOD_PORTAL_DESKTOPS, at_portal.cookie, NULL);
    cr_expect_str_eq(at_portal.sent_on_to, "/");
    calls_settle();
    gateway_sweep(&calls.services);
    cr_expect_neq(calls.to_gateway.message.type, GATEWAY_CLOSE);
}

Test(portal_calls, log_off_elsewhere_who_takes_a_second_factor_away)
{
    static const enum method_id changes[] = {METHOD_PORTAL_CODES, METHOD_PORTAL_FACTOR_REMOVE};
    struct portal_sessions *sessions = &calls.services.portal->sessions;
    char other[DIGEST_SIZE], channel[ID_SIZE];
    services_digest(other, "other", 5);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cr_assert(portal_sessions_add(sessions, other, PERSON, clock_steady_ms()));
        come_in(channel);
        change_factors(changes[i]);
        cr_expect_not(is_closed(channel), "%zu", i);
        cr_expect(portal_sessions_use(sessions, at_portal.holder, clock_steady_ms()), "%zu", i);
        cr_expect_null(portal_sessions_use(sessions, other, clock_steady_ms()), "%zu", i);
    }
    TEXT_PUT(channels_find(&calls.services.channels, channel)->logon, other);
    change_factors(METHOD_PORTAL_CODES);
    cr_expect(is_closed(channel));
}
