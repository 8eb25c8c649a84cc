// SPDX-License-Identifier: EUPL-1.2
// What an administrator is told who asks why somebody gets what they get.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

TestSuite(explain, .init = calls_open, .fini = calls_close);

Test(explain, each_step_says_what_it_was_made_from)
{
    for (int round = 0; round < 2; round++) {
        owned(json) json_object *answer =
            calls_call(METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"neustadt/desk1\"}");
        json_object *why = codec_member(answer, "why"), *formats = codec_member(answer, "why_formats");
        cr_assert_str_eq(codec_string(answer, "refusal"), "none");
        cr_assert_gt(json_object_array_length(why), 3);
        cr_assert_eq(json_object_array_length(why), json_object_array_length(formats));
        for (size_t i = 0; i < json_object_array_length(why); i++) {
            const char *line = json_object_get_string(json_object_array_get_idx(why, i));
            const char *format = json_object_get_string(json_object_array_get_idx(formats, i));
            cr_expect_eq(strncmp(line, format, strcspn(format, "%")), 0, "%s: %s", format, line);
        }
    }
}

static const char *why_not(json_object **answer)
{
    json_drop(answer);
    *answer = calls_call(METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"neustadt/desk1\"}");
    json_object *why = codec_member(*answer, "why");
    return json_object_get_string(json_object_array_get_idx(why, json_object_array_length(why) - 1));
}

Test(explain, names_groups_and_what_stands_for_none)
{
    owned(json) json_object *answer = NULL;
    cr_assert(strstr(why_not(&answer), "groups of this person below"), "%s", why_not(&answer));
    cr_assert(strstr(why_not(&answer), ": 1 (cn=rathaus,ou=groups,dc=example)"));
    calls.group = GROUP_TWICE;
    cr_assert(strstr(why_not(&answer), "is for nobody: several groups are called"), "%s", why_not(&answer));
    calls.group = GROUP_ABSENT;
    cr_assert(strstr(why_not(&answer), "is for nobody: the directory has no group"), "%s", why_not(&answer));
    calls.group = GROUP_OUTSIDE;
    cr_assert(strstr(why_not(&answer), "is not below"), "%s", why_not(&answer));
    cr_assert_str_eq(codec_string(answer, "refusal"), "no-profile");
}

Test(explain, says_what_the_directory_has_against_an_account)
{
    owned(json) json_object *answer = NULL;
    static const struct {
        enum person_finding finding;
        const char *words;
    } rows[] = {{PERSON_ABSENT, "has no entry of this name below"},
                {PERSON_TWICE, "has several entries of this name below"},
                {PERSON_NO_CLASS, "of none of the classes that people have"},
                {PERSON_NO_ID, "its unchanging id, or tells several"},
                {PERSON_NAME_TAKEN, "is another entry's, too"}};
    calls.verdict = AUTH_WRONG;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        calls.finding = rows[i].finding;
        cr_assert(strstr(why_not(&answer), rows[i].words), "%s", why_not(&answer));
        cr_assert_str_eq(codec_string(answer, "refusal"), "wrong-password");
    }
    calls.verdict = AUTH_UNAVAILABLE;
    calls.finding = PERSON_NO_BASE;
    cr_assert(strstr(why_not(&answer), "knows no such base"));
    cr_assert_str_eq(codec_string(answer, "refusal"), "directory-down");
    calls.finding = PERSON_KNOWN;
    calls.verdict = AUTH_DISABLED;
    cr_assert(strstr(why_not(&answer), "has disabled this account"));
    cr_assert_str_eq(codec_string(answer, "refusal"), "account-disabled");
    calls.verdict = AUTH_RIGHT;
    cr_assert_not(strstr(why_not(&answer), "locked"));
    calls.locked = true;
    cr_assert(strstr(why_not(&answer), "has locked this account"));
    cr_assert_str_eq(codec_string(answer, "refusal"), "none");
}

static struct grant of_the_town_hall(void)
{
    struct grant grant = {.id = "altdorf/g-1", .to = "neustadt", .site = "altdorf/rathaus", .reason = "why"};
    grant.until_ms = INT64_MAX;
    grant.since_ms = 1;
    for (size_t side = 0; side < GRANT_SIDE_COUNT; side++)
        grant.approvals[side] = (struct grant_approval){"x/y", 1};
    return grant;
}

static int64_t explain_at_altdorf(const char *tenant, const char *person)
{
    char body[200];
    calls.caller = (struct peer){.role = ROLE_ADMIN};
    TEXT_PUT(calls.caller.tenant, tenant);
    snprintf(body, sizeof body, "{\"person\":\"%s\",\"device\":\"altdorf/desk1\"}", person);
    owned(json) json_object *answer = calls_call(METHOD_EXPLAIN, NOUN_NONE, "", body);
    return calls.status;
}

// The groups of its people are nobody else's business, at a desk that both use, too.
Test(explain, at_a_desk_that_several_tenants_use_is_each_for_its_own_people)
{
    cr_assert_eq(explain_at_altdorf("altdorf", "anna"), 200);
    cr_assert_eq(explain_at_altdorf("altdorf", "anna@neustadt"), 200); // nobody's name: in altdorf's directory
    cr_assert_eq(explain_at_altdorf("neustadt", "anna@neustadt"), 404);
    union record record = {.grant = of_the_town_hall()};
    core_set(&calls.core, NOUN_GRANT, &record);
    cr_assert_eq(explain_at_altdorf("altdorf", "anna"), 200);
    cr_assert_eq(explain_at_altdorf("altdorf", "anna@neustadt"), 404);
    cr_assert_eq(explain_at_altdorf("neustadt", "anna@neustadt"), 200);
    cr_assert_eq(explain_at_altdorf("neustadt", "anna"), 404);
    cr_assert_eq(explain_at_altdorf("fern", "anna@neustadt"), 404);
}
