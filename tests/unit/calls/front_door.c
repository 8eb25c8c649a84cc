// SPDX-License-Identifier: EUPL-1.2
// Somebody comes to a gateway's front door: any computer, name and password.
#include "broker/base/log.h"
#include "broker/calls/gateway_messages.h"
#include "broker/calls/logon_attempt.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define GATEWAY "neustadt/gw"

static void set_outside(enum outside_access outside)
{
    union record profile = {.profile =
                                *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, "neustadt/clerk")};
    profile.profile.outside = outside;
    core_set(&calls.core, NOUN_PROFILE, &profile);
}

static void open_calls(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    calls_open();
    set_outside(OUTSIDE_BY_ANY);
    gateway_linked(&calls.services, GATEWAY);
    calls.caller = (struct peer){.role = ROLE_GATEWAY, .tenant = "neustadt", .id = GATEWAY};
}

static void close_calls(void)
{
    channels_fini(&calls.services.channels);
    calls_close();
}

TestSuite(front_door, .init = open_calls, .fini = close_calls, .timeout = 60);

static json_object *come(const char *name, const char *password, const char *network)
{
    char body[300];
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"password\":\"%s\",\"network\":\"%s\"}", name, password, network);
    return calls_call(METHOD_GATEWAY_LOGON, NOUN_NONE, "", body);
}

static void expect(int status, const char *code, const char *password, const char *network)
{
    owned(json) json_object *answer = come("anna", password, network);
    cr_assert_eq(calls.status, status, "%s", json_object_to_json_string(answer));
    cr_assert(strstr(json_object_to_json_string(answer), code), "%s", json_object_to_json_string(answer));
}

Test(front_door, gives_a_token_that_opens_the_way_to_the_session)
{
    owned(json) json_object *answer = come("anna", "anna-geheim", "192.0.2.7");
    cr_assert_eq(calls.status, 200, "%s", json_object_to_json_string(answer));
    const char *token = json_object_get_string(json_object_object_get(answer, "channel"));
    cr_assert_eq(strlen(token), CHANNEL_TOKEN_SIZE - 1);
    cr_assert_eq(state_count(calls.core.state, NOUN_SESSION), 1);
    struct gateway_message open = {.type = GATEWAY_OPEN, .request_id = 4, .way = CHANNEL_FRONT_DOOR};
    TEXT_PUT(open.token, token);
    TEXT_PUT(open.network, "192.0.2.7");
    gateway_message(&calls.services, GATEWAY, &open);
    calls_settle();
    cr_assert_eq(calls.to_gateway.message.type, GATEWAY_OPENED);
    cr_assert_str_empty(calls.to_gateway.message.refusal);
    cr_assert_str_eq(calls.to_gateway.message.user_name, "anna");
    open.request_id++;
    gateway_message(&calls.services, GATEWAY, &open);
    calls_settle();
    cr_assert_str_eq(calls.to_gateway.message.refusal, "channel-refused", "it is good for once");
}

Test(front_door, takes_the_session_from_a_desk_which_hears_where_it_went)
{
    struct logon_decision anna;
    owned(json) json_object *first = come("anna", "anna-geheim", "192.0.2.7");
    cr_assert_eq(calls.status, 200);
    const struct store_person *person = people_by_key(&calls.services.people, "neustadt", "1");
    core_log_on(&calls.core, strstr(person->id, "p-") + 2, "rathaus", "neustadt/desk1", &anna);
    core_change(&calls.core, anna.session.id, SESSION_DESK_CONNECTS);
    owned(json) json_object *again = come("anna", "anna-geheim", "192.0.2.7");
    cr_assert_eq(calls.status, 200);
    cr_assert_str_eq(calls.to_desk.to, "neustadt/desk1");
    cr_assert_eq(calls.to_desk.message.type, DEVICE_MOVED);
    cr_assert_str_eq(calls.to_desk.message.place, "gw.example");
}

Test(front_door, is_closed_to_who_guesses_and_opens_to_nobody_for_a_while)
{
    for (int i = 0; i < ADMIN_TRIES_USUAL; i++) {
        char network[32];
        snprintf(network, sizeof network, "192.0.2.%d", i);
        expect(401, "wrong-password", "falsch", network);
    }
    expect(429, "too-many-attempts", "anna-geheim", "192.0.2.9");
    cr_assert_eq(calls.binds, ADMIN_TRIES_USUAL, "fewer than what locks an account");
    const struct peer desk = {.role = ROLE_DEVICE, .id = "neustadt/desk1"};
    struct attempt attempt;
    int64_t wait_ms = 0;
    attempt_start(&attempt, "neustadt", "anna", &desk);
    cr_assert_not(attempt_must_wait(&attempt, &calls.services, &wait_ms), "no desk is slowed by it");
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .id = "first"};
    CALLS_EXPECT(200, METHOD_UNLOCK, NOUN_TENANT, "neustadt", "{\"name\":\"anna\"}");
    calls.caller = (struct peer){.role = ROLE_GATEWAY, .tenant = "neustadt", .id = GATEWAY};
    expect(200, "channel", "anna-geheim", "192.0.2.9");
}

Test(front_door, slows_a_network_that_tries_many_names)
{
    char name[16];
    int status = 401;
    for (int i = 0; i < 20 && status == 401; i++) {
        snprintf(name, sizeof name, "user%d", i);
        owned(json) json_object *answer = come(name, "falsch", "192.0.2.7");
        status = calls.status;
    }
    cr_assert_eq(status, 429);
    expect(200, "channel", "anna-geheim", "192.0.2.8");
}

Test(front_door, is_for_the_profiles_that_allow_any_computer)
{
    set_outside(OUTSIDE_BY_DEVICE);
    expect(403, "not-outside", "anna-geheim", "192.0.2.7");
    cr_assert_eq(state_count(calls.core.state, NOUN_SESSION), 0);
}

Test(front_door, asks_no_directory_that_its_gateway_does_not_serve)
{
    calls.caller = (struct peer){.role = ROLE_GATEWAY, .tenant = "altdorf", .id = "altdorf/gw"};
    owned(json) json_object *answer = come("anna@neustadt", "anna-geheim", "192.0.2.7");
    cr_assert_neq(calls.status, 200, "%s", json_object_to_json_string(answer));
    cr_assert_eq(state_count(calls.core.state, NOUN_SESSION), 0);
}
