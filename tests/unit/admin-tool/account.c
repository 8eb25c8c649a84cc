// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/account.h"
#include "admin-tool/account_channel.h"
#include "admin-tool/out.h"
#include "admin-tool/when.h"
#include "broker/api/answer.h"
#include "broker/api/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct account_entry entry(const char *person, const char *printer, int64_t pages, bool colour)
{
    struct account_entry entry = {.job = {.impressions = pages, .sheets = 1, .colour = colour, .price = pages * 125}};
    snprintf(entry.job.person, ID_SIZE, "neustadt/p-%s", person);
    text_put(entry.job.printer, ID_SIZE, printer);
    text_put(entry.tenant, SLUG_SIZE, "neustadt");
    snprintf(entry.printer_tenant, SLUG_SIZE, "%.*s", (int)strcspn(printer, "/"), printer);
    text_put(entry.user_name, USER_NAME_SIZE, person);
    return entry;
}

static void add(struct record_list *sums, enum account_by by)
{
    static const char *const here = "neustadt/room1", *const there = "altdorf/drucker";
    struct account_entry entries[] = {entry("bert", here, 2, false), entry("anna", there, 3, true),
                                      entry("anna", here, 4, false), entry("bert", here, 80, false)};
    entries[3].job.counted = COUNTED_BY_DOCUMENT;
    for (size_t i = 0; i < 4; i++) {
        account_add(sums, &entries[i], by);
        account_merge(sums); // as after each page
    }
}

static const struct account_sum *sum_at(const struct record_list *sums, size_t index)
{
    return record_at(sums, &account_sum_type, index);
}

Test(account, sums_up_what_is_of_one_kind)
{
    struct record_list sums = {0};
    add(&sums, ACCOUNTS_BY_ALL);
    cr_assert_eq(sums.count, 3);
    cr_assert_str_eq(sum_at(&sums, 0)->printer, "altdorf/drucker");
    cr_assert_eq(sum_at(&sums, 0)->colour_pages, 3);
    cr_assert_str_eq(sum_at(&sums, 1)->printer, "neustadt/room1");
    const struct account_sum *bert = sum_at(&sums, 2);
    cr_assert_str_eq(bert->user_name, "bert");
    cr_assert(bert->jobs == 2 && bert->pages == 82 && bert->not_reported == 80 && bert->sheets == 2);
    cr_assert_str_eq(bert->price, "1.0250");
    free(sums.rows);
}

Test(account, tells_apart_what_is_asked_for)
{
    struct record_list people = {0}, printers = {0}, tenants = {0}, none = {0};
    add(&people, ACCOUNTS_BY_PERSON);
    cr_assert(people.count == 2 && sum_at(&people, 0)->pages == 7 && !sum_at(&people, 0)->printer[0]);
    add(&printers, ACCOUNTS_BY_PRINTER);
    cr_assert(printers.count == 2 && sum_at(&printers, 1)->pages == 86 && !sum_at(&printers, 1)->user_name[0]);
    add(&tenants, ACCOUNTS_BY_TENANT);
    cr_assert(tenants.count == 2 && sum_at(&tenants, 0)->pages == 3 && !sum_at(&tenants, 0)->printer[0]);
    cr_assert_str_eq(sum_at(&tenants, 0)->printer_tenant, "altdorf");
    account_merge(&none);
    cr_assert_eq(none.count, 0);
    free(people.rows);
    free(printers.rows);
    free(tenants.rows);
}

static void add_channel(struct record_list *sums, const char *person, const char *gateway, int64_t seconds)
{
    struct channel_account entry = {.channel = {.since_ms = 5000, .until_ms = 5000 + seconds * 1000},
                                    .tenant = "neustadt"};
    snprintf(entry.channel.person, ID_SIZE, "neustadt/p-%s", person);
    text_put(entry.channel.gateway, ID_SIZE, gateway);
    text_put(entry.user_name, USER_NAME_SIZE, person);
    entry.channel.bytes_to_host = 3;
    entry.channel.bytes_to_person = 70;
    channel_sums_add(sums, &entry);
    channel_sums_merge(sums); // as after each page
}

Test(account, sums_up_who_came_in_from_outside)
{
    struct record_list sums = {0};
    channel_sums_merge(&sums);
    cr_assert_eq(sums.count, 0);
    add_channel(&sums, "bert", "neustadt/gw", 30);
    add_channel(&sums, "anna", "neustadt/gw", 45);
    add_channel(&sums, "bert", "district/gw", 30);
    add_channel(&sums, "anna", "neustadt/gw", 45);
    cr_assert_eq(sums.count, 3);
    const struct channel_sum *anna = record_at(&sums, &channel_sum_type, 0);
    cr_assert_str_eq(anna->user_name, "anna");
    cr_assert(anna->channels == 2 && anna->bytes_to_host == 6 && anna->bytes_to_person == 140);
    cr_assert_eq(anna->minutes, 1, "of what is less than a minute each something is left");
    cr_assert_str_eq(((const struct channel_sum *)record_at(&sums, &channel_sum_type, 1))->gateway, "district/gw");
    free(sums.rows);
}

Test(account, is_a_table_that_a_spreadsheet_takes_for_nothing_else)
{
    static const struct out_column columns[] = {{"user_name", NULL}, {"name", NULL}, {"price", NULL}, {.field = NULL}};
    struct record_list sums = {0};
    struct account_sum *sum = record_add(&sums, &account_sum_type);
    struct out out = {0};
    char *said = NULL;
    size_t length = 0;
    TEXT_PUT(sum->user_name, "=1+1");
    TEXT_PUT(sum->name, "Amt, \"Anna\"; Köln");
    TEXT_PUT(sum->price, "0.0300");
    out_init(&out, open_memstream(&said, &length), false);
    out_csv(&out, &account_sum_type, &sums, columns);
    fclose(out.file);
    cr_assert_str_eq(said, "user_name,name,price\r\n'=1+1,\"Amt, \"\"Anna\"\"; Köln\",0.0300\r\n");
    free(said);
    free(sums.rows);
}

Test(account, is_of_a_month_in_local_time)
{
    int64_t from_ms, until_ms;
    setenv("TZ", "Europe/Berlin", 1);
    cr_assert(when_month("2026-03", &from_ms, &until_ms));
    cr_assert_eq(from_ms, 1772319600000);  // 2026-02-28T23:00Z
    cr_assert_eq(until_ms, 1774994400000); // 2026-03-31T22:00Z: the clocks were put forward
    cr_assert(when_month("2026-12", &from_ms, &until_ms));
    cr_assert_eq(until_ms, 1798758000000); // 2026-12-31T23:00Z
    cr_assert(when_month("", &from_ms, &until_ms));
    cr_assert_gt(until_ms - from_ms, INT64_C(27) * 24 * 3600 * 1000);
    static const char *const wrong[] = {"2026", "2026-13", "11-2026", "2026-11-01", "now"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_not(when_month(wrong[i], &from_ms, &until_ms), "%s", wrong[i]);
}
