// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wall.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>

static const struct peer anyone = {.role = ROLE_UNAUTHENTICATED};
static const struct peer device = {.role = ROLE_DEVICE, .tenant = "neustadt", .id = "neustadt/desk1"};
static const struct peer host = {.role = ROLE_HOST, .tenant = "neustadt", .id = "neustadt/ts1"};
static const struct peer admin = {.role = ROLE_ADMIN, .tenant = "neustadt", .id = "neustadt/admin"};
static const struct peer district = {.role = ROLE_DISTRICT, .tenant = "landkreis", .id = "landkreis/admin"};

static enum refusal ask(const struct method *method, const struct peer *peer, const char *id)
{
    return wall_authorize(method, peer, id);
}

Test(wall, every_method_with_a_thing_in_its_path_hides_foreign_tenants)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        if (method->noun == NOUN_NONE || method->id == METHOD_LIST)
            continue;
        const char *foreign = method->noun == NOUN_TENANT ? "altdorf" : "altdorf/x";
        enum refusal refusal = ask(method, &admin, foreign);
        cr_assert(refusal == REFUSAL_NOT_FOUND || refusal == REFUSAL_DENIED, "%s %s", method->verb, method->path);
        cr_assert_eq(ask(method, &district, foreign), REFUSAL_NONE, "%s %s", method->verb, method->path);
    }
}

Test(wall, every_method_keeps_out_who_has_no_proof)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        enum refusal expected = method->who == ROLE_UNAUTHENTICATED ? REFUSAL_NONE : REFUSAL_UNAUTHENTICATED;
        cr_assert_eq(ask(method, &anyone, ""), expected, "%s %s", method->verb, method->path);
    }
}

Test(wall, a_device_may_only_what_devices_may)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool may = method->who == ROLE_UNAUTHENTICATED || method->who == ROLE_DEVICE || method->who == ROLE_MACHINE;
        cr_assert_eq(ask(method, &device, "") == REFUSAL_NONE, may, "%s %s", method->verb, method->path);
    }
}

Test(wall, a_session_host_may_only_what_session_hosts_may)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool may = method->who == ROLE_UNAUTHENTICATED || method->who == ROLE_HOST || method->who == ROLE_MACHINE;
        cr_assert_eq(ask(method, &host, "") == REFUSAL_NONE, may, "%s %s", method->verb, method->path);
        cr_assert_not(may && method->noun != NOUN_NONE, "%s %s", method->verb, method->path);
    }
}

Test(wall, administrators_are_neither_devices_nor_hosts)
{
    cr_assert_eq(ask(method_find(METHOD_HOST_LINK, NOUN_NONE), &admin, ""), REFUSAL_DENIED);
    cr_assert_eq(ask(method_find(METHOD_HOST_LINK, NOUN_NONE), &district, ""), REFUSAL_DENIED);
    const struct method *logon = method_find(METHOD_LOGON, NOUN_NONE);
    cr_assert_eq(ask(logon, &admin, ""), REFUSAL_DENIED);
    cr_assert_eq(ask(logon, &district, ""), REFUSAL_DENIED);
}

Test(wall, only_who_has_a_certificate_of_ours_gets_the_next_one)
{
    const struct method *renew = method_find(METHOD_RENEW, NOUN_NONE);
    cr_assert_eq(ask(renew, &device, ""), REFUSAL_NONE);
    cr_assert_eq(ask(renew, &host, ""), REFUSAL_NONE);
    cr_assert_eq(ask(renew, &anyone, ""), REFUSAL_UNAUTHENTICATED);
    cr_assert_eq(ask(renew, &admin, ""), REFUSAL_DENIED);
    cr_assert_eq(ask(renew, &district, ""), REFUSAL_DENIED);
}

Test(wall, only_the_district_sets_tenants)
{
    cr_assert_eq(ask(method_find(METHOD_SET, NOUN_TENANT), &admin, "neustadt"), REFUSAL_DENIED);
    cr_assert_eq(ask(method_find(METHOD_SHOW, NOUN_TENANT), &admin, "neustadt"), REFUSAL_NONE);
    cr_assert_eq(ask(method_find(METHOD_SHOW, NOUN_TENANT), &admin, "neustadt-sued"), REFUSAL_NOT_FOUND);
}

Test(wall, only_the_district_says_who_administers)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool reads = text_equal(method->verb, "GET");
        if (method->noun == NOUN_ADMINISTRATOR)
            cr_assert_eq(ask(method, &admin, "neustadt/x") == REFUSAL_NONE, reads, "%s %s", method->verb, method->path);
    }
}

Test(wall, a_row_without_a_role_lets_nobody_in)
{
    struct method forgotten = {.id = METHOD_STATUS, .verb = "GET", .path = "/v1/x", .noun = NOUN_NONE};
    cr_assert_eq(ask(&forgotten, &district, ""), REFUSAL_DENIED);
    cr_assert_eq(ask(&forgotten, &anyone, ""), REFUSAL_DENIED);
}
