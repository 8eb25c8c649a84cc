// SPDX-License-Identifier: EUPL-1.2
// The journal read page by page.
#include "tests/unit/calls/calls_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static const char site[] = "{\"v\":1,\"type\":\"site.set\",\"record\":{\"id\":\"neustadt/hall\"},\"by\":\"admin x\"}";
static const char token[] = "{\"v\":1,\"type\":\"host.enrol_token_issued\",\"record\":{\"id\":\"neustadt/ts1\","
                            "\"enrol_token_hash\":"
                            "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"}}";

static struct store_event stored[4];

static void open_journal(void)
{
    calls_open();
    for (uint64_t i = 0; i < 4; i++)
        stored[i] = (struct store_event){i + 1, 1767225600000, site, strlen(site)};
    stored[1] = (struct store_event){2, 1767225600000, token, strlen(token)};
    stored[2].payload = NULL; // erased
    calls.stored = stored;
    calls.stored_count = 4;
    // The first one is there already: so the newest is the fourth.
    for (int i = 0; i < 3; i++)
        CALLS_EXPECT(200, METHOD_SET, NOUN_SITE, "neustadt/rathaus", "{\"name\":\"Rathaus\"}");
}

TestSuite(events, .init = open_journal, .fini = calls_close);

static json_object *read_page(const char *after, int64_t limit)
{
    TEXT_PUT(calls.page_after, after);
    calls.page_limit = limit;
    return calls_call(METHOD_EVENTS, NOUN_NONE, "", "{}");
}

static json_object *item(json_object *page, size_t index)
{
    return json_object_array_get_idx(codec_member(page, "items"), index);
}

Test(events, are_listed_with_number_and_time_and_without_what_is_erased_or_hidden)
{
    owned(json) json_object *page = read_page("", 100);
    cr_assert_eq(calls.status, 200);
    cr_assert_eq(json_object_array_length(codec_member(page, "items")), 3);
    cr_assert_eq(codec_number(item(page, 0), "seq"), 1);
    cr_assert(text_starts(codec_string(item(page, 0), "at"), "2026-01-01T00:00:00"));
    cr_assert_str_eq(codec_string(item(page, 0), "type"), "site.set");
    cr_assert_str_eq(codec_string(item(page, 0), "by"), "admin x");
    cr_assert_str_eq(codec_string(codec_member(item(page, 1), "record"), "id"), "neustadt/ts1");
    cr_assert_null(codec_member(codec_member(item(page, 1), "record"), "enrol_token_hash"));
    cr_assert_eq(codec_number(item(page, 2), "seq"), 4);
    cr_assert_str_eq(codec_string(page, "next"), "");
}

Test(events, go_on_behind_the_last_one_even_when_a_page_holds_none)
{
    owned(json) json_object *first = read_page("", 2);
    cr_assert_eq(json_object_array_length(codec_member(first, "items")), 2);
    cr_assert_str_eq(codec_string(first, "next"), "2");
    owned(json) json_object *erased = read_page("2", 1);
    cr_assert_eq(json_object_array_length(codec_member(erased, "items")), 0);
    cr_assert_str_eq(codec_string(erased, "next"), "3");
    owned(json) json_object *last = read_page("3", 1);
    cr_assert_eq(codec_number(item(last, 0), "seq"), 4);
    cr_assert_str_eq(codec_string(last, "next"), "");
}

Test(events, are_refused_when_they_cannot_be_read)
{
    owned(json) json_object *pruned = read_page("9", 10);
    cr_assert_eq(calls.status, 404);
    owned(json) json_object *no_number = read_page("x", 10);
    cr_assert_eq(calls.status, 400);
    stored[3] = (struct store_event){4, 0, "{", 1};
    owned(json) json_object *damaged = read_page("", 10);
    cr_assert_geq(calls.status, 500);
    cr_assert(pruned && no_number && damaged);
}
