// SPDX-License-Identifier: EUPL-1.2
// A person at the portal opens their desktop in the browser or by an RDP program, or takes it over from a desk.
#include "broker/calls/portal.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "tests/unit/calls/calls_fixture.h"
#include "tests/unit/portal/signer_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GATEWAY "neustadt/gw"
#define PERSON "neustadt/p-0123456789abcdef"
#define FACTOR "neustadt/f-0123456789abcdef"

static const char *profile; // that the page is about
static const char *gateway; // through which they come
static char cookie[COOKIE_SIZE], holder[DIGEST_SIZE];
static int status;
static struct text answer;
static enum page_kind kind;
static const char *sent_on_to; // "": to no other page
static char file_name[32];

static void set_profile(enum outside_access outside)
{
    const struct profile *clerk = state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk");
    union record record = {.profile = *clerk};
    record.profile.outside = outside;
    core_set(&calls.core, NOUN_PROFILE, &record);
}

static void open_portal(void)
{
    char assets[512], locale[512];
    struct fault why = {0};
    union record person = {.person = {.id = PERSON, .first_seen_ms = 1}};
    union record factor = {.factor = {.id = FACTOR, .person = PERSON, .kind = FACTOR_PASSKEY, .enrolled_ms = 1}};
    const struct store_person row = {.id = PERSON, .key = "1", .user_name = "anna", .name = "Anna"};
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    snprintf(assets, sizeof assets, "%s/portal/assets", getenv("PULT_BUILD"));
    snprintf(locale, sizeof locale, "%s/locale", getenv("PULT_BUILD"));
    calls.services.portal = portal_new("broker/portal/pages", locale, assets, &why);
    cr_assert(calls.services.portal, "%s", why.text);
    people_put(&calls.services.people, &row);
    core_set(&calls.core, NOUN_PERSON, &person);
    core_set(&calls.core, NOUN_FACTOR, &factor);
    set_profile(OUTSIDE_BY_ANY);
    gateway_linked(&calls.services, GATEWAY);
    calls.verdict = AUTH_RIGHT;
    profile = "neustadt/clerk";
    gateway = GATEWAY;
    cookie_make(cookie);
    services_digest(holder, cookie, strlen(cookie));
    cr_assert(portal_sessions_add(&calls.services.portal->sessions, holder, PERSON, clock_steady_ms()));
}

static void close_portal(void)
{
    text_drop(&answer);
    channels_fini(&calls.services.channels);
    portal_free(calls.services.portal);
    calls_close();
}

TestSuite(portal_calls, .init = open_portal, .fini = close_portal);

static void finish(struct request *request, int said, struct text *text, int64_t retry_after_s)
{
    (void)retry_after_s;
    status = said;
    kind = request->visit->kind;
    sent_on_to = request->visit->location ? request->visit->location : "";
    TEXT_PUT(file_name, request->visit->file_name ? request->visit->file_name : "");
    text_drop(&answer);
    answer = *text;
    request_fini(request);
    free(request);
}

static void call_method(enum method_id method, const char *shown, void *body)
{
    struct portal *portal = calls.services.portal;
    struct request *request = mem_new(1, sizeof *request);
    char header[128];
    snprintf(header, sizeof header, COOKIE_SESSION "=%s", shown);
    *request = (struct request){.method = method_find(method, NOUN_NONE),
                                .peer = {.role = ROLE_UNAUTHENTICATED, .address = "203.0.113.7"},
                                .visit = page_visit_new(portal->pages, portal->assets, header, "de", ""),
                                .body = body,
                                .refuse = portal_refuse,
                                .finish = finish};
    status = 0;
    TEXT_PUT(request->peer.gateway, gateway);
    portal_prove(&calls.services, request->visit->session, &request->peer);
    calls_dispatch(&calls.services, request);
    calls_settle();
    calls_settle();
    cr_assert(status, "not answered");
}

static void ask(enum method_id method, const char *shown, const char *token)
{
    struct portal_channel_request *body = mem_new(1, sizeof *body);
    TEXT_PUT(body->token, token);
    TEXT_PUT(body->profile, profile);
    call_method(method, shown, body);
}

static void open_desktop(void)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(cookie, "/desktops/channel", token);
    ask(METHOD_PORTAL_CHANNEL, cookie, token);
}

static void fetch_file(void)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(cookie, "/desktops/file", token);
    ask(METHOD_PORTAL_FILE, cookie, token);
}

// That stands behind `before`.
static void read_token(const char *text, const char *before, char token[CHANNEL_TOKEN_SIZE])
{
    const char *at = strstr(text, before);
    cr_assert(at, "%s", text);
    snprintf(token, CHANNEL_TOKEN_SIZE, "%s", at + strlen(before));
    cr_assert_eq(strlen(token), CHANNEL_TOKEN_SIZE - 1);
}

// The page has got its token, and shows it to the gateway.
static void open_channel(void)
{
    struct gateway_message open = {.type = GATEWAY_OPEN, .way = CHANNEL_BROWSER, .network = "203.0.113.7"};
    read_token(answer.bytes, "\"channel\":\"", open.token);
    TEXT_PUT(open.holder, holder);
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

static const struct session *their_session(void)
{
    struct session_walk theirs = state_sessions_of(calls.core.state, SESSIONS_OF_PERSON, PERSON);
    return state_next_session(&theirs);
}

// What channels_redeem says of it, with this cookie's digest.
static bool redeems_in(const char *text, const char *before, enum channel_way way, const char *with)
{
    char token[CHANNEL_TOKEN_SIZE], digest[DIGEST_SIZE];
    read_token(text, before, token);
    services_digest(digest, token, strlen(token));
    const struct channel_claim claim = {.digest = digest, .holder = with, .way = way, .gateway = GATEWAY};
    const char *why = NULL;
    return channels_redeem(&calls.services.channels, calls.core.state, &claim, clock_steady_ms(), &why) != NULL;
}

static bool redeems(const char *with)
{
    return redeems_in(answer.bytes, "\"channel\":\"", CHANNEL_BROWSER, with);
}

// Nor would it be where the gateway of another town hall got hold of it.
Test(portal_calls, a_cookie_is_good_at_gateways_that_serve_its_tenant)
{
    call_method(METHOD_PORTAL_FACTORS, cookie, NULL);
    cr_assert_eq(status, 200);
    gateway = "altdorf/gw";
    call_method(METHOD_PORTAL_FACTORS, cookie, NULL);
    cr_assert_eq(status, 303);
    open_desktop();
    cr_assert_eq(status, 401, "%s", answer.bytes);
}

// Whoever comes sees whose gateway it is that lets them in, and whom to call.
Test(portal_calls, say_whose_portal_it_is)
{
    struct tenant tenant = *state_tenant(calls.core.state, "neustadt");
    TEXT_PUT(tenant.help_desk, "0800 4711");
    union record record = {.tenant = tenant};
    core_set(&calls.core, NOUN_TENANT, &record);
    call_method(METHOD_PORTAL_HOME, "", NULL);
    cr_expect_eq(status, 200);
    cr_expect(strstr(answer.bytes, "<p class=\"kern-title\">neustadt</p>"), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, "Benutzerservice: 0800 4711"), "%s", answer.bytes);
}

Test(portal_calls, open_the_desktop_for_this_browser_alone)
{
    open_desktop();
    cr_assert_eq(status, 200, "%s", answer.bytes);
    cr_expect_eq(kind, PAGE_FILE);
    const struct session *session = their_session();
    cr_assert(session);
    cr_expect_str_empty(session->device);
    cr_expect_not(redeems(""));
    open_desktop();
    cr_expect(redeems(holder));
    cr_expect_not(redeems(holder));
}

Test(portal_calls, take_it_over_from_a_desk)
{
    struct logon_decision at_desk;
    core_log_on(&calls.core, "0123456789abcdef", "rathaus", "neustadt/desk1", &at_desk);
    core_change(&calls.core, at_desk.session.id, SESSION_HOST_CONNECTS);
    open_desktop();
    cr_assert_eq(status, 200, "%s", answer.bytes);
    cr_expect_str_eq(their_session()->id, at_desk.session.id);
    cr_expect_gt(their_session()->fence, at_desk.session.fence);
    cr_expect_str_eq(calls.to_desk.to, "neustadt/desk1");
    cr_expect_eq(calls.to_desk.message.type, DEVICE_MOVED);
    cr_expect_str_eq(calls.to_desk.message.place, "gw.example");
}

// Before the host closes the old connection, which would only say that it has ended.
Test(portal_calls, tell_the_page_that_had_it_at_once)
{
    struct gateway_message opened;
    open_desktop();
    open_channel();
    opened = calls.to_gateway.message;
    open_desktop();
    expect_closed(opened.channel, CHANNEL_MOVED);
}

Test(portal_calls, tell_the_page_why_an_administrator_takes_it_away)
{
    struct gateway_message opened;
    open_desktop();
    open_channel();
    opened = calls.to_gateway.message;
    CALLS_EXPECT(200, METHOD_LOCK, NOUN_SESSION, their_session()->id, "{}");
    expect_closed(opened.channel, CHANNEL_LOCKED);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_SESSION, their_session()->id, "{}");
    expect_closed(opened.channel, CHANNEL_SESSION_ENDED);
}

static void expect_refused(int wanted, const char *sentence)
{
    cr_expect_eq(status, wanted, "%d: %s", status, answer.bytes);
    cr_expect(strstr(answer.bytes, sentence), "%s", answer.bytes);
    cr_expect_null(their_session());
}

Test(portal_calls, refuse_what_only_desks_of_ours_may)
{
    set_profile(OUTSIDE_BY_DEVICE);
    open_desktop();
    expect_refused(403, "\"sentence\":\"");
}

Test(portal_calls, refuse_forms_of_others)
{
    char token[COOKIE_MAC_SIZE], other[COOKIE_SIZE];
    cookie_make(other);
    cookie_form_token(other, "/desktops/channel", token);
    ask(METHOD_PORTAL_CHANNEL, cookie, token);
    expect_refused(401, "\"sentence\":\"");
    ask(METHOD_PORTAL_CHANNEL, other, token);
    expect_refused(401, "\"sentence\":\"");
    cookie_form_token(cookie, "/logoff", token);
    ask(METHOD_PORTAL_CHANNEL, cookie, token);
    expect_refused(401, "\"sentence\":\"");
}

Test(portal_calls, refuse_a_page_that_was_about_another_desktop)
{
    profile = "neustadt/builder";
    open_desktop();
    expect_refused(403, "\"sentence\":\"");
}

// By a code of the help desk one comes to the page where one is set up, and no further.
Test(portal_calls, open_nothing_for_who_has_no_second_factor)
{
    union record factor = {.factor = {.id = FACTOR}};
    struct event event = {.type = EVENT_REMOVED, .noun = NOUN_FACTOR, .record = factor};
    state_apply(calls.core.state, &event);
    open_desktop();
    expect_refused(403, "\"sentence\":\"");
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect_eq(status, 303);
    call_method(METHOD_PORTAL_FACTORS, cookie, NULL);
    cr_expect_eq(status, 200);
    cr_expect(strstr(answer.bytes, "richten Sie hier einen Passkey"), "%s", answer.bytes);
}

// Somebody got their user name, or the directory knows nobody of that name any more.
Test(portal_calls, refuse_who_is_somebody_else_by_now)
{
    calls.key = "2";
    open_desktop();
    expect_refused(401, "\"sentence\":\"");
    calls.key = NULL;
    calls.locked = true;
    open_desktop();
    expect_refused(403, "\"sentence\":\"");
    calls.locked = false;
    calls.verdict = AUTH_WRONG;
    open_desktop();
    expect_refused(401, "\"sentence\":\"");
}

// ---- second factors

static const enum method_id factor_changes[] = {METHOD_PORTAL_TELEPHONE_ADD, METHOD_PORTAL_PASSKEY, METHOD_PORTAL_CODES,
                                                METHOD_PORTAL_FACTOR_REMOVE};

static void be_logged_on_for(int64_t ms)
{
    struct portal_sessions *sessions = &calls.services.portal->sessions;
    portal_sessions_end(sessions, holder);
    cr_assert(portal_sessions_add(sessions, holder, PERSON, clock_steady_ms() - ms));
}

// As the form of the page sends it, which begins with its token.
static void change_factors(enum method_id method)
{
    const struct method *row = method_find(method, NOUN_NONE);
    char *body = mem_new(1, row->body->size);
    cookie_form_token(cookie, row->path, body);
    if (method == METHOD_PORTAL_FACTOR_REMOVE)
        TEXT_PUT(((struct portal_factor_request *)(void *)body)->factor, FACTOR);
    call_method(method, cookie, body);
}

static size_t factor_count(void)
{
    return state_table(calls.core.state, NOUN_FACTOR)->count;
}

Test(portal_calls, change_second_factors_soon_after_the_log_on)
{
    be_logged_on_for(PORTAL_NEW_MS / 2);
    call_method(METHOD_PORTAL_FACTORS, cookie, NULL);
    cr_expect(strstr(answer.bytes, "action=\"/factors/remove\""), "%s", answer.bytes);
    cr_expect_null(strstr(answer.bytes, "Neu anmelden"));
    change_factors(METHOD_PORTAL_CODES);
    cr_expect_eq(status, 200);
    cr_expect_eq(factor_count(), 2);
    change_factors(METHOD_PORTAL_FACTOR_REMOVE);
    cr_expect_str_eq(sent_on_to, "/factors");
    cr_expect_eq(factor_count(), 1);
}

// Who finds a browser that was left open looks, and no more.
Test(portal_calls, change_second_factors_later_after_another_log_on_alone)
{
    be_logged_on_for(PORTAL_NEW_MS);
    call_method(METHOD_PORTAL_FACTORS, cookie, NULL);
    cr_expect_eq(status, 200);
    cr_expect_null(strstr(answer.bytes, "action=\"/factors"), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, "Neu anmelden"), "%s", answer.bytes);
    call_method(METHOD_PORTAL_TELEPHONE, cookie, NULL);
    cr_expect_str_eq(sent_on_to, "/factors");
    for (size_t i = 0; i < sizeof factor_changes / sizeof *factor_changes; i++) {
        change_factors(factor_changes[i]);
        cr_expect_str_eq(sent_on_to, "/factors", "%zu", i);
        cr_expect_eq(status, 303, "%zu", i);
        cr_expect_eq(factor_count(), 1, "%zu", i);
    }
}

static void expect_nobody_served(enum method_id method, bool is_form)
{
    be_logged_on_for(0);
    calls.verdict = AUTH_UNAVAILABLE;
    if (is_form)
        change_factors(method);
    else
        call_method(method, cookie, NULL);
    cr_expect_eq(status, refusal_rows[REFUSAL_DIRECTORY_DOWN].status);
    calls.verdict = AUTH_WRONG;
    if (is_form)
        change_factors(method);
    else
        call_method(method, cookie, NULL);
    cr_expect_str_eq(sent_on_to, "/");
    cr_expect_null(portal_sessions_use(&calls.services.portal->sessions, holder, clock_steady_ms()), "logged off");
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
    open_desktop();
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
    cookie_form_token(cookie, "/logoff", body->token);
    call_method(METHOD_PORTAL_LOGOFF, cookie, body);
    cr_expect(is_closed(channel));
}

// A password that has expired lets nobody log on anew, and throws nobody out of their desktop.
Test(portal_calls, log_off_whoever_may_not_log_on_any_more_and_leave_the_desktop_open)
{
    char channel[ID_SIZE];
    come_in(channel);
    calls.verdict = AUTH_EXPIRED;
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect_str_eq(sent_on_to, "/");
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
        cr_expect(portal_sessions_use(sessions, holder, clock_steady_ms()), "%zu", i);
        cr_expect_null(portal_sessions_use(sessions, other, clock_steady_ms()), "%zu", i);
    }
    TEXT_PUT(channels_find(&calls.services.channels, channel)->logon, other);
    change_factors(METHOD_PORTAL_CODES);
    cr_expect(is_closed(channel));
}

// ---- by an RDP program

static void open_signer(void)
{
    struct fault why = {0};
    open_portal();
    signer_open();
    struct rdp_signer *signer = rdp_signer_new(signer_certificate, signer_key, NULL, &why);
    cr_assert(signer, "%s", why.text);
    portal_use_signer(calls.services.portal, signer);
}

static void close_signer(void)
{
    close_portal();
    signer_close();
}

TestSuite(portal_files, .init = open_signer, .fini = close_signer);

static char *read_answer(void)
{
    cr_assert_eq(status, 200, "%d: %s", status, answer.bytes);
    cr_assert_eq(kind, PAGE_FILE);
    return signer_read_file(answer.bytes, answer.length);
}

static void expect_lines(const char *file, const char *const *lines)
{
    for (; *lines; lines++)
        cr_expect(signer_has_line(file, *lines), "%s is not in %s", *lines, file);
}

Test(portal_files, open_the_desktop_through_the_gateway_by_which_they_came)
{
    static const char *const lines[] = {"full address:s:gw.example", "gatewayhostname:s:gw.example:443",
                                        "enablecredsspsupport:i:0", "username:s:anna", NULL};
    give_agents();
    fetch_file();
    owned(bytes) char *file = read_answer();
    cr_expect_str_eq(file_name, "desktop.rdp");
    expect_lines(file, lines);
    cr_assert(their_session());
    cr_expect_str_empty(their_session()->device);
    cr_expect_not(redeems_in(file, "gatewayaccesstoken:s:", CHANNEL_BROWSER, holder));
    fetch_file();
    owned(bytes) char *second = read_answer();
    cr_expect(redeems_in(second, "gatewayaccesstoken:s:", CHANNEL_TSGU, ""));
}

Test(portal_files, lead_to_the_host_itself_where_it_has_no_agent)
{
    static const char *const lines[] = {"full address:s:ts.example", "gatewayhostname:s:gw.example:443",
                                        "enablecredsspsupport:i:1", NULL};
    fetch_file();
    owned(bytes) char *file = read_answer();
    expect_lines(file, lines);
}

Test(portal_files, allow_what_the_profile_allows)
{
    for (int i = 0; i < 8; i++) {
        const struct profile *clerk = state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk");
        union record record = {.profile = *clerk};
        record.profile.clipboard = i & 1;
        record.profile.drives = i & 2;
        record.profile.printers = i & 4;
        core_set(&calls.core, NOUN_PROFILE, &record);
        calm_clear(&calls.services.calm);
        fetch_file();
        owned(bytes) char *file = read_answer();
        const char *const lines[] = {i & 1 ? "redirectclipboard:i:1" : "redirectclipboard:i:0",
                                     i & 2 ? "redirectdrives:i:1" : "redirectdrives:i:0",
                                     i & 4 ? "redirectprinters:i:1" : "redirectprinters:i:0", NULL};
        expect_lines(file, lines);
    }
}

// Its form is on the page, in their language.
Test(portal_files, are_offered_with_the_desktop)
{
    char token[COOKIE_MAC_SIZE], field[COOKIE_MAC_SIZE + 64];
    cookie_form_token(cookie, "/desktops/file", token);
    snprintf(field, sizeof field, "name=\"token\" value=\"%s\"", token);
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect_eq(status, 200);
    cr_expect(strstr(answer.bytes, "action=\"/desktops/file\""), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, field), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, "Mit einem RDP-Programm öffnen"), "%s", answer.bytes);
}

// What to do with one depends on who logs on at the host.
Test(portal_files, say_whether_a_password_is_needed)
{
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect(strstr(answer.bytes, "Das Programm fragt nach Ihrem Passwort."), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, "<code>xfreerdp3 desktop.rdp</code>"), "%s", answer.bytes);
    give_agents();
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect(strstr(answer.bytes, "Ein Passwort ist dort nicht nötig."), "%s", answer.bytes);
    cr_expect(strstr(answer.bytes, "<code>xfreerdp3 desktop.rdp /p:</code>"), "%s", answer.bytes);
}

// By pages: no script asks.
Test(portal_files, are_refused_to_whom_the_desktop_is)
{
    char token[COOKIE_MAC_SIZE];
    cookie_form_token(cookie, "/desktops/channel", token);
    ask(METHOD_PORTAL_FILE, cookie, token);
    expect_refused(303, "");
    set_profile(OUTSIDE_BY_DEVICE);
    fetch_file();
    expect_refused(403, "<h1");
    set_profile(OUTSIDE_BY_ANY);
    profile = "neustadt/builder";
    fetch_file();
    expect_refused(403, "<h1");
}

Test(portal_calls, have_no_files_where_nobody_signs_them)
{
    call_method(METHOD_PORTAL_DESKTOPS, cookie, NULL);
    cr_expect_null(strstr(answer.bytes, "/desktops/file"));
    fetch_file();
    expect_refused(404, "<h1");
}
