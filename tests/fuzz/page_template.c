// SPDX-License-Identifier: EUPL-1.2
// A page, and behind a NUL what stands in its gaps: any bytes. A page that is read is written as HTML of ours, and no
// value makes a tag or ends a quote.
#include "broker/portal/page_template.h"
#include "broker/portal/html_context.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE_SIZE_MAX = 16 * 1024, VALUE_SIZE = 64 };

struct row {
    char text[VALUE_SIZE];
    int64_t choice;
};

struct filling {
    char text[VALUE_SIZE];
    bool flag;
    int64_t time_ms;
    struct record_list rows;
};

#define AT(holder, member) .offset = offsetof(struct holder, member), .size = sizeof(((struct holder *)0)->member)

static const char *const words[] = {"a", "b", NULL};

static const struct field row_fields[] = {
    {.name = "text", .type = FIELD_TEXT, AT(row, text), .sentence = "a text"},
    {.name = "choice", .type = FIELD_CHOICE, AT(row, choice), .choices = words, .sentence = "a choice"},
    {.name = NULL},
};
static const struct record_type row_type = {"row", row_fields, sizeof(struct row)};

static const struct field fields[] = {
    {.name = "text", .type = FIELD_TEXT, AT(filling, text), .sentence = "a text"},
    {.name = "flag", .type = FIELD_FLAG, AT(filling, flag), .sentence = "a flag"},
    {.name = "time", .type = FIELD_TIME, AT(filling, time_ms), .sentence = "a time"},
    {.name = "rows", .type = FIELD_RECORDS, AT(filling, rows), .max = 2, .record = &row_type, .sentence = "rows"},
    {.name = NULL},
};
static const struct record_type type = {"filling", fields, sizeof(struct filling)};

static char text[SOURCE_SIZE_MAX + 1];

static const char *file(void *arg, const char *name)
{
    (void)arg;
    return text_equal(name, "page") ? text : text_equal(name, "head") ? "<h1>{{text}}</h1>" : NULL;
}

static const char *sentence(void *arg, const char *english)
{
    (void)arg;
    return english;
}

static void print_time(char to[PAGE_TIME_SIZE], int64_t wall_ms)
{
    snprintf(to, PAGE_TIME_SIZE, "%lld", (long long)wall_ms);
}

struct count {
    size_t tags, quotes;
};

static struct count write_page(const struct page_template *pattern, const char *value)
{
    struct text page = {0};
    struct filling filling = {.flag = true, .time_ms = 1};
    text_cut(filling.text, sizeof filling.text, value);
    for (int i = 0; i < 2; i++) {
        struct row *row = record_add(&filling.rows, &row_type);
        text_cut(row->text, sizeof row->text, value);
        row->choice = i;
    }
    struct count count = {0};
    struct html_context html = {0};
    if (page_template_write(pattern, &filling, &page)) {
        for (size_t i = 0; i < page.length; i++) {
            bool follows = html_follow(&html, page.bytes[i], NULL);
            assert(follows);
            (void)follows;
            count.tags += page.bytes[i] == '<';
            count.quotes += page.bytes[i] == '"';
        }
        assert(html_is_complete(&html));
    }
    text_drop(&page);
    record_free(fields, &filling);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct page_source source = {.file = file, .sentence = sentence, .time = print_time};
    char value[VALUE_SIZE] = "x", plain[VALUE_SIZE] = "x";
    size_t length = strnlen((const char *)data, size);
    if (length > SOURCE_SIZE_MAX)
        return 0;
    memcpy(text, data, length);
    text[length] = 0;
    for (size_t i = 0; i + length + 1 < size && i < sizeof value - 1 && data[length + 1 + i]; i++) {
        value[i] = (char)data[length + 1 + i];
        plain[i] = 'x';
    }
    struct page_template *pattern = page_template_read(&source, "page", &type, NULL);
    if (!pattern)
        return 0;
    struct count hostile = write_page(pattern, value), harmless = write_page(pattern, plain);
    assert(hostile.tags == harmless.tags || hostile.tags == 0 || harmless.tags == 0); // 0: too long
    assert(hostile.quotes == harmless.quotes || hostile.tags == 0 || harmless.tags == 0);
    (void)hostile, (void)harmless;
    page_template_free(pattern);
    return 0;
}
