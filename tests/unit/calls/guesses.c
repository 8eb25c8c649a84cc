// SPDX-License-Identifier: EUPL-1.2
// Passwords are guessed at the port for administrators, which anybody can reach: nobody at a desk notices.
#include "broker/base/clock.h"
#include "broker/calls/logon_attempt.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TENANT                                                                                                         \
    "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://"                                                                   \
    "dir.example\"],\"user_base\":\"dc=example\",\"bind_dn\":\"cn=pult\","                                             \
    "\"district\":true,\"admin_group\":\"%s\"}"

static void set_group(const char *group)
{
    char body[500];
    struct peer caller = calls.caller;
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .id = "first"};
    snprintf(body, sizeof body, TENANT, group);
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", body);
    calls.caller = caller;
}

static void open_port(void)
{
    calls_open();
    set_group("rathaus");
    calls.caller = (struct peer){.role = ROLE_UNAUTHENTICATED, .address = "::ffff:192.0.2.1"};
}

TestSuite(guesses, .init = open_port, .fini = calls_close, .timeout = 60);

static json_object *try_at(const char *tenant, const char *name, const char *password)
{
    char body[300];
    snprintf(body, sizeof body, "{\"tenant\":\"%s\",\"name\":\"%s\",\"password\":\"%s\"}", tenant, name, password);
    return calls_call(METHOD_ADMIN_LOGON, NOUN_NONE, "", body);
}

static void expect_try(const char *name, const char *password, int status)
{
    owned(json) json_object *answer = try_at("neustadt", name, password);
    cr_assert_eq(calls.status, status, "%s: %s", name, json_object_to_json_string(answer));
}

// Whether an attempt at a desk would have to wait.
static bool waits_at_desk(const char *name)
{
    struct attempt attempt;
    int64_t wait_ms = 0;
    const struct peer desk = {.role = ROLE_DEVICE, .id = "neustadt/desk1", .address = "192.0.2.1"};
    attempt_start(&attempt, "neustadt", name, &desk);
    bool waits = attempt_must_wait(&attempt, &calls.services, &wait_ms);
    if (!waits)
        attempt_finish(&attempt, &calls.services, AUTH_UNAVAILABLE);
    return waits;
}

// So often that the wait outlives the test.
static void guess_at_desk(const char *name)
{
    char key[ID_SIZE + USER_NAME_SIZE];
    attempt_name_key(key, "neustadt", name);
    for (int i = 0; i < 12; i++)
        throttle_end(calls.services.throttle, THROTTLE_DESK_NAME, key, THROTTLE_FAILED, "neustadt/desk1",
                     clock_steady_ms());
}

Test(guesses, at_nobody_who_administers_reach_no_password)
{
    set_group("others");
    expect_try("anna", "falsch", 401);
    expect_try("anna", "anna-geheim", 401);
    cr_expect_eq(calls.binds, 0);
    cr_expect_eq(calls.look_ups, 2);
    expect_try("anna", "falsch", 401);
    expect_try("anna", "falsch", 429);
    cr_expect_not(waits_at_desk("anna"));
}

// Who exists, and who administers, is told by nothing but the right password.
Test(guesses, are_all_answered_with_the_same)
{
    char said[4][400];
    const char *const tenants[] = {"neustadt", "neustadt", "neustadt", "nowhere"};
    for (size_t i = 0; i < 4; i++) {
        calls.verdict = i == 0 ? AUTH_WRONG : i == 1 ? AUTH_DISABLED : AUTH_RIGHT;
        owned(json) json_object *answer = try_at(tenants[i], "anna", "falsch");
        snprintf(said[i], sizeof said[i], "%d %s", calls.status, json_object_to_json_string(answer));
        cr_expect_str_eq(said[i], said[0]);
    }
    cr_expect_eq(calls.binds, 1);
    calls.verdict = AUTH_UNAVAILABLE;
    expect_try("bert", "falsch", 503);
}

Test(guesses, at_an_administrator_stay_below_what_locks_an_account)
{
    for (int i = 0; i < ADMIN_TRIES_USUAL; i++) {
        snprintf(calls.caller.address, sizeof calls.caller.address, "2001:db8:%d::1", i);
        expect_try(i % 2 ? "Anna" : "NEUSTADT\\\\anna", "falsch", 401);
    }
    expect_try("anna", "anna-geheim", 429);
    cr_expect_eq(calls.binds, ADMIN_TRIES_USUAL);
    cr_expect_not(waits_at_desk("anna"));
}

// Many at once are no way around: what is under way counts.
Test(guesses, under_way_count)
{
    const struct peer peer = {.role = ROLE_UNAUTHENTICATED, .address = "192.0.2.9"};
    struct attempt attempts[ADMIN_TRIES_USUAL + 1];
    int64_t wait_ms;
    for (int i = 0; i <= ADMIN_TRIES_USUAL; i++) {
        attempt_start(&attempts[i], "neustadt", "anna", &peer);
        cr_assert_eq(attempt_must_wait(&attempts[i], &calls.services, &wait_ms), i == ADMIN_TRIES_USUAL, "%d", i);
    }
    attempt_finish(&attempts[0], &calls.services, AUTH_UNAVAILABLE);
    attempt_start(&attempts[0], "neustadt", "anna", &peer);
    cr_assert_not(attempt_must_wait(&attempts[0], &calls.services, &wait_ms));
}

// Else who guesses would learn who exists, and when they come to work.
Test(guesses, are_not_forgotten_when_their_victim_logs_on_at_a_desk)
{
    const struct peer desk = {.role = ROLE_DEVICE, .id = "neustadt/desk1"};
    struct attempt attempt;
    int64_t wait_ms;
    set_group("others");
    for (int i = 0; i < ADMIN_TRIES_USUAL; i++)
        expect_try("anna", "falsch", 401);
    attempt_start(&attempt, "neustadt", "anna", &desk);
    cr_assert_not(attempt_must_wait(&attempt, &calls.services, &wait_ms));
    attempt_finish(&attempt, &calls.services, AUTH_RIGHT);
    expect_try("anna", "falsch", 429);
}

Test(guesses, at_a_desk_do_not_close_the_other_port)
{
    guess_at_desk("anna");
    cr_expect(waits_at_desk("anna"));
    expect_try("anna", "anna-geheim", 200);
    cr_expect(waits_at_desk("anna"));
}

Test(guesses, are_shown_to_whom_it_concerns_and_forgotten_when_told_so)
{
    throttle_end(calls.services.throttle, THROTTLE_DESK_NAME, "neustadt/a slip", THROTTLE_FAILED, "neustadt/desk1",
                 clock_steady_ms());
    guess_at_desk("anna");
    for (int i = 0; i < ADMIN_TRIES_USUAL; i++) {
        snprintf(calls.caller.address, sizeof calls.caller.address, "192.0.2.%d", i);
        expect_try("anna", "falsch", 401);
    }
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "altdorf/dora", .tenant = "altdorf"};
    owned(json) json_object *foreign = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    cr_expect_eq(json_object_array_length(codec_member(foreign, "guesses")), 0);
    CALLS_EXPECT(404, METHOD_UNLOCK, NOUN_TENANT, "neustadt", "{\"name\":\"anna\"}");
    cr_expect(waits_at_desk("anna"));
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "neustadt/ada", .tenant = "neustadt"};
    owned(json) json_object *status = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    json_object *guesses = codec_member(status, "guesses");
    cr_assert_eq(json_object_array_length(guesses), 2, "%s", json_object_to_json_string(guesses));
    json_object *desk = json_object_array_get_idx(guesses, 0), *port = json_object_array_get_idx(guesses, 1);
    cr_expect_str_eq(codec_string(desk, "name"), "neustadt/anna");
    cr_expect_str_eq(json_object_to_json_string(codec_member(desk, "from")), "[ \"neustadt\\/desk1\" ]");
    cr_expect_str_eq(codec_string(port, "port"), "administrators");
    cr_expect_str_eq(json_object_to_json_string(codec_member(port, "from")),
                     "[ \"192.0.2.2\", \"192.0.2.1\", \"192.0.2.0\" ]");
    CALLS_EXPECT(200, METHOD_UNLOCK, NOUN_TENANT, "neustadt", "{\"name\":\"Anna\"}");
    cr_expect(strstr(calls.events, "admin.unlocked"));
    cr_expect_not(strstr(calls.events, "anna"), "a name in the journal");
    cr_expect_not(waits_at_desk("anna"));
    calls.caller = (struct peer){.role = ROLE_UNAUTHENTICATED, .address = "192.0.2.77"};
    expect_try("anna", "anna-geheim", 200);
}

// ---- no guess: a ticket

// A principal may be longer than a name that somebody types.
Test(guesses, tickets_for_long_names_are_answered_like_others)
{
    char principal[DN_SIZE] = "";
    for (size_t letters = USER_NAME_SIZE - 20; letters < DN_SIZE; letters++) {
        memset(principal, 'a', letters);
        calls.ticket = principal;
        CALLS_EXPECT(200, METHOD_ADMIN_LOGON, NOUN_NONE, "", "{\"tenant\":\"neustadt\"}");
    }
    cr_expect_eq(calls.binds, 0);
}
