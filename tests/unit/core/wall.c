// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wall.h"
#include "broker/base/text.h"
#include "broker/core/reconcile.h"
#include "broker/core/record_check.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

// Besides neustadt: one the fixture knows, those next to it in the order of ids, the district, and one there is not.
static const char *const foreign_tenants[] = {"altdorf", "neustadt-2", "neustadt0", "neu", "landkreis", "nirgends"};
enum { FOREIGN = sizeof foreign_tenants / sizeof *foreign_tenants };

static struct core_fixture core;

static const struct peer anyone = {.role = ROLE_UNAUTHENTICATED};
static const struct peer device = {.role = ROLE_DEVICE, .tenant = "neustadt", .id = "neustadt/desk1"};
static const struct peer host = {.role = ROLE_HOST, .tenant = "neustadt", .id = "neustadt/ts1"};
static const struct peer admin = {.role = ROLE_ADMIN, .tenant = "neustadt", .id = "neustadt/admin"};
static const struct peer district = {.role = ROLE_DISTRICT, .tenant = "landkreis", .id = "landkreis/admin"};

// "neustadt/ts1" -> "altdorf/ts1"
static void move_id(char id[ID_SIZE], const char *from, const char *tenant)
{
    const char *slash = strchr(from, '/');
    snprintf(id, ID_SIZE, "%s%s", tenant, slash ? slash : "");
}

// Every tenant has the same things as neustadt, so that what differs is the tenant alone.
static void copy_neustadt(const char *tenant)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct sorted_table *table = state_table(core.state, noun);
        for (size_t i = 0; i < table->count; i++) {
            union record record = {0};
            memcpy(&record, table->records[i], noun_rows[noun].size);
            if (!id_is_of_tenant(record.id, "neustadt"))
                continue;
            for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
                char *id = (char *)&record + field->offset, from[ID_SIZE];
                if (field->type == FIELD_ID) {
                    snprintf(from, sizeof from, "%s", id);
                    move_id(id, from, tenant);
                }
            }
            if (!state_find(core.state, noun, record.id))
                core_set(&core, noun, &record);
        }
    }
}

static void open_walled_town(void)
{
    struct logon_decision decision;
    union record person = {.person = {.id = "neustadt/p-anna", .first_seen_ms = 1}};
    union record factor = {.factor = {.id = "neustadt/f-1", .person = "neustadt/p-anna"}};
    union record clerk = {.administrator = {.id = "neustadt/admin", .name = "Admin", .certificate = "aa"}};
    union record grant = {.grant = {.id = "neustadt/g-1", .to = "fern", .pool = "neustadt/office", .reason = "why"}};
    core_open(&core);
    core_set(&core, NOUN_PERSON, &person);
    core_set(&core, NOUN_GRANT, &grant);
    core_set(&core, NOUN_ADMINISTRATOR, &clerk);
    core_set(&core, NOUN_FACTOR, &factor);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
    for (size_t t = 0; t < FOREIGN - 1; t++)
        copy_neustadt(foreign_tenants[t]);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        cr_assert(noun_rows[noun].told_only || state_count(core.state, noun) >= FOREIGN, "%s", noun_rows[noun].name);
}

static void close_walled_town(void)
{
    core_close(&core);
}

TestSuite(wall, .init = open_walled_town, .fini = close_walled_town);

static enum refusal ask(const struct method *method, const struct peer *peer, const char *id)
{
    return wall_authorize(core.state, method, peer, id);
}

static const char *own_id(enum noun noun)
{
    struct wall_walk walk = wall_walk(core.state, "neustadt", noun);
    return noun_rows[noun].told_only ? "neustadt/j-1" : wall_next(&walk);
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

Test(wall, a_print_server_may_only_what_print_servers_may)
{
    static const struct peer server = {.role = ROLE_PRINT_SERVER, .tenant = "neustadt", .id = "neustadt/print"};
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool may =
            method->who == ROLE_UNAUTHENTICATED || method->who == ROLE_PRINT_SERVER || method->who == ROLE_MACHINE;
        cr_assert_eq(ask(method, &server, "") == REFUSAL_NONE, may, "%s %s", method->verb, method->path);
        cr_assert_not(may && method->noun != NOUN_NONE, "%s %s", method->verb, method->path);
    }
}

Test(wall, a_gateway_may_only_what_gateways_may)
{
    static const struct peer gateway = {.role = ROLE_GATEWAY, .tenant = "neustadt", .id = "neustadt/gw"};
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool may = method->who == ROLE_UNAUTHENTICATED || method->who == ROLE_GATEWAY || method->who == ROLE_MACHINE;
        cr_assert_eq(ask(method, &gateway, "") == REFUSAL_NONE, may, "%s %s", method->verb, method->path);
        cr_assert_not(may && method->noun != NOUN_NONE, "%s %s", method->verb, method->path);
    }
}

Test(wall, somebody_at_the_portal_may_only_what_is_for_them)
{
    static const struct peer person = {.role = ROLE_PERSON, .tenant = "neustadt", .id = "neustadt/p-1"};
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        bool may = method->who == ROLE_UNAUTHENTICATED || method->who == ROLE_PERSON;
        cr_assert_eq(ask(method, &person, "") == REFUSAL_NONE, may, "%s %s", method->verb, method->path);
        cr_assert_eq(method->who == ROLE_PERSON, method->who == ROLE_PERSON && method->flags & METHOD_PAGE);
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

// ---- across the border

static bool has_id(const struct method *method)
{
    return strstr(method->path, "{id}") != NULL;
}

Test(wall, every_method_for_every_role_and_every_foreign_tenant_answers_not_found)
{
    static const struct peer *const peers[] = {&anyone, &device, &host, &admin};
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        cr_assert_eq(has_id(method), (method->flags & METHOD_OWN_TENANT) && method->id != METHOD_LIST, "%s %s",
                     method->verb, method->path);
        for (size_t p = 0; has_id(method) && p < sizeof peers / sizeof *peers; p++) {
            // Who may not call it at all is told so, the same whose thing it is; who may learns nothing of others'.
            enum refusal own = ask(method, peers[p], own_id(method->noun));
            enum refusal expected = own == REFUSAL_NONE ? REFUSAL_NOT_FOUND : own;
            for (size_t t = 0; t < FOREIGN; t++) {
                char foreign[ID_SIZE];
                move_id(foreign, own_id(method->noun), foreign_tenants[t]);
                cr_assert_eq(ask(method, peers[p], foreign), expected, "%s %s of %s", method->verb, method->path,
                             foreign);
                cr_assert_eq(ask(method, &district, foreign), REFUSAL_NONE, "%s %s of %s", method->verb, method->path,
                             foreign);
            }
        }
    }
}

Test(wall, a_tenant_uses_all_of_its_own_and_nothing_else)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct sorted_table *table = state_table(core.state, noun);
        size_t own_count = 0, walked = 0;
        for (size_t i = 0; i < table->count; i++) {
            const char *id = table->records[i];
            bool own = strcmp(id, "neustadt") == 0 || strncmp(id, "neustadt/", 9) == 0;
            own_count += own;
            cr_assert_eq(wall_may_use(core.state, "neustadt", noun, id), own, "%s", id);
            cr_assert_eq(wall_find(core.state, "neustadt", noun, id), own ? table->records[i] : NULL, "%s", id);
            cr_assert_eq(wall_owns("neustadt", id), own, "%s", id);
        }
        struct wall_walk walk = wall_walk(core.state, "neustadt", noun);
        for (const char *id, *before = ""; (id = wall_next(&walk)); before = id, walked++) {
            cr_assert_lt(strcmp(before, id), 0);
            cr_assert(wall_may_use(core.state, "neustadt", noun, id), "%s", id);
        }
        cr_assert_eq(walked, own_count, "%s", noun_rows[noun].name);
        cr_assert_eq(own_count > 0, !noun_rows[noun].told_only, "%s", noun_rows[noun].name);
    }
    cr_assert_null(wall_find(core.state, "neustadt", NOUN_HOST, "neustadt/ts99"));
    struct wall_walk nowhere = wall_walk(core.state, "nirgends", NOUN_HOST);
    cr_assert_null(wall_next(&nowhere));
    static const struct peer of_no_tenant = {.role = ROLE_ADMIN};
    struct wall_walk of_nobody = wall_walk_seen(core.state, &of_no_tenant, NOUN_HOST, "");
    cr_assert_null(wall_next(&of_nobody));
}

Test(wall, a_peer_sees_what_its_tenant_uses_and_the_district_all)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        struct wall_walk of_admin = wall_walk_seen(core.state, &admin, noun, "");
        struct wall_walk own = wall_walk(core.state, "neustadt", noun);
        for (const void *record; (record = wall_next(&own));)
            cr_assert_eq(wall_next(&of_admin), record);
        cr_assert_null(wall_next(&of_admin));
        struct wall_walk of_all = wall_walk_seen(core.state, &district, noun, "");
        size_t count = 0;
        for (const char *id; (id = wall_next(&of_all)); count++) {
            bool seen = wall_may_use(core.state, "neustadt", noun, id);
            cr_assert_eq(wall_can_see(core.state, &admin, noun, id), seen, "%s", id);
            cr_assert(wall_can_see(core.state, &district, noun, id), "%s", id);
        }
        cr_assert_eq(count, state_count(core.state, noun));
    }
}

Test(wall, a_walk_goes_on_behind_an_id_and_never_across_the_border)
{
    struct wall_walk walk = wall_walk_seen(core.state, &admin, NOUN_HOST, "neustadt/ts1");
    cr_assert_str_eq(wall_next(&walk), "neustadt/ts2");
    walk = wall_walk_seen(core.state, &admin, NOUN_HOST, "neustadt/ts11");
    cr_assert_str_eq(wall_next(&walk), "neustadt/ts2");
    walk = wall_walk_seen(core.state, &admin, NOUN_HOST, "altdorf/ts1");
    cr_assert_str_eq(wall_next(&walk), "neustadt/ts1");
    walk = wall_walk_seen(core.state, &admin, NOUN_HOST, "neustadt/ts3");
    cr_assert_null(wall_next(&walk));
    walk = wall_walk_seen(core.state, &admin, NOUN_HOST, "neustadt0/ts1");
    cr_assert_null(wall_next(&walk));
    walk = wall_walk_seen(core.state, &district, NOUN_HOST, "neustadt/ts3");
    cr_assert_str_eq(wall_next(&walk), "neustadt0/ts1");
}

Test(wall, every_reference_of_every_record_stays_within_the_border)
{
    size_t tried = 0;
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
            struct fault why;
            union record record = {0};
            char *id = (char *)&record + field->offset, own[ID_SIZE], expected[2 * ID_SIZE];
            if (field->type != FIELD_ID || field->refers == NOUN_NONE || noun_rows[noun].told_only)
                continue;
            memcpy(&record, state_find(core.state, noun, own_id(noun)), noun_rows[noun].size);
            TEXT_PUT(own, id);
            for (size_t t = 0; t < FOREIGN; t++, tried++) {
                move_id(id, own, foreign_tenants[t]);
                snprintf(expected, sizeof expected, "%s: there is no %s \"%s\"", field->name,
                         noun_rows[field->refers].name, id);
                cr_assert_not(record_check(core.state, noun, &record, &why), "%s", expected);
                cr_assert_str_eq(why.text, expected);
            }
        }
    }
    cr_assert_geq(tried, 9 * FOREIGN);
}

Test(wall, a_name_typed_at_a_desk_is_looked_up_in_the_directory_of_its_tenant)
{
    cr_assert_str_eq(wall_directory(core.state, "neustadt/desk1", "anna")->id, "neustadt");
    cr_assert_str_eq(wall_directory(core.state, "altdorf/desk1", "anna")->id, "altdorf");
    cr_assert_null(wall_directory(core.state, "nirgends/desk1", "anna"));
}

// ---- who uses what at a logon

static const union record *copy_of(enum noun noun, const char *id)
{
    static union record record;
    memcpy(&record, state_find(core.state, noun, id), noun_rows[noun].size);
    return &record;
}

// Nobody may set it so; a grant that has ended would leave it behind.
Test(wall, nobody_gets_a_profile_a_pool_or_a_host_of_a_foreign_tenant)
{
    struct logon_decision decision;
    union record record = *copy_of(NOUN_HOST, "altdorf/ts4");
    TEXT_PUT(record.host.pool, "neustadt/building");
    core_set(&core, NOUN_HOST, &record);
    core.health[3] = HOST_UNREACHABLE;
    core_decide(&core, "bert", "bauamt", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_HOST);

    record = *copy_of(NOUN_PROFILE, "neustadt/clerk");
    TEXT_PUT(record.profile.pool, "altdorf/office");
    core_set(&core, NOUN_PROFILE, &record);
    core_decide(&core, "bert", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_GRANT);

    record = *copy_of(NOUN_ASSIGNMENT, "neustadt/clerk");
    TEXT_PUT(record.assignment.profile, "altdorf/clerk");
    core_set(&core, NOUN_ASSIGNMENT, &record);
    core_decide(&core, "bert", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_PROFILE);
}

Test(wall, an_assignment_of_a_foreign_tenant_applies_to_nobody)
{
    struct logon_decision decision;
    for (size_t t = 0; t < FOREIGN - 1; t++) {
        union record record = *copy_of(NOUN_ASSIGNMENT, "altdorf/clerk");
        move_id(record.assignment.id, "altdorf/visitors", foreign_tenants[t]);
        TEXT_PUT(record.assignment.group, "visitors");
        core_set(&core, NOUN_ASSIGNMENT, &record);
    }
    core_decide(&core, "gast", "visitors", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NO_PROFILE);
}

Test(wall, a_person_logs_on_at_no_desk_of_a_foreign_tenant)
{
    for (size_t t = 0; t < FOREIGN - 1; t++) {
        struct logon_decision decision;
        char desk[ID_SIZE];
        move_id(desk, "neustadt/desk1", foreign_tenants[t]);
        struct logon_input input = {
            .tenant_id = "neustadt",
            .person_id = "neustadt/p-anna",
            .who = {.user_name = "anna"},
            .device_id = desk,
            .health = &core.source,
        };
        logon_decide(core.state, &input, &decision);
        cr_assert_eq(decision.refusal, REFUSAL_DENIED, "%s", desk);
    }
}

Test(wall, what_a_host_reports_of_foreign_tenants_is_ignored)
{
    struct host_session there[FOREIGN] = {0};
    struct report report = {.host = "neustadt/ts1", .linked = true, .sessions = there, .session_count = FOREIGN};
    struct reconciliation found = {0};
    for (size_t t = 0; t < FOREIGN; t++)
        snprintf(there[t].session, ID_SIZE, "%s/s-anna-ffffffff", foreign_tenants[t]);
    reconcile(core.state, &report, &(struct session_ages){core.now_ms, INT64_MAX}, &found);
    cr_assert_eq(found.foreign_sessions, FOREIGN);
    cr_assert_eq(found.order_count, 0);
    reconciliation_fini(&found);
}
