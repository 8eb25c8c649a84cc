// SPDX-License-Identifier: EUPL-1.2
// What was printed, as the journal has it: each tenant sees its own, and what others printed on its printers.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS = 6, AT_MS = 1000 };
static struct store_event stored[EVENTS];
static char payloads[EVENTS][600];

static void print_event(size_t index, const char *job, const char *person, const char *printer)
{
    snprintf(payloads[index], sizeof payloads[index],
             "{\"v\":1,\"type\":\"job.printed\",\"record\":{\"id\":\"%s\",\"person\":\"%s\",\"printer\":\"%s\","
             "\"server\":\"neustadt/print\",\"number\":%zu,\"impressions\":4,\"sheets\":2,\"colour\":true,"
             "\"counted\":\"printer\",\"price\":300,\"printed\":%zu},\"by\":\"print-server neustadt/print\"}",
             job, person, printer, index + 1, AT_MS * (index + 1));
    stored[index] = (struct store_event){index + 1, AT_MS, payloads[index], strlen(payloads[index])};
}

static void open_accounts(void)
{
    static const char site[] =
        "{\"v\":1,\"type\":\"site.set\",\"record\":{\"id\":\"neustadt/x\"},\"by\":\"job.printed\"}";
    struct store_person anna = {.id = "neustadt/p-1", .key = "1", .user_name = "anna", .name = "Anna Amt"};
    calls_open();
    people_put(&calls.services.people, &anna);
    print_event(0, "neustadt/j-1", "neustadt/p-1", "neustadt/room1");
    print_event(1, "neustadt/j-2", "neustadt/p-1", "altdorf/drucker");
    stored[2] = (struct store_event){3, AT_MS, site, strlen(site)};
    stored[3] = (struct store_event){4, AT_MS, NULL, 0}; // erased
    print_event(4, "altdorf/j-3", "altdorf/p-2", "altdorf/drucker");
    print_event(5, "fern/j-4", "fern/p-3", "");
    calls.stored = stored;
    calls.stored_count = EVENTS;
    for (int i = 0; i < EVENTS - 1; i++) // one is there already
        CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "neustadt/rathaus", "{\"name\":\"Rathaus\"}");
}

TestSuite(accounts, .init = open_accounts, .fini = calls_close);

// "neustadt/j-1 anna neustadt/room1, ...": of each entry job, user name and printer.
static const char *entries(const char *tenant, enum role role)
{
    static char text[600];
    calls.caller = (struct peer){.role = role};
    TEXT_PUT(calls.caller.tenant, tenant);
    owned(json) json_object *page = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    json_object *items = codec_member(page, "items");
    text[0] = 0;
    cr_assert_eq(calls.status, 200);
    for (size_t i = 0; i < json_object_array_length(items); i++) {
        json_object *entry = json_object_array_get_idx(items, i);
        cr_assert_eq(codec_number(entry, "price"), 300);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s/%s/%s/%s", i ? ", " : "",
                 codec_string(entry, "tenant"), codec_string(entry, "id"), codec_string(entry, "user_name"),
                 codec_string(entry, "printer"));
        cr_assert_eq(codec_string(entry, "id")[0] == 0, codec_string(entry, "person")[0] == 0);
    }
    return text;
}

Test(accounts, are_of_the_own_people_and_of_others_on_the_own_printers_without_who_they_are)
{
    cr_assert_str_eq(entries("neustadt", ROLE_ADMIN), "neustadt/neustadt/j-1/anna/neustadt/room1, "
                                                      "neustadt/neustadt/j-2/anna/altdorf/drucker");
    cr_assert_str_eq(entries("altdorf", ROLE_ADMIN),
                     "neustadt///altdorf/drucker, altdorf/altdorf/j-3//altdorf/drucker");
    cr_assert_str_eq(entries("fern", ROLE_ADMIN), "fern/fern/j-4//");
    cr_assert_str_eq(entries("neu", ROLE_ADMIN), "");
    cr_assert_eq(strstr(entries("landkreis", ROLE_DISTRICT), "fern/fern/j-4//") != NULL, true);
}

// A grant lets use a printer, and does not show who else uses it.
Test(accounts, of_a_granted_printer_show_the_receiver_its_own_alone)
{
    union record printer = {.printer = {.id = "altdorf/drucker", .site = "altdorf/rathaus"}};
    union record grant = {.grant = {.id = "altdorf/g-1", .to = "fern", .printer = "altdorf/drucker", .reason = "x"}};
    grant.grant.until_ms = INT64_MAX;
    grant.grant.since_ms = grant.grant.approvals[GRANT_GIVER].at_ms = grant.grant.approvals[GRANT_RECEIVER].at_ms = 1;
    core_set(&calls.core, NOUN_PRINTER, &printer);
    core_set(&calls.core, NOUN_GRANT, &grant);
    cr_assert(wall_may_use(calls.core.state, "fern", NOUN_PRINTER, "altdorf/drucker"));
    cr_assert_str_eq(entries("fern", ROLE_ADMIN), "fern/fern/j-4//");
}

Test(accounts, are_of_a_time_and_of_a_tenant)
{
    calls.page_from_ms = 2 * AT_MS;
    calls.page_until_ms = 5 * AT_MS;
    cr_assert_str_eq(entries("landkreis", ROLE_DISTRICT), "neustadt/neustadt/j-2/anna/altdorf/drucker");
    calls.page_until_ms = 0;
    TEXT_PUT(calls.filter, "altdorf");
    cr_assert_str_eq(entries("landkreis", ROLE_DISTRICT), "altdorf/altdorf/j-3//altdorf/drucker");
}

Test(accounts, go_on_behind_a_page_that_has_none)
{
    TEXT_PUT(calls.page_after, "2");
    calls.page_limit = 2;
    owned(json) json_object *none = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(none, "items")), 0);
    cr_assert_str_eq(codec_string(none, "next"), "4");
    TEXT_PUT(calls.page_after, "4");
    owned(json) json_object *last = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(last, "items")), 2);
    cr_assert_str_eq(codec_string(last, "next"), "");
    TEXT_PUT(calls.page_after, "6");
    owned(json) json_object *behind = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_eq(json_object_array_length(codec_member(behind, "items")), 0);
    TEXT_PUT(calls.page_after, "x");
    CALLS_EXPECT(400, METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
}

// Who came in from outside is their own tenant's to see, and the district's.
Test(accounts, are_of_channels_that_have_ended)
{
    static const char closed[] =
        "{\"v\":1,\"type\":\"channel.closed\",\"record\":{\"id\":\"neustadt/c-1\",\"person\":\"neustadt/p-1\","
        "\"gateway\":\"landkreis/gw\",\"way\":\"browser\",\"until\":3000,\"reason\":\"idle\",\"bytes_to_host\":7,"
        "\"bytes_to_person\":9},\"by\":\"gateway landkreis/gw\"}";
    stored[2] = (struct store_event){3, AT_MS, closed, strlen(closed)};
    calls.caller = (struct peer){.role = ROLE_ADMIN, .tenant = "neustadt"};
    owned(json) json_object *own = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    json_object *entry = json_object_array_get_idx(codec_member(own, "channels"), 0);
    cr_assert_str_eq(codec_string(entry, "id"), "neustadt/c-1");
    cr_assert_str_eq(codec_string(entry, "user_name"), "anna");
    cr_assert_str_eq(codec_string(entry, "reason"), "idle");
    cr_assert_eq(codec_number(entry, "bytes_to_host") + codec_number(entry, "bytes_to_person"), 16);
    calls.caller = (struct peer){.role = ROLE_ADMIN, .tenant = "altdorf"};
    owned(json) json_object *others = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_null(codec_member(others, "channels"));
    calls.caller = (struct peer){.role = ROLE_DISTRICT, .tenant = "landkreis"};
    calls.page_until_ms = 3000;
    owned(json) json_object *before = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_null(codec_member(before, "channels"));
}

Test(accounts, begin_where_a_pruned_journal_does)
{
    calls.store_anchor = 4;
    cr_assert_str_eq(entries("altdorf", ROLE_ADMIN), "altdorf/altdorf/j-3//altdorf/drucker");
}

Test(accounts, are_refused_when_the_journal_cannot_be_read)
{
    stored[0].payload = "{\"type\":\"job.printed\"";
    stored[0].length = strlen(stored[0].payload);
    owned(json) json_object *damaged = calls_call(METHOD_ACCOUNTS, NOUN_NONE, "", "{}");
    cr_assert_geq(calls.status, 500);
    cr_assert(damaged);
}
