// SPDX-License-Identifier: EUPL-1.2
// Which language a browser gets, by what it sends.
#include "broker/portal/page_language.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

Test(page_language, is_the_one_preferred_of_those_that_there_are)
{
    static const struct {
        const char *header;
        enum page_language language;
    } rows[] = {
        {NULL, PAGE_GERMAN},
        {"", PAGE_GERMAN},
        {"*", PAGE_GERMAN},
        {"fr, es;q=0.5", PAGE_GERMAN},
        {"de", PAGE_GERMAN},
        {"en", PAGE_ENGLISH},
        {"EN-gb", PAGE_ENGLISH},
        {"eng", PAGE_GERMAN},
        {"en-US,en;q=0.5", PAGE_ENGLISH},
        {"de,en-US;q=0.7,en;q=0.3", PAGE_GERMAN},
        {"en;q=0.3, de-AT;q=0.7", PAGE_GERMAN},
        {"de;q=0.3 ,\ten;q=0.301", PAGE_ENGLISH},
        {"tr, en ; q=0.1", PAGE_ENGLISH},
        {"de;q=0, en;q=0.001", PAGE_ENGLISH},
        {"en;q=0", PAGE_GERMAN},
        {"en;q=1.000, de", PAGE_ENGLISH},
        {"en;q=1.001, de;q=0.1", PAGE_GERMAN},
        {"en;q=2, de;q=0.1", PAGE_GERMAN},
        {"en;q=0.1234, de;q=0.1", PAGE_GERMAN},
        {"en;q=, de;q=0.1", PAGE_GERMAN},
        {"en;q, de;q=0.1", PAGE_GERMAN},
        {"en;, de;q=0.1", PAGE_GERMAN},
        {"en;q=0.x, de;q=0.1", PAGE_GERMAN},
        {"en;level=1, de;q=0.1", PAGE_GERMAN},
        {";;;,,,;q=1,en", PAGE_ENGLISH},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(page_language_choose(rows[i].header), rows[i].language, "%s", rows[i].header);
}

Test(page_language, writes_times_as_its_speakers_do)
{
    char text[PAGE_TIME_SIZE];
    setenv("TZ", "CET-1", 1);
    tzset();
    page_language_rows[PAGE_GERMAN].print_time(text, 1772348370123);
    cr_assert_str_eq(text, "01.03.2026, 07:59 Uhr");
    page_language_rows[PAGE_ENGLISH].print_time(text, 1772348370123);
    cr_assert_str_eq(text, "2026-03-01, 07:59");
}
