// SPDX-License-Identifier: EUPL-1.2
// Nobody is locked out by what they set: there is always a district, and who would lose their own right is asked.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

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
