// SPDX-License-Identifier: EUPL-1.2
// Nobody is locked out by what they set: there is always a district, and who would lose their own right is asked.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define TENANT_FIELDS                                                                                                  \
    "\"name\":\"Neustadt\",\"servers\":[\"ldaps://dir.example\"],\"user_base\":\"dc=example\",\"bind_dn\":\"cn=pult\""
#define TENANT(more) "{" TENANT_FIELDS more "}"

TestSuite(own_rights, .init = calls_open, .fini = calls_close);

// ---- the district

// Whoever takes the district's rights from the last who has them locks everybody out of half of the table for good.
Test(own_rights, the_last_district_stays_one)
{
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(",\"district\":true"));
    CALLS_EXPECT(409, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(""));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(",\"district\":true"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(""));
    CALLS_EXPECT(409, METHOD_REMOVE, NOUN_TENANT, "kreis", "{}");
}

static bool is_district(const char *id)
{
    const struct tenant *tenant = state_tenant(calls.services.state, id);
    cr_assert(tenant, "%s", id);
    return tenant->district;
}

Test(own_rights, the_first_tenant_is_the_districts)
{
    state_clear(calls.services.state);
    owned(json) json_object *answer = calls_call(METHOD_SET, NOUN_TENANT, "kreis", TENANT(""));
    cr_assert(codec_flag(answer, "district"), "%s", json_object_to_json_string(answer));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "altdorf", TENANT(""));
    cr_assert(is_district("kreis") && !is_district("altdorf"));
}

#define APPLIED(id, more) "{\"noun\":\"tenant\",\"id\":\"" id "\"," TENANT_FIELDS more "}"

static void apply_tenants(const char *objects, const char *district)
{
    char body[1024];
    snprintf(body, sizeof body, "{\"objects\":[%s]}", objects);
    CALLS_EXPECT(200, METHOD_APPLY, NOUN_NONE, "", body);
    cr_assert_eq(is_district("kreis"), text_equal(district, "kreis"));
    cr_assert_eq(is_district("altdorf"), text_equal(district, "altdorf"));
}

// A file that was applied once can be applied again, and whoever it calls the district's is that, wherever it stands.
Test(own_rights, the_first_tenant_of_a_file_is_the_districts_unless_another_is_called_so)
{
    state_clear(calls.services.state);
    for (int i = 0; i < 2; i++)
        apply_tenants(APPLIED("kreis", "") "," APPLIED("altdorf", ""), "kreis");
    apply_tenants(APPLIED("kreis", "") "," APPLIED("altdorf", ",\"district\":true"), "altdorf");
    state_clear(calls.services.state);
    apply_tenants(APPLIED("kreis", "") "," APPLIED("altdorf", ",\"district\":true"), "altdorf");
}

// ---- one's own right

#define DIGEST(digit) #digit #digit #digit #digit #digit #digit #digit #digit

static const struct peer ada = {.role = ROLE_DISTRICT, .id = "kreis/ada", .tenant = "kreis"},
                         kim = {.role = ROLE_DISTRICT,
                                .id = "kreis/kim",
                                .tenant = "kreis",
                                .by_certificate = true,
                                .certificate = DIGEST(aaaaaaaa)};

#define ADMIN_GROUP ",\"admin_group\":\"admins\""
#define DISTRICT ",\"district\":true"
#define ENTRY(digit)                                                                                                   \
    "{\"name\":\"Kim\",\"certificate\":\"" DIGEST(digit##digit##digit##digit##digit##digit##digit##digit) "\"}"

// Two tenants could be the district, so that nothing else stands in the way.
static void open_district(const struct peer *caller)
{
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .id = "first"};
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(DISTRICT ADMIN_GROUP));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "region", TENANT(DISTRICT ADMIN_GROUP));
    CALLS_EXPECT(200, METHOD_SET, NOUN_ADMINISTRATOR, "kreis/kim", ENTRY(a));
    calls.caller = *caller;
}

// Refused with that word in the sentence, and done when it is meant.
static void asked_about(const char *word, enum method_id method, enum noun noun, const char *id, const char *body)
{
    calls.accept = ACCEPT_NOTHING;
    owned(json) json_object *refused = calls_call(method, noun, id, body);
    cr_assert_eq(calls.status, 409, "%s", body);
    cr_assert_str_eq(codec_string(refused, "type"), "urn:pult:own-rights", "%s", body);
    cr_assert(strstr(codec_string(refused, "detail"), word), "%s", codec_string(refused, "detail"));
    calls.accept = ACCEPT_OWN_RIGHTS;
    CALLS_EXPECT(200, method, noun, id, body);
    calls.accept = ACCEPT_NOTHING;
}

Test(own_rights, are_asked_about_by_whoever_changes_the_group_they_are_in)
{
    open_district(&ada);
    asked_about("the new group", METHOD_SET, NOUN_TENANT, "kreis", TENANT(DISTRICT ",\"admin_group\":\"typo\""));
    open_district(&ada);
    asked_about("the new group", METHOD_SET, NOUN_TENANT, "kreis", TENANT(DISTRICT));
}

Test(own_rights, are_asked_about_by_whoever_changes_the_directory_that_knows_them)
{
    open_district(&ada);
    asked_about("this directory", METHOD_SET, NOUN_TENANT, "kreis",
                TENANT(DISTRICT ADMIN_GROUP ",\"directory\":\"active-directory\""));
    asked_about("this directory", METHOD_SET, NOUN_TENANT, "kreis",
                TENANT(DISTRICT ADMIN_GROUP ",\"group_base\":\"ou=elsewhere,dc=example\""));
}

Test(own_rights, are_asked_about_by_whoever_gives_the_district_away)
{
    open_district(&ada);
    asked_about("the district's", METHOD_SET, NOUN_TENANT, "kreis", TENANT(ADMIN_GROUP));
    open_district(&kim);
    asked_about("the district's", METHOD_SET, NOUN_TENANT, "kreis", TENANT(ADMIN_GROUP));
}

Test(own_rights, are_asked_about_by_whoever_removes_their_tenant_or_entry)
{
    open_district(&kim);
    asked_about("certificate", METHOD_SET, NOUN_ADMINISTRATOR, "kreis/kim", ENTRY(b));
    asked_about("certificate", METHOD_REMOVE, NOUN_ADMINISTRATOR, "kreis/kim", "{}");
    open_district(&ada);
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_ADMINISTRATOR, "kreis/kim", "{}");
    asked_about("this tenant", METHOD_REMOVE, NOUN_TENANT, "kreis", "{}");
}

Test(own_rights, are_nobodys_question_who_keeps_them)
{
    open_district(&ada);
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis",
                 TENANT(DISTRICT ADMIN_GROUP ",\"help_desk\":\"115\",\"max_hosts\":7"));
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "region", TENANT(""));
    CALLS_EXPECT(200, METHOD_SET, NOUN_ADMINISTRATOR, "kreis/kim", ENTRY(b));
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_ADMINISTRATOR, "kreis/kim", "{}");
    CALLS_EXPECT(200, METHOD_REMOVE, NOUN_TENANT, "region", "{}");
    open_district(&kim); // no directory is asked about her
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "kreis", TENANT(DISTRICT ",\"realm\":\"KREIS.EXAMPLE\""));
    CALLS_EXPECT(200, METHOD_SET, NOUN_ADMINISTRATOR, "kreis/kim",
                 "{\"name\":\"Kim K.\",\"certificate\":\"" DIGEST(aaaaaaaa) "\"}");
}

#define OBJECTS(more) "{\"objects\":[" APPLIED("kreis", DISTRICT ",\"admin_group\":\"typo\"") "]" more "}"

Test(own_rights, are_told_in_a_plan_and_asked_about_when_it_is_applied)
{
    open_district(&ada);
    owned(json) json_object *plan = calls_call(METHOD_APPLY, NOUN_NONE, "", OBJECTS(",\"dry_run\":true"));
    cr_assert(strstr(codec_string(plan, "own_rights"), "the new group"), "%s", json_object_to_json_string(plan));
    owned(json) json_object *refused = calls_call(METHOD_APPLY, NOUN_NONE, "", OBJECTS(""));
    cr_assert_str_eq(codec_string(refused, "type"), "urn:pult:own-rights");
    cr_assert_str_eq(state_tenant(calls.services.state, "kreis")->admin_group, "admins");
    CALLS_EXPECT(200, METHOD_APPLY, NOUN_NONE, "", OBJECTS(",\"accept\":\"own-rights\""));
    cr_assert_str_eq(state_tenant(calls.services.state, "kreis")->admin_group, "typo");
}
