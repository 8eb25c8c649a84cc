// SPDX-License-Identifier: EUPL-1.2
// What the calls show and do across the border between tenants: nothing.
#include "broker/calls/device_messages.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static void call_as_admin_of(const char *tenant)
{
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "altdorf/admin"};
    TEXT_PUT(calls.caller.tenant, tenant);
}

static void open_two_towns(void)
{
    struct logon_decision decision;
    calls_open();
    core_log_on(&calls.core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
    call_as_admin_of("altdorf");
}

TestSuite(tenants, .init = open_two_towns, .fini = calls_close);

static void expect_no_word_of(json_object *answer, const char *tenant)
{
    const char *text = json_object_to_json_string_ext(answer, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
    cr_assert_null(strstr(text, tenant), "%s", text);
}

Test(tenants, every_list_holds_its_own_only)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        owned(json) json_object *own = calls_call(METHOD_LIST, noun, "", "{}");
        expect_no_word_of(own, "neustadt");
        size_t count = json_object_array_length(codec_member(own, "items"));
        bool stored = noun != NOUN_SESSION && noun != NOUN_PERSON && noun != NOUN_ADMINISTRATOR;
        cr_assert_eq(count > 0, stored, "%s", noun_rows[noun].name);
    }
    TEXT_PUT(calls.filter, "neustadt");
    owned(json) json_object *asked_for = calls_call(METHOD_LIST, NOUN_HOST, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(asked_for, "items")), 0);
}

Test(tenants, a_list_of_the_district_holds_all_or_one)
{
    calls.caller.role = ROLE_DISTRICT;
    owned(json) json_object *all = calls_call(METHOD_LIST, NOUN_HOST, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(all, "items")), 4);
    TEXT_PUT(calls.filter, "neustadt");
    owned(json) json_object *one = calls_call(METHOD_LIST, NOUN_HOST, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(one, "items")), 3);
    expect_no_word_of(one, "altdorf");
}

Test(tenants, the_status_counts_its_own_only)
{
    core_drain(&calls.core, "neustadt/ts1", true);
    calls.core.health[2] = calls.core.health[4] = HOST_UNREACHABLE;
    owned(json) json_object *status = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    expect_no_word_of(status, "neustadt");
    cr_assert_eq(codec_number(status, "tenants"), 1);
    cr_assert_eq(codec_number(status, "devices"), 1);
    cr_assert_eq(codec_number(status, "devices_online"), 1);
    cr_assert_eq(codec_number(status, "hosts"), 1);
    cr_assert_eq(codec_number(status, "hosts_ok"), 0);
    cr_assert_eq(codec_number(status, "hosts_draining"), 0);
    cr_assert_eq(codec_number(status, "sessions"), 0);
    cr_assert_eq(json_object_array_length(codec_member(status, "problems")), 1);
    cr_assert_eq(json_object_array_length(codec_member(status, "directories")), 1);
    cr_assert_eq(json_object_array_length(codec_member(status, "certificates_ending")), 1);
}

Test(tenants, nothing_foreign_is_shown_changed_or_explained)
{
    const struct session *session = state_table(calls.core.state, NOUN_SESSION)->records[0];
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_HOST, "neustadt/ts1", "{}");
    CALLS_EXPECT(404, METHOD_REMOVE, NOUN_HOST, "neustadt/ts1", "{}");
    CALLS_EXPECT(404, METHOD_DRAIN, NOUN_HOST, "neustadt/ts1", "{}");
    CALLS_EXPECT(404, METHOD_SET, NOUN_SITE, "neustadt/rathaus", "{\"name\":\"Ours\"}");
    CALLS_EXPECT(404, METHOD_MESSAGE, NOUN_SESSION, session->id, "{\"text\":\"hello\"}");
    CALLS_EXPECT(404, METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"neustadt/desk1\"}");
    CALLS_EXPECT(200, METHOD_EXPLAIN, NOUN_NONE, "", "{\"person\":\"anna\",\"device\":\"altdorf/desk1\"}");
    CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "altdorf/rathaus", "{\"name\":\"Ours\"}");
    cr_assert_eq(calls.sent_count, 0);
}

Test(tenants, many_at_once_are_no_way_around)
{
    CALLS_EXPECT(403, METHOD_APPLY, NOUN_NONE, "",
                 "{\"objects\":[{\"noun\":\"site\",\"id\":\"neustadt/x\",\"name\":\"x\"}]}");
    CALLS_EXPECT(
        400, METHOD_APPLY, NOUN_NONE, "",
        "{\"objects\":[{\"noun\":\"profile\",\"id\":\"altdorf/x\",\"name\":\"x\",\"pool\":\"neustadt/office\"}]}");
    CALLS_EXPECT(
        200, METHOD_APPLY, NOUN_NONE, "",
        "{\"objects\":[{\"noun\":\"profile\",\"id\":\"altdorf/x\",\"name\":\"x\",\"pool\":\"altdorf/office\"}]}");
}

Test(tenants, a_desk_learns_nothing_of_a_foreign_session)
{
    struct device_message showing = {.type = DEVICE_SHOWING};
    const struct session *session = state_table(calls.core.state, NOUN_SESSION)->records[0];
    TEXT_PUT(showing.session, session->id);
    device_message(&calls.services, "neustadt/desk2", &showing);
    cr_assert_eq(calls.to_desk.message.type, DEVICE_MOVED);
    cr_assert_str_eq(calls.to_desk.message.place, "neustadt/desk1");
    device_message(&calls.services, "altdorf/desk1", &showing);
    cr_assert_str_eq(calls.to_desk.to, "altdorf/desk1");
    cr_assert_eq(calls.to_desk.message.type, DEVICE_END);
    cr_assert_str_eq(calls.to_desk.message.place, "");
    cr_assert_eq(calls.to_desk.message.fence, showing.fence);
}
