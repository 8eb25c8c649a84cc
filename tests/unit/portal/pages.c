// SPDX-License-Identifier: EUPL-1.2
// The portal's own pages: each in each language, with everything in it and with nothing.
#include "broker/portal/pages.h"
#include "broker/portal/html_context.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "broker/portal/pages"
#define HOSTILE "<b>\"'&"

static struct pages *pages;
static struct fault why;

static void read_all(void)
{
    char locale[512];
    const char *build = getenv("PULT_BUILD");
    cr_assert(build);
    snprintf(locale, sizeof locale, "%s/locale", build);
    pages = pages_read(FOLDER, locale, &why);
    cr_assert(pages, "%s", why.text);
}

static void free_all(void)
{
    pages_free(pages);
}

TestSuite(pages, .init = read_all, .fini = free_all);

static int64_t choice_of_turn(const struct field *field, int64_t turn)
{
    int64_t count = 0;
    while (field->choices[count])
        count++;
    return turn % count;
}

// Something into each field, down to a row of each list; choices by turns.
static void fill(const struct field *fields, void *record, int64_t turn)
{
    for (const struct field *field = fields; field->name; field++) {
        void *slot = (char *)record + field->offset;
        if (field->type == FIELD_RECORD)
            fill(field->record->fields, slot, turn);
        else if (field->type == FIELD_RECORDS)
            fill(field->record->fields, record_add(slot, field->record), turn);
        else if (field->type == FIELD_FLAG)
            *(bool *)slot = true;
        else if (field->type == FIELD_TIME)
            *(int64_t *)slot = 1772348370123;
        else if (field->type == FIELD_TEXT || field->type == FIELD_ID)
            text_put(slot, field->size, HOSTILE);
        else if (field->type == FIELD_CHOICE)
            *(int64_t *)slot = choice_of_turn(field, turn);
    }
}

static void write_page(enum view view, enum page_language language, const void *record, struct text *page)
{
    struct html_context html = {0};
    cr_assert(pages_write(pages, view, language, record, page));
    for (size_t i = 0; i < page->length; i++)
        cr_assert(html_follow(&html, page->bytes[i], &why), "%s", why.text);
    cr_assert(html_is_complete(&html));
}

enum { TURNS = 4 };

Test(pages, hold_in_each_language_whatever_stands_in_them)
{
    union {
        struct view_logon logon;
        struct view_desktops desktops;
        struct view_factors factors;
        struct view_telephone telephone;
        struct view_codes codes;
        struct view_jobs jobs;
        struct view_message message;
    } record;
    for (enum page_language language = 0; language < PAGE_LANGUAGE_COUNT; language++)
        for (int turn = 0; turn < TURNS * VIEW_COUNT; turn++) {
            enum view view = (enum view)(turn % VIEW_COUNT);
            struct text page = {0};
            memset(&record, 0, sizeof record);
            if (turn >= VIEW_COUNT) // else there is nothing in it
                fill(view_rows[view].type->fields, &record, turn / VIEW_COUNT);
            write_page(view, language, &record, &page);
            cr_expect_eq(strstr(page.bytes, "<!doctype html>") != NULL, turn >= VIEW_COUNT);
            cr_expect(strstr(page.bytes, "<title>"));
            cr_expect(strstr(page.bytes, "<main id=\"content\""));
            cr_expect_not(strstr(page.bytes, "<b>"));
            text_drop(&page);
            record_free(view_rows[view].type->fields, &record);
        }
}

Test(pages, speak_german_and_english)
{
    static const struct view_logon logon = {.frame = {.language = "de"}, .help_desk = "-4711"};
    struct text german = {0}, english = {0};
    write_page(VIEW_LOGON, PAGE_GERMAN, &logon, &german);
    write_page(VIEW_LOGON, PAGE_ENGLISH, &logon, &english);
    cr_expect(strstr(german.bytes, "<h1 class=\"kern-heading-large\">Anmelden</h1>"));
    cr_expect(strstr(english.bytes, "<h1 class=\"kern-heading-large\">Log on</h1>"));
    cr_expect(strstr(german.bytes, "Benutzerservice: -4711"));
    cr_expect_str_eq(pages_sentence(pages, PAGE_GERMAN, "Log on"), "Anmelden");
    cr_expect_str_eq(pages_sentence(pages, PAGE_ENGLISH, "Log on"), "Log on");
    text_drop(&german);
    text_drop(&english);
}

Test(pages, that_are_not_there_are_named)
{
    cr_assert_null(pages_read("broker/portal", "broker", &why));
    cr_assert(strstr(why.text, "broker/de/LC_MESSAGES/pult.mo"), "%s", why.text);
}
