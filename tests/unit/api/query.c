// SPDX-License-Identifier: EUPL-1.2
// Queries, for each row of the table of methods.
#include "broker/api/query.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct query query;
static struct page_query page;
static struct fault why;

static bool takes(const char *pair)
{
    why = (struct fault){0};
    bool taken = query_take(&query, pair, strlen(pair), &why);
    cr_assert(taken || (why.kind == FAULT_INVALID && why.text[0]), "%s: refused without a sentence", pair);
    return taken;
}

static void begin(const struct method *method)
{
    query_begin(&query, method, &page);
}

static void begin_list(void)
{
    begin(method_find(METHOD_LIST, NOUN_HOST));
}

static const struct field *fields_of(const struct method *method)
{
    static const struct field none = {.name = NULL};
    return method->query ? method->query->fields : &none;
}

static const char *pair_of(const struct field *field)
{
    static char pair[100];
    bool is_time = field->type == FIELD_TIME;
    const char *value = field->choices ? field->choices[0] : is_time ? "2026-03-01T07:59:30Z" : "1";
    snprintf(pair, sizeof pair, "%s=%s", field->name, value);
    return pair;
}

Test(queries, take_what_their_method_names_and_that_once)
{
    for (size_t i = 0; i < method_count; i++) {
        const struct method *method = &method_rows[i];
        begin(method);
        for (const struct field *field = fields_of(method); field->name; field++) {
            cr_expect(takes(pair_of(field)), "%s %s: %s", method->verb, method->path, why.text);
            cr_expect_not(takes(pair_of(field)), "%s %s: %s twice", method->verb, method->path, field->name);
        }
    }
}

Test(queries, name_nothing_that_their_method_does_not)
{
    static const char *const words[] = {
        "after=1", "limit=1", "tenant=1", "accept=nothing", "person=1", "Limit=1", "limi=1", "limit1", "=1", "=", "x"};
    for (size_t i = 0; i < method_count; i++)
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            size_t length = strcspn(words[j], "=");
            bool known = false;
            for (const struct field *field = fields_of(&method_rows[i]); field->name; field++)
                known |= strlen(field->name) == length && text_starts(words[j], field->name);
            begin(&method_rows[i]);
            cr_expect_eq(takes(words[j]), known, "%s %s: %s", method_rows[i].verb, method_rows[i].path, words[j]);
        }
}

Test(queries, say_what_is_wrong)
{
    static const struct {
        const char *pair, *sentence;
    } rows[] = {
        {"limits=1", "limits: unknown query parameter"},
        {"limit=0", "limit: must be from 1 to 1000"},
        {"limit=1001", "limit: must be from 1 to 1000"},
        {"limit=", "limit: must be from 1 to 1000"},
        {"tenant=altdorf", "tenant: given twice"},
        {"after=\xff", "a query parameter contains control characters or is not valid UTF-8"},
        {"a\nb=1", "a query parameter contains control characters or is not valid UTF-8"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin_list();
        cr_assert(takes("tenant"));
        cr_expect_not(takes(rows[i].pair));
        cr_expect_str_eq(why.text, rows[i].sentence);
    }
}

Test(queries, refuse_what_is_hidden_behind_a_zero_byte_and_what_does_not_fit)
{
    static const char hidden[] = "limit=5\0&";
    char pair[QUERY_PAIR_SIZE];
    begin_list();
    cr_expect_not(query_take(&query, hidden, sizeof hidden - 1, &why));
    snprintf(pair, sizeof pair, "after=%0*d", ID_SIZE - 1, 0);
    cr_expect(takes(pair));
    begin_list();
    snprintf(pair, sizeof pair, "after=%0*d", ID_SIZE, 0);
    cr_expect_not(takes(pair));
    memset(pair, 'x', sizeof pair - 1);
    cr_expect_not(takes(pair));
}

Test(queries, without_a_word_hold_what_is_usual)
{
    begin_list();
    cr_expect_eq(page.limit, 100);
    cr_expect_str_eq(page.after, "");
    cr_expect(takes("limit=7") && takes("after=a/b") && takes("tenant=c"));
    cr_expect_eq(page.limit, 7);
    cr_expect_str_eq(page.after, "a/b");
    cr_expect_str_eq(page.tenant, "c");
    begin(method_find(METHOD_ACCOUNTS, NOUN_NONE));
    cr_expect(takes("from=2026-03-01T07:59:30Z") && !takes("until=yesterday"));
    cr_expect_str_eq(why.text, "until: expected a time such as 2026-03-01T07:59:30Z");
    cr_expect(page.from_ms > 0 && page.until_ms == 0);
    begin(method_find(METHOD_SET, NOUN_TENANT));
    cr_expect(takes("accept=own-rights"));
    cr_expect_eq(page.accept, ACCEPT_OWN_RIGHTS);
    begin(method_find(METHOD_SET, NOUN_TENANT));
    cr_expect(takes("accept=") && page.accept == 0, "no word is as if it were not given");
}
