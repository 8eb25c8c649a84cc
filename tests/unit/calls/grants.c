// SPDX-License-Identifier: EUPL-1.2
// Grants by the calls: who may ask for, approve, see and revoke one, and what holds what.
#include "tests/log_kept.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *const body = "{\"to\":\"altdorf\",\"pool\":\"neustadt/office\",\"reason\":\"rebuilding\","
                                "\"until\":\"2023-11-15T00:00:00Z\"%s}";

static void call_as(const char *tenant, const char *id, enum role role)
{
    calls.caller = (struct peer){.role = role};
    TEXT_PUT(calls.caller.tenant, tenant);
    TEXT_PUT(calls.caller.id, id);
}

static void as_giver(void)
{
    call_as("neustadt", "neustadt/nora", ROLE_ADMIN);
}

static void as_receiver(void)
{
    call_as("altdorf", "altdorf/anton", ROLE_ADMIN);
}

static void as_district(const char *id)
{
    call_as("landkreis", id, ROLE_DISTRICT);
}

TestSuite(grants, .init = calls_open, .fini = calls_close);

static char id[ID_SIZE]; // of the grant that was asked for last

static const char *request_grant(const char *more)
{
    char text[400];
    snprintf(text, sizeof text, body, more);
    owned(json) json_object *answer = calls_call(METHOD_GRANT_REQUEST, NOUN_NONE, "", text);
    text_cut(id, sizeof id, codec_string(answer, "id"));
    static char state[SLUG_SIZE];
    text_cut(state, sizeof state, calls.status == 200 ? codec_string(answer, "state") : codec_string(answer, "detail"));
    return state;
}

static const char *approve(const char *text)
{
    static char state[256];
    owned(json) json_object *answer = calls_call(METHOD_GRANT_APPROVE, NOUN_GRANT, id, text);
    text_cut(state, sizeof state, calls.status == 200 ? codec_string(answer, "state") : codec_string(answer, "detail"));
    return state;
}

static void bring_into_force(void)
{
    as_receiver();
    cr_assert_str_eq(request_grant(""), "waits-for-giver");
    as_giver();
    cr_assert_str_eq(approve("{}"), "in-force");
}

static bool altdorf_may(void)
{
    return wall_may_use(calls.core.state, "altdorf", NOUN_POOL, "neustadt/office");
}

Test(grants, are_asked_for_by_one_side_and_approved_by_the_other)
{
    as_receiver();
    cr_assert_str_eq(request_grant(""), "waits-for-giver");
    cr_assert(strstr(calls.events, "\"type\":\"grant.requested\""), "%s", calls.events);
    cr_assert(strncmp(id, "neustadt/g-", 11) == 0, "%s", id);
    cr_assert_not(altdorf_may());
    approve("{}");
    cr_assert_eq(calls.status, 409);
    as_giver();
    cr_assert_str_eq(approve("{}"), "in-force");
    cr_assert(strstr(calls.events, "\"type\":\"grant.approved\""), "%s", calls.events);
    cr_assert(altdorf_may());
}

Test(grants, are_offered_by_the_giver_too)
{
    as_giver();
    cr_assert_str_eq(request_grant(""), "waits-for-receiver");
    as_receiver();
    cr_assert_str_eq(approve("{}"), "in-force");
    cr_assert(altdorf_may());
}

Test(grants, are_asked_for_and_approved_by_nobody_of_another_tenant)
{
    call_as("fern", "fern/fritz", ROLE_ADMIN);
    request_grant("");
    cr_assert_eq(calls.status, 404);
    request_grant(",\"tenant\":\"altdorf\"");
    cr_assert_eq(calls.status, 404);
    as_receiver();
    request_grant(",\"tenant\":\"neustadt\"");
    cr_assert_eq(calls.status, 404);
    cr_assert_str_eq(request_grant(""), "waits-for-giver");
    approve("{\"tenant\":\"neustadt\"}");
    cr_assert_eq(calls.status, 400);
    call_as("fern", "fern/fritz", ROLE_ADMIN);
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_GRANT, id, "{}");
    CALLS_EXPECT(404, METHOD_GRANT_APPROVE, NOUN_GRANT, id, "{}");
    CALLS_EXPECT(404, METHOD_REMOVE, NOUN_GRANT, id, "{}");
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_GRANT, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(list, "items")), 0);
    cr_assert_not(altdorf_may());
}

Test(grants, are_approved_by_the_district_for_one_side_but_never_by_one_person_for_both)
{
    as_district("landkreis/kim");
    cr_assert_str_eq(request_grant(""), "waits-for-both");
    approve("{}");
    cr_assert_eq(calls.status, 400);
    cr_assert_str_eq(approve("{\"tenant\":\"neustadt\"}"), "waits-for-receiver");
    approve("{\"tenant\":\"altdorf\"}");
    cr_assert_eq(calls.status, 409);
    cr_assert_not(altdorf_may());
    as_district("landkreis/ralf");
    cr_assert_str_eq(approve("{\"tenant\":\"altdorf\"}"), "in-force");
    cr_assert(altdorf_may());
}

Test(grants, tell_nobody_whether_there_is_such_a_thing)
{
    static const char nothing[] = "{\"to\":\"altdorf\",\"pool\":\"neustadt/nothing\",\"reason\":\"x\","
                                  "\"until\":\"2023-11-15T00:00:00Z\"}";
    as_receiver();
    CALLS_EXPECT(200, METHOD_GRANT_REQUEST, NOUN_NONE, "", nothing);
    CALLS_EXPECT(409, METHOD_GRANT_REQUEST, NOUN_NONE, "", nothing); // it waits already, as the real one would
    as_giver();
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_GRANT, "", "{}");
    text_cut(id, sizeof id, codec_string(json_object_array_get_idx(codec_member(list, "items"), 0), "id"));
    approve("{}");
    cr_assert_eq(calls.status, 400);
}

Test(grants, are_seen_by_both_sides_with_what_they_give)
{
    bring_into_force();
    as_receiver();
    owned(json) json_object *list = calls_call(METHOD_LIST, NOUN_GRANT, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(list, "items")), 1);
    CALLS_EXPECT(200, METHOD_SHOW, NOUN_POOL, "neustadt/office", "{}");
    CALLS_EXPECT(404, METHOD_SET, NOUN_POOL, "neustadt/office", "{\"name\":\"Ours\"}");
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_POOL, "neustadt/building", "{}");
    CALLS_EXPECT(404, METHOD_SHOW, NOUN_HOST, "neustadt/ts1", "{}");
    owned(json) json_object *hosts = calls_call(METHOD_LIST, NOUN_HOST, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(hosts, "items")), 1);
}

Test(grants, are_revoked_by_either_side_at_once)
{
    bring_into_force();
    as_receiver();
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GRANT, id, "{}");
    cr_assert(strstr(calls.events, "\"type\":\"grant.revoked\""), "%s", calls.events);
    cr_assert_not(altdorf_may());
    as_receiver();
    cr_assert_str_eq(request_grant(""), "waits-for-giver");
    as_giver();
    cr_assert_str_eq(approve("{}"), "in-force");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GRANT, id, "{}");
    cr_assert_not(altdorf_may());
}

Test(grants, end_by_themselves_and_an_event_says_so)
{
    bring_into_force();
    grant_sweep(&calls.services);
    cr_assert_not_null(state_find(calls.core.state, NOUN_GRANT, id));
    calls.core.now_ms = 1700006400000; // 2023-11-15
    cr_assert_not(altdorf_may());
    owned(json) json_object *shown = calls_call(METHOD_SHOW, NOUN_GRANT, id, "{}");
    cr_assert_str_eq(codec_string(shown, "state"), "over");
    grant_sweep(&calls.services);
    calls_settle();
    cr_assert_null(state_find(calls.core.state, NOUN_GRANT, id));
    cr_assert(strstr(calls.events, "\"type\":\"grant.ended\""), "%s", calls.events);
    cr_assert(strstr(calls.events, "its time was over"), "%s", calls.events);
}

static void use_it(void)
{
    as_receiver();
    CALLS_EXPECT(200, METHOD_SET, NOUN_PROFILE, "altdorf/clerk", "{\"name\":\"Clerk\",\"pool\":\"neustadt/office\"}");
}

static void expect_refusal(enum noun noun, const char *thing, const char *names, const char *never)
{
    owned(json) json_object *answer = calls_call(METHOD_REMOVE, noun, thing, "{}");
    cr_assert_eq(calls.status, 409, "%s", json_object_to_json_string(answer));
    cr_assert(strstr(codec_string(answer, "detail"), names), "%s", codec_string(answer, "detail"));
    cr_assert_not(strstr(codec_string(answer, "detail"), never), "%s", codec_string(answer, "detail"));
}

Test(grants, hold_what_they_give_until_they_are_revoked)
{
    union record spare = {.pool = {.id = "neustadt/office-2", .name = "spare"}};
    bring_into_force();
    use_it();
    as_giver();
    expect_refusal(NOUN_POOL, "neustadt/office", id, "altdorf/clerk");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GRANT, id, "{}");
    // The profile that names it holds nothing any more; its own hosts do.
    expect_refusal(NOUN_POOL, "neustadt/office", "host neustadt/ts1", "altdorf");
    core_set(&calls.core, NOUN_POOL, &spare);
    union record profile = {.profile =
                                *(const struct profile *)state_find(calls.core.state, NOUN_PROFILE, "altdorf/clerk")};
    TEXT_PUT(profile.profile.pool, "neustadt/office-2");
    core_set(&calls.core, NOUN_PROFILE, &profile);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_POOL, "neustadt/office-2", "{}");
    cr_assert(state_is_sound(calls.core.state));
}

Test(grants, that_only_somebody_else_asks_for_hold_nothing)
{
    union record spare = {.pool = {.id = "neustadt/office", .name = "spare"}};
    core_set(&calls.core, NOUN_POOL, &spare);
    as_receiver();
    cr_assert_str_eq(request_grant(""), "waits-for-giver");
    as_giver();
    expect_refusal(NOUN_POOL, "neustadt/office", "host", "grant");
}

Test(grants, hold_the_tenants_of_both_sides)
{
    bring_into_force();
    as_district("landkreis/kim");
    expect_refusal(NOUN_TENANT, "altdorf", "altdorf/", "fern");
    owned(json) json_object *answer = calls_call(METHOD_REMOVE, NOUN_TENANT, "altdorf", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_GRANT, id, "{}");
    cr_assert_not_null(codec_string(answer, "detail"));
}

// On the host of a foreign session stands its tenant's name nowhere.
Test(grants, name_no_foreign_session_to_who_removes_a_host)
{
    struct logon_decision decision;
    bring_into_force();
    use_it();
    core_log_on(&calls.core, "anna", "rathaus", "altdorf/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE, "%s", decision.trace.lines);
    as_giver();
    expect_refusal(NOUN_HOST, decision.session.host, "(+1)", "altdorf");
}

static size_t ending_for(const char *tenant)
{
    call_as(tenant, tenant, ROLE_ADMIN);
    owned(json) json_object *status = calls_call(METHOD_STATUS, NOUN_NONE, "", "{}");
    json_object *ending = codec_member(status, "grants_ending");
    if (json_object_array_length(ending))
        cr_assert_str_eq(codec_string(json_object_array_get_idx(ending, 0), "id"), id);
    return json_object_array_length(ending);
}

// Of the lines that the broker logs meanwhile.
static size_t warnings_of_sweep(void)
{
    log_kept_begin();
    grant_sweep(&calls.services);
    const char *said = log_kept_end();
    size_t count = log_kept_lines("ends at");
    cr_assert(!count || strstr(said, id), "%s", said);
    return count;
}

Test(grants, that_end_soon_are_shown_to_both_sides_and_told_of_once)
{
    static const int64_t day_ms = 24 * 60 * 60 * 1000;
    bring_into_force();
    union record record = {.grant = *(const struct grant *)state_find(calls.core.state, NOUN_GRANT, id)};
    record.grant.until_ms = calls.core.now_ms + 15 * day_ms;
    core_set(&calls.core, NOUN_GRANT, &record);
    cr_assert_eq(warnings_of_sweep(), 0);
    cr_assert(ending_for("altdorf") == 0 && ending_for("neustadt") == 0);
    calls.core.now_ms += day_ms;
    cr_assert_eq(warnings_of_sweep(), 1);
    cr_assert_eq(warnings_of_sweep(), 0);
    cr_assert(ending_for("altdorf") == 1 && ending_for("neustadt") == 1 && ending_for("fern") == 0);
    calls.core.now_ms += 13 * day_ms;
    cr_assert_eq(warnings_of_sweep(), 0);
    // One with a review that was confirmed comes to its end again.
    record.grant.since_ms = ++calls.core.now_ms;
    record.grant.until_ms = 0;
    record.grant.review_ms = calls.core.now_ms + day_ms;
    core_set(&calls.core, NOUN_GRANT, &record);
    cr_assert_eq(warnings_of_sweep(), 1);
}
