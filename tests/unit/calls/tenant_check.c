// SPDX-License-Identifier: EUPL-1.2
// POST /v1/tenants/{id}/check, over a directory that is played.
#include "broker/base/text.h"
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

#define TENANT                                                                                                         \
    "{\"name\":\"Neustadt\",\"servers\":[\"ldaps://dir.example\"],\"user_base\":\"dc=example\","                       \
    "\"bind_dn\":\"cn=pult\",\"district\":true}"

static enum check_state person_state;
static bool busy;
static char asked[USER_NAME_SIZE];

static bool examine(void *self, const struct tenant *tenant, const char *name, examine_done *done, void *arg)
{
    struct check_step steps[] = {{.step = CHECK_STEP_ADDRESS,
                                  .text = "ldaps://dir.example accepts connections",
                                  .text_format = "%s accepts connections"},
                                 {.step = CHECK_STEP_PERSON, .state = person_state, .text = "x", .text_format = "x"}};
    (void)self;
    cr_expect_str_eq(tenant->id, "neustadt");
    TEXT_PUT(asked, name);
    if (!busy)
        done(arg, steps, 2);
    return !busy;
}

static void begin(void)
{
    calls_open();
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .id = "neustadt/admin", .tenant = "neustadt"};
    CALLS_EXPECT(200, METHOD_SET, NOUN_TENANT, "neustadt", TENANT);
    calls.services.auth.examine = examine;
}

TestSuite(tenant_check, .init = begin, .fini = calls_close, .timeout = 60);

static json_object *steps_of(json_object *answer)
{
    json_object *steps = NULL;
    cr_assert(json_object_object_get_ex(answer, "steps", &steps));
    return steps;
}

Test(tenant_check, tells_the_steps_and_the_groups_of_a_person)
{
    owned(json) json_object *answer = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{\"as\":\"anna\"}");
    cr_expect_eq(calls.status, 200, "%s", json_object_to_json_string(answer));
    cr_expect_str_eq(asked, "anna");
    cr_expect_eq(json_object_array_length(steps_of(answer)), 3);
    cr_expect(strstr(json_object_to_json_string(answer), "\"text_format\":\"%s accepts connections\"") != NULL ||
              strstr(json_object_to_json_string(answer), "\"text_format\": \"%s accepts connections\"") != NULL);
    cr_expect_eq(calls.look_ups, 1);
}

Test(tenant_check, asks_for_groups_only_of_who_was_found)
{
    person_state = CHECK_FAILED;
    owned(json) json_object *named = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{\"as\":\"anna\"}");
    cr_expect_eq(json_object_array_length(steps_of(named)), 2);
    person_state = CHECK_OK;
    owned(json) json_object *unnamed = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{}");
    cr_expect_eq(json_object_array_length(steps_of(unnamed)), 2);
    cr_expect_eq(calls.look_ups, 0);
}

Test(tenant_check, tells_of_who_is_found_and_still_refused)
{
    static const enum auth_verdict verdicts[] = {AUTH_WRONG, AUTH_DISABLED, AUTH_UNAVAILABLE};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        calls.verdict = verdicts[i];
        owned(json) json_object *answer = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{\"as\":\"anna\"}");
        json_object *steps = steps_of(answer), *state = NULL;
        cr_assert_eq(json_object_array_length(steps), 3, "nothing said for %d", (int)verdicts[i]);
        cr_assert(json_object_object_get_ex(json_object_array_get_idx(steps, 2), "state", &state));
        cr_expect_str_eq(json_object_get_string(state), "failed");
    }
}

Test(tenant_check, is_refused_when_there_are_too_many)
{
    busy = true;
    owned(json) json_object *answer = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{}");
    cr_expect_eq(calls.status, 503);
}

Test(tenant_check, is_for_the_tenants_own_administrators)
{
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "altdorf/admin", .tenant = "altdorf"};
    owned(json) json_object *foreign = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{}");
    cr_expect_eq(calls.status, 404);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .id = "neustadt/admin", .tenant = "neustadt"};
    owned(json) json_object *own = calls_call(METHOD_CHECK, NOUN_TENANT, "neustadt", "{}");
    cr_expect_eq(calls.status, 200);
}
