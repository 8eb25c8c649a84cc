// SPDX-License-Identifier: EUPL-1.2
// A logon of an administrator lasts as long as the directory says that they are one.
#include "broker/calls/admin_rights.h"
#include "broker/base/clock.h"
#include "broker/calls/admin_sessions.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define TENANT(more)                                                                                                   \
    "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://"                                                                   \
    "dir.example\"],\"user_base\":\"dc=example\",\"bind_dn\":\"cn=pult\""                                              \
    ",\"admin_group\":\"rathaus\"" more "}"

static const struct peer anna = {.role = ROLE_ADMIN,
                                 .id = "neustadt/anna",
                                 .tenant = "neustadt",
                                 .address = "10.1.1.1"},
                         dora = {.role = ROLE_ADMIN, .id = "altdorf/dora", .tenant = "altdorf", .address = "10.2.2.2"},
                         first = {.role = ROLE_DISTRICT, .id = "first", .address = "10.0.0.1"};
static const struct admin_proof rathaus = {"rathaus", "anna", "1"};
static char token[ADMIN_TOKEN_SIZE];

static void open_office(void)
{
    calls_open();
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(",\"district\":true"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT(""));
}

TestSuite(admin_rights, .init = open_office, .fini = calls_close);

static void log_on(const struct peer *peer, const struct admin_proof *proof, int64_t ago_ms)
{
    cr_assert(admin_sessions_add(calls.services.admin_sessions, peer, proof, clock_wall_ms() - ago_ms, token));
}

static enum role role_of(const char *of_token)
{
    struct peer peer = {.role = ROLE_UNAUTHENTICATED};
    admin_sessions_prove(calls.services.admin_sessions, calls.services.state, of_token, clock_wall_ms(), &peer);
    return peer.role;
}

static void sweep(void)
{
    calls.events[0] = 0;
    admin_rights_sweep(&calls.services);
    calls_settle();
}

Test(admin_rights, are_asked_for_every_few_minutes)
{
    log_on(&anna, &rathaus, ADMIN_CHECK_MS - 60000);
    sweep();
    cr_assert_eq(calls.look_ups, 0);
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    sweep();
    cr_assert_eq(calls.look_ups, 1, "once for all that she has");
    sweep();
    cr_assert_eq(calls.look_ups, 1);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    cr_assert_str_eq(calls.events, "");
}

Test(admin_rights, end_with_the_membership)
{
    char old[ADMIN_TOKEN_SIZE];
    static const struct admin_proof others = {"others", "anna", "1"};
    calls.caller = first;
    log_on(&anna, &others, ADMIN_CHECK_MS);
    TEXT_PUT(old, token);
    log_on(&anna, &others, ADMIN_CHECK_MS);
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt",
                 "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://dir.example\"],\"user_base\":\"dc=example\","
                 "\"bind_dn\":\"cn=pult\",\"admin_group\":\"others\"}");
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    sweep(); // the directory knows anna in rathaus only
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
    cr_assert_eq(role_of(old), ROLE_UNAUTHENTICATED);
    cr_assert(strstr(calls.events, "admin.token_revoked"), "%s", calls.events);
    cr_assert(strstr(calls.events, "neustadt/anna"));
}

Test(admin_rights, end_when_the_group_is_there_twice)
{
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    calls.group = GROUP_TWICE;
    sweep();
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
}

Test(admin_rights, wait_for_what_the_name_of_their_group_means)
{
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    calls.group = GROUP_UNKNOWN;
    calls.group_answer = GROUP_FOUND;
    sweep();
    cr_assert(calls.group_questions > 0 && calls.look_ups == 1);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
}

Test(admin_rights, stay_when_nobody_says_what_their_group_is)
{
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    calls.group = calls.group_answer = GROUP_UNKNOWN;
    sweep();
    cr_assert(calls.group_questions > 0 && calls.look_ups == 0);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
}

Test(admin_rights, end_with_the_account)
{
    static const enum auth_verdict verdicts[] = {AUTH_WRONG, AUTH_DISABLED};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        log_on(&anna, &rathaus, ADMIN_CHECK_MS);
        calls.verdict = verdicts[i];
        sweep();
        cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED, "%zu", i);
    }
}

Test(admin_rights, do_not_pass_to_the_next_of_the_name)
{
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    calls.key = "2";
    sweep();
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
}

Test(admin_rights, outlast_a_directory_that_is_away_for_an_hour)
{
    calls.verdict = AUTH_UNAVAILABLE;
    log_on(&anna, &rathaus, ADMIN_TRUST_MS - 60000);
    sweep();
    cr_assert_eq(calls.look_ups, 1);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    log_on(&anna, &rathaus, ADMIN_TRUST_MS);
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
    log_on(&first, NULL, ADMIN_TRUST_MS);
    cr_assert_eq(role_of(token), ROLE_DISTRICT, "no directory knows the first administrator");
}

Test(admin_rights, that_were_proven_after_the_question_stay)
{
    struct admin_session session;
    log_on(&anna, &rathaus, ADMIN_CHECK_MS);
    int64_t asked_ms = clock_wall_ms() - 1;
    cr_assert(admin_sessions_due(calls.services.admin_sessions, asked_ms + 1, &session));
    log_on(&anna, &rathaus, 0);
    cr_assert_eq(admin_sessions_answered(calls.services.admin_sessions, "neustadt/anna", "", asked_ms), 1);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
}

Test(admin_rights, do_not_pass_to_the_next_tenant_of_the_id)
{
    struct state *state = calls.services.state;
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "bergdorf", TENANT(""));
    const struct peer berta = {.role = ROLE_ADMIN, .id = "bergdorf/berta", .tenant = "bergdorf"};
    log_on(&berta, &rathaus, 0);
    cr_assert_eq(role_of(token), ROLE_ADMIN);
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .id = "kreis/ada", .tenant = "kreis"};
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_TENANT, "bergdorf", "{}");
    cr_assert_null(state_tenant(state, "bergdorf"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "bergdorf", TENANT(""));
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
}

static size_t count_tokens(const char *word)
{
    owned(json) json_object *answer = calls_call(METHOD_TOKENS, NOUN_NONE, "", "{}");
    json_object *items = codec_member(answer, "items");
    for (size_t i = 0; i < json_object_array_length(items); i++)
        cr_assert(strstr(codec_string(json_object_array_get_idx(items, i), "administrator"), word));
    cr_assert_null(strstr(json_object_to_json_string(answer), token), "the token itself");
    return json_object_array_length(items);
}

// An id of the first administrator's begins as those of a tenant called so would.
Test(admin_rights, are_listed_and_ended_within_the_tenant)
{
    static const struct peer of_first = {.role = ROLE_ADMIN, .id = "first/ida", .tenant = "first"};
    char ids[3][ID_SIZE];
    const struct peer *const peers[] = {&anna, &dora, &first};
    struct admin_session session;
    for (size_t i = 0; i < 3; i++) {
        log_on(peers[i], i < 2 ? &rathaus : NULL, 0);
        for (size_t at = 0; admin_sessions_next(calls.services.admin_sessions, &at, clock_wall_ms(), &session);)
            if (text_equal(session.peer->id, peers[i]->id))
                TEXT_PUT(ids[i], session.id);
    }
    calls.caller = anna;
    cr_assert_eq(count_tokens("neustadt/anna"), 1);
    CALLS_EXPECT(404, METHOD_TOKEN_REVOKE, NOUN_PERSON, ids[1], "{}");
    calls.caller = of_first;
    cr_assert_eq(count_tokens("first/"), 0);
    CALLS_EXPECT(404, METHOD_TOKEN_REVOKE, NOUN_PERSON, ids[2], "{}");
    calls.caller = first;
    cr_assert_eq(count_tokens(""), 3);
    cr_assert_eq(role_of(token), ROLE_DISTRICT);
    CALLS_EXPECT(200, METHOD_TOKEN_REVOKE, NOUN_PERSON, ids[2], "{}");
    cr_assert_eq(role_of(token), ROLE_UNAUTHENTICATED);
    calls.caller = dora;
    CALLS_EXPECT(200, METHOD_TOKEN_REVOKE, NOUN_PERSON, ids[1], "{}");
    cr_assert(strstr(calls.events, "admin.token_revoked"));
    CALLS_EXPECT(404, METHOD_TOKEN_REVOKE, NOUN_PERSON, ids[1], "{}");
    calls.caller = anna;
    cr_assert_eq(count_tokens("neustadt/anna"), 1);
}
