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
        bool stored = noun != NOUN_SESSION && noun != NOUN_PERSON && noun != NOUN_ADMINISTRATOR &&
                      !noun_rows[noun].told_only && noun != NOUN_GRANT && noun != NOUN_FACTOR;
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

// ---- quotas

static void set_quotas(int64_t devices, int64_t hosts, int64_t assignments)
{
    union record altdorf = {.tenant = *state_tenant(calls.core.state, "altdorf")};
    altdorf.tenant.max_devices = devices;
    altdorf.tenant.max_hosts = hosts;
    altdorf.tenant.max_assignments = assignments;
    core_set(&calls.core, NOUN_TENANT, &altdorf);
}

static void expect_quota(const char *name, enum method_id id, enum noun noun, const char *thing, const char *body)
{
    owned(json) json_object *answer = calls_call(id, noun, thing, body);
    const char *detail = codec_string(answer, "detail");
    cr_assert_eq(calls.status, 409, "%s", json_object_to_json_string(answer));
    cr_assert(strstr(detail, name) && strstr(detail, "altdorf has 1 already, and the district allows 1"), "%s", detail);
}

#define DEVICE "{\"site\":\"altdorf/hall\",\"room\":\"1\"}"
#define HOST(port)                                                                                                     \
    "{\"pool\":\"altdorf/office\",\"address\":\"ts9.altdorf.example\",\"port\":" port                                  \
    ",\"weight\":100,\"max_sessions\":9,"                                                                              \
    "\"fingerprint\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}"
#define ASSIGNMENT "{\"profile\":\"altdorf/clerk\",\"group\":\"bauamt\"}"

Test(tenants, none_gets_more_than_the_district_allows)
{
    union record hall = {.site = {.id = "altdorf/hall", .name = "hall"}};
    core_set(&calls.core, NOUN_SITE, &hall);
    size_t devices = wall_count(calls.core.state, "altdorf", NOUN_DEVICE);
    size_t hosts = wall_count(calls.core.state, "altdorf", NOUN_HOST);
    cr_assert(devices == 1 && hosts == 1 && wall_count(calls.core.state, "neustadt", NOUN_HOST) == 3);
    set_quotas(1, 1, 1);
    expect_quota("max_devices", METHOD_SET, NOUN_DEVICE, "altdorf/desk9", DEVICE);
    expect_quota("max_hosts", METHOD_SET, NOUN_HOST, "altdorf/ts7", HOST("3389"));
    expect_quota("max_assignments", METHOD_SET, NOUN_ASSIGNMENT, "altdorf/a9", ASSIGNMENT);
    calls.caller.role = ROLE_DISTRICT;
    expect_quota("max_devices", METHOD_SET, NOUN_DEVICE, "altdorf/desk9", DEVICE);
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "altdorf/desk1", DEVICE);
    CALLS_EXPECT(200, METHOD_ENROL_TOKEN, NOUN_DEVICE, "altdorf/desk1", "{}");
    set_quotas(2, 0, 0);
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "altdorf/desk9", DEVICE);
    CALLS_EXPECT(200, METHOD_SET, NOUN_HOST, "altdorf/ts7", HOST("3390"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_ASSIGNMENT, "altdorf/a9", ASSIGNMENT);
    set_quotas(1, 1, 1);
    CALLS_EXPECT(200, METHOD_SET, NOUN_DEVICE, "altdorf/desk9", DEVICE); // what there is stays
}

Test(tenants, the_plan_of_many_knows_the_quota)
{
    static const char two[] =
        "{\"dry_run\":true,\"objects\":[{\"noun\":\"assignment\",\"id\":\"altdorf/a8\",\"profile\":"
        "\"altdorf/clerk\",\"group\":\"a\"},{\"noun\":\"assignment\",\"id\":\"altdorf/a9\","
        "\"profile\":\"altdorf/clerk\",\"group\":\"b\"}]}";
    size_t before = wall_count(calls.core.state, "altdorf", NOUN_ASSIGNMENT);
    set_quotas(0, 0, (int64_t)before + 1);
    owned(json) json_object *answer = calls_call(METHOD_APPLY, NOUN_NONE, "", two);
    cr_assert_eq(calls.status, 409);
    cr_assert(strstr(codec_string(answer, "detail"), "assignment altdorf/a9: max_assignments"), "%s",
              codec_string(answer, "detail"));
    set_quotas(0, 0, (int64_t)before + 2);
    CALLS_EXPECT(200, METHOD_APPLY, NOUN_NONE, "", two);
}

Test(tenants, its_quotas_are_shown_to_it_and_set_by_the_district_only)
{
    set_quotas(5, 6, 7);
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_TENANT, "altdorf", "{}");
    cr_assert_eq(codec_number(shown, "max_devices"), 5);
    cr_assert_eq(codec_number(shown, "max_hosts"), 6);
    cr_assert_eq(codec_number(shown, "max_assignments"), 7);
    calls.caller.role = ROLE_ADMIN;
    CALLS_EXPECT(403, METHOD_SET, NOUN_TENANT, "altdorf",
                 "{\"name\":\"Altdorf\",\"servers\":[\"ldaps://dir.example\"],\"user_base\":\"dc=example\",\"bind_dn\":"
                 "\"cn=pult\",\"max_devices\":99}");
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
