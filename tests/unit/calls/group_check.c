// SPDX-License-Identifier: EUPL-1.2
// Settings that name a group: what the directory has of it, before they are made.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
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
