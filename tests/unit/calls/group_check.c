// SPDX-License-Identifier: EUPL-1.2
// Settings that name a group: what the directory has of it, before they are made.
#include "broker/base/clock.h"
#include "broker/calls/admin_sessions.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define ASSIGNMENT(group) "{\"profile\":\"neustadt/clerk\",\"group\":\"" group "\",\"priority\":1}"
#define APPLY(dry, group)                                                                                              \
    "{\"dry_run\":" dry                                                                                                \
    ",\"objects\":[{\"noun\":\"assignment\",\"id\":\"neustadt/new\",\"profile\":\"neustadt/clerk\","                   \
    "\"group\":\"" group "\",\"priority\":1}]}"

TestSuite(group_check, .init = calls_open, .fini = calls_close);

static const char *standing_of(json_object *answer)
{
    return codec_string(answer, "group_standing");
}

Test(group_check, says_whether_the_group_of_a_new_assignment_is_there)
{
    static const struct {
        enum group_standing standing;
        const char *word;
    } rows[] = {
        {GROUP_FOUND, "found"}, {GROUP_ABSENT, "absent"}, {GROUP_OUTSIDE, "outside"}, {GROUP_UNKNOWN, "unknown"}};
    static const char *const groups[] = {ASSIGNMENT("a"), ASSIGNMENT("b"), ASSIGNMENT("c"), ASSIGNMENT("d")};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        calls.group_answer = rows[i].standing;
        owned(json) json_object *answer = calls_call(METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", groups[i]);
        cr_assert_eq(calls.status, 200);
        cr_expect_str_eq(standing_of(answer), rows[i].word);
    }
}

Test(group_check, takes_no_name_that_several_groups_have)
{
    calls.group_answer = GROUP_TWICE;
    owned(json) json_object *answer = calls_call(METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", ASSIGNMENT("bauamt"));
    cr_assert_eq(calls.status, 409);
    cr_assert(strstr(codec_string(answer, "detail"), "several groups are called bauamt"));
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_ASSIGNMENT, "neustadt/new", "{}");
    CALLS_EXPECT(409, METHOD_APPLY, NOUN_NONE, "", APPLY("true", "bauamt"));
    CALLS_EXPECT(409, METHOD_APPLY, NOUN_NONE, "", APPLY("false", "bauamt"));
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_ASSIGNMENT, "neustadt/new", "{}");
}

Test(group_check, asks_only_for_what_changes)
{
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", ASSIGNMENT("bauamt"));
    int asked = calls.group_questions;
    cr_assert_gt(asked, 0);
    calls.group_answer = GROUP_TWICE;
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", ASSIGNMENT("bauamt"));
    cr_assert_eq(calls.group_questions, asked);
}

Test(group_check, warns_in_a_plan)
{
    calls.group_answer = GROUP_ABSENT;
    owned(json) json_object *answer = calls_call(METHOD_APPLY, NOUN_NONE, "", APPLY("true", "typo"));
    cr_assert_eq(calls.status, 200);
    json_object *notice = json_object_array_get_idx(codec_member(answer, "groups"), 0);
    cr_assert_str_eq(codec_string(notice, "id"), "neustadt/new");
    cr_assert_str_eq(codec_string(notice, "group"), "typo");
    cr_assert_str_eq(codec_string(notice, "standing"), "absent");
    calls.group_answer = GROUP_FOUND;
    owned(json) json_object *good = calls_call(METHOD_APPLY, NOUN_NONE, "", APPLY("true", "bauamt"));
    cr_assert_eq(json_object_array_length(codec_member(good, "groups")), 0);
}

// ---- many at once

enum { MANY = 100, NAMES = 40 };

static json_object *apply_many(const char *prefix)
{
    owned(text) struct text body = {0};
    text_adds(&body, "{\"dry_run\":false,\"objects\":[");
    for (int i = 0; i < MANY; i++)
        text_addf(&body,
                  "%s{\"noun\":\"assignment\",\"id\":\"neustadt/%s%d\",\"profile\":\"neustadt/clerk\","
                  "\"group\":\"%s%d\",\"priority\":1}",
                  i ? "," : "", prefix, i, prefix, i % NAMES);
    text_adds(&body, "]}");
    return calls_call(METHOD_APPLY, NOUN_NONE, "", body.bytes);
}

// The fixture takes no more than sixteen questions at a time.
Test(group_check, asks_for_each_of_many_groups_once_and_some_at_a_time)
{
    calls.group_answer = GROUP_ABSENT;
    int before = calls.group_questions;
    owned(json) json_object *answer = apply_many("a");
    cr_assert_eq(calls.status, 200, "%s", json_object_to_json_string(answer));
    cr_expect_eq(calls.group_questions - before, NAMES);
    json_object *notices = codec_member(answer, "groups");
    cr_assert_eq(json_object_array_length(notices), MANY);
    for (size_t i = 0; i < MANY; i++)
        cr_expect_str_eq(codec_string(json_object_array_get_idx(notices, i), "standing"), "absent");
}

Test(group_check, does_not_wait_for_a_silent_directory_again_and_again)
{
    calls.group_answer = GROUP_UNKNOWN;
    int before = calls.group_questions;
    owned(json) json_object *answer = apply_many("b");
    cr_assert_eq(calls.status, 200, "%s", json_object_to_json_string(answer));
    cr_expect_lt(calls.group_questions - before, NAMES / 2);
    cr_expect_eq(json_object_array_length(codec_member(answer, "groups")), MANY);
}

// ---- rights that end while a directory is asked

static void log_on_by_token(void)
{
    char token[ADMIN_TOKEN_SIZE];
    struct services *services = &calls.services;
    const struct tenant *tenant = state_tenant(services->state, "neustadt");
    struct peer peer = {.role = ROLE_ADMIN, .id = "neustadt/alma", .tenant = "neustadt"};
    struct admin_proof proof = {tenant->admin_group, "alma", "1"};
    cr_assert(admin_sessions_add(services->admin_sessions, &peer, &proof, clock_wall_ms(), token));
    calls.caller = (struct peer){0};
    cr_assert(admin_sessions_prove(services->admin_sessions, services->state, token, clock_wall_ms(), &calls.caller));
}

static void end_token(void)
{
    admin_sessions_remove_tenant(calls.services.admin_sessions, "neustadt");
}

Test(group_check, changes_nothing_for_whose_rights_end_meanwhile)
{
    struct peer district = calls.caller;
    log_on_by_token();
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/first", ASSIGNMENT("bauamt"));
    calls.meanwhile = end_token;
    CALLS_EXPECT(401, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", ASSIGNMENT("bauamt"));
    log_on_by_token();
    CALLS_EXPECT(401, METHOD_APPLY, NOUN_NONE, "", APPLY("false", "bauamt"));
    calls.caller = district;
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_ASSIGNMENT, "neustadt/new", "{}");
}

static struct administrator by_certificate = {.id = "neustadt/backup"};

static void end_certificate(void)
{
    struct event event = {.type = EVENT_REMOVED, .noun = NOUN_ADMINISTRATOR};
    TEXT_PUT(event.record.id, by_certificate.id);
    state_apply(calls.services.state, &event);
}

Test(group_check, changes_nothing_for_whose_certificate_is_taken_away_meanwhile)
{
    struct peer district = calls.caller;
    struct event event = {.type = EVENT_SET, .noun = NOUN_ADMINISTRATOR};
    memset(by_certificate.certificate, 'c', DIGEST_SIZE - 1);
    event.record.administrator = by_certificate;
    state_apply(calls.services.state, &event);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .tenant = "neustadt", .by_certificate = true};
    TEXT_PUT(calls.caller.id, by_certificate.id);
    TEXT_PUT(calls.caller.certificate, by_certificate.certificate);
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/first", ASSIGNMENT("bauamt"));
    calls.meanwhile = end_certificate;
    CALLS_EXPECT(401, METHOD_SET, NOUN_ASSIGNMENT, "neustadt/new", ASSIGNMENT("bauamt"));
    calls.caller = district;
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_ASSIGNMENT, "neustadt/new", "{}");
}
