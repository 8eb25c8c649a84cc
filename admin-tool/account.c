// SPDX-License-Identifier: EUPL-1.2
// What was printed in a month and what it costs whom, summed up by tenant, person and printer, or by less; or who came
// in from outside, by gateway.
#include "admin-tool/account.h"
#include "admin-tool/account_channel.h"
#include "admin-tool/command.h"
#include "admin-tool/when.h"
#include "broker/api/record.h"
#include "broker/client/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_PAGE = 1000 };

#define AT(member) .offset = offsetof(struct account_sum, member), .size = sizeof(((struct account_sum *)0)->member)

// A row a line.
// clang-format off
static const struct field sum_fields[] = {
    {.name = "tenant", .type = FIELD_TEXT, AT(tenant), .sentence = "whose people they are: who pays"},
    {.name = "person", .type = FIELD_TEXT, AT(person), .flags = FIELD_SPARSE, .sentence = "id of the person"},
    {.name = "user_name", .type = FIELD_TEXT, AT(user_name), .flags = FIELD_SPARSE, .sentence = "their user name; empty: erased, or another tenant's"},
    {.name = "name", .type = FIELD_TEXT, AT(name), .flags = FIELD_SPARSE, .sentence = "their name"},
    {.name = "printer_tenant", .type = FIELD_TEXT, AT(printer_tenant), .flags = FIELD_SPARSE, .sentence = "whose printer it is"},
    {.name = "printer", .type = FIELD_TEXT, AT(printer), .flags = FIELD_SPARSE, .sentence = "the printer"},
    {.name = "jobs", .type = FIELD_NUMBER, AT(jobs), .max = INT64_MAX, .sentence = "print jobs"},
    {.name = "pages", .type = FIELD_NUMBER, AT(pages), .max = INT64_MAX, .sentence = "page sides"},
    {.name = "colour_pages", .type = FIELD_NUMBER, AT(colour_pages), .max = INT64_MAX, .sentence = "those of jobs in colour"},
    {.name = "not_reported", .type = FIELD_NUMBER, AT(not_reported), .max = INT64_MAX, .sentence = "those that the printer did not report: the document's pages, times copies"},
    {.name = "sheets", .type = FIELD_NUMBER, AT(sheets), .max = INT64_MAX, .sentence = "sheets of paper"},
    {.name = "price", .type = FIELD_TEXT, AT(price), .sentence = "100 cents are 1.0000"},
    {.name = NULL},
};
// clang-format on
const struct record_type account_sum_type = {"account_sum", sum_fields, sizeof(struct account_sum)};

// ---- summing up

static int compare_sums(const void *a, const void *b)
{
    const struct account_sum *one = a, *other = b;
    int order = strcmp(one->tenant, other->tenant);
    order = order ? order : strcmp(one->user_name, other->user_name);
    order = order ? order : strcmp(one->person, other->person);
    order = order ? order : strcmp(one->printer_tenant, other->printer_tenant);
    return order ? order : strcmp(one->printer, other->printer);
}

static void add_sum(void *to, const void *from)
{
    struct account_sum *sum = to;
    const struct account_sum *other = from;
    sum->jobs += other->jobs;
    sum->pages += other->pages;
    sum->colour_pages += other->colour_pages;
    sum->not_reported += other->not_reported;
    sum->sheets += other->sheets;
    sum->hundredths += other->hundredths;
}

void account_merge(struct record_list *sums)
{
    record_merge(sums, &account_sum_type, compare_sums, add_sum);
    struct account_sum *all = sums->rows;
    for (size_t i = 0; i < sums->count; i++)
        snprintf(all[i].price, sizeof all[i].price, "%lld.%04lld", (long long)(all[i].hundredths / 10000),
                 (long long)(all[i].hundredths % 10000));
}

void account_add(struct record_list *sums, const struct account_entry *entry, enum account_by by)
{
    const struct print_job *job = &entry->job;
    struct account_sum *sum = record_add(sums, &account_sum_type);
    TEXT_PUT(sum->tenant, entry->tenant);
    if (by == ACCOUNTS_BY_ALL || by == ACCOUNTS_BY_PERSON) {
        TEXT_PUT(sum->person, job->person);
        TEXT_PUT(sum->user_name, entry->user_name);
        TEXT_PUT(sum->name, entry->name);
    }
    if (by != ACCOUNTS_BY_PERSON)
        TEXT_PUT(sum->printer_tenant, entry->printer_tenant);
    if (by == ACCOUNTS_BY_ALL || by == ACCOUNTS_BY_PRINTER)
        TEXT_PUT(sum->printer, job->printer);
    sum->jobs = 1;
    sum->pages = job->impressions;
    sum->colour_pages = job->colour ? job->impressions : 0;
    sum->not_reported = job->counted == COUNTED_BY_DOCUMENT ? job->impressions : 0;
    sum->sheets = job->sheets;
    sum->hundredths = job->price;
}

// ---- the command

static void add_page(struct record_list *sums, const struct accounts_answer *page, enum account_by by)
{
    if (by == ACCOUNTS_BY_GATEWAY) {
        for (size_t i = 0; i < page->channels.count; i++)
            channel_sums_add(sums, record_at(&page->channels, &channel_account_type, i));
        channel_sums_merge(sums);
        return;
    }
    for (size_t i = 0; i < page->items.count; i++)
        account_add(sums, record_at(&page->items, &account_entry_type, i), by);
    account_merge(sums);
}

static enum exit_code fetch_sums(struct tool *tool, struct page_query *query, enum account_by by,
                                 struct record_list *sums)
{
    struct tool_call call = {.method = method_find(METHOD_ACCOUNTS, NOUN_NONE), .query = query};
    for (;;) {
        struct accounts_answer page;
        enum exit_code code = tool_ask(tool, &call, &page);
        if (code == EXIT_DONE)
            add_page(sums, &page, by);
        bool more = code == EXIT_DONE && page.next[0] && !text_equal(page.next, query->after);
        TEXT_PUT(query->after, page.next);
        record_free(accounts_answer_type.fields, &page);
        if (!more)
            return code;
    }
}

static bool read_options(const struct options *options, struct page_query *query, enum account_by *by)
{
    static const char *const words[] = {"all", "person", "printer", "tenant", "gateway", NULL};
    int64_t choice = 0;
    TEXT_PUT(query->tenant, options->given & OPTION_TENANT ? options->tenant : "");
    if (query->tenant[0] && !tool_takes_id(NOUN_TENANT, query->tenant))
        return false;
    if (!when_month(options->month, &query->from_ms, &query->until_ms)) {
        out_complain(_("--month %s: expected a month such as 2026-11"), options->month);
        return false;
    }
    while (options->by[0] && words[choice] && !text_equal(words[choice], options->by))
        choice++;
    *by = (enum account_by)choice;
    if (!words[choice])
        out_complain(_("--by %s: expected person, printer, tenant or gateway"), options->by);
    return words[choice];
}

// clang-format off
#define NUMBERS {"jobs", N_("Jobs")}, {"pages", N_("Pages")}, {"colour_pages", N_("in colour")}, \
    {"not_reported", N_("not reported")}, {"sheets", N_("Sheets")}, {"price", N_("Price")}, {.field = NULL}
#define TENANT {"tenant", N_("Tenant")}
#define PERSON {"user_name", N_("User name")}, {"name", N_("Name")}
// clang-format on

static const struct out_column *columns_of(enum account_by by)
{
    static const struct out_column all[] = {TENANT, PERSON, {"printer", N_("Printer")}, NUMBERS};
    static const struct out_column people[] = {TENANT, PERSON, NUMBERS};
    static const struct out_column printers[] = {TENANT, {"printer", N_("Printer")}, NUMBERS};
    static const struct out_column gateways[] = {TENANT,
                                                 PERSON,
                                                 {"gateway", N_("Gateway")},
                                                 {"channels", N_("Times")},
                                                 {"minutes", N_("Minutes")},
                                                 {"bytes_to_host", N_("Bytes sent")},
                                                 {"bytes_to_person", N_("Bytes received")},
                                                 {.field = NULL}};
    static const struct out_column tenants[] = {TENANT, {"printer_tenant", N_("Printers of")}, NUMBERS};
    switch (by) {
    case ACCOUNTS_BY_ALL:
        return all;
    case ACCOUNTS_BY_PERSON:
        return people;
    case ACCOUNTS_BY_PRINTER:
        return printers;
    case ACCOUNTS_BY_TENANT:
        return tenants;
    case ACCOUNTS_BY_GATEWAY:
        return gateways;
    }
    return all;
}

enum exit_code account_list(struct tool *tool, const struct invocation *invocation)
{
    struct page_query query = {.limit = EVENTS_PAGE};
    struct record_list sums = {0};
    enum account_by by;
    (void)invocation;
    if (!read_options(&tool->options, &query, &by))
        return EXIT_USAGE;
    enum exit_code code = fetch_sums(tool, &query, by, &sums);
    const struct record_type *type = by == ACCOUNTS_BY_GATEWAY ? &channel_sum_type : &account_sum_type;
    if (code == EXIT_DONE && tool->options.csv)
        out_csv(&tool->out, type, &sums, columns_of(by));
    else if (code == EXIT_DONE)
        out_list(&tool->out, type, &sums, columns_of(by));
    free(sums.rows);
    return code;
}
