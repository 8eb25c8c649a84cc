// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/page_language.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool local_time(struct tm *local, int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    return localtime_r(&seconds, local) != NULL;
}

static void print_german_time(char text[PAGE_TIME_SIZE], int64_t wall_ms)
{
    struct tm local;
    if (!local_time(&local, wall_ms) || !strftime(text, PAGE_TIME_SIZE, "%d.%m.%Y, %H:%M Uhr", &local))
        text[0] = 0;
}

static void print_english_time(char text[PAGE_TIME_SIZE], int64_t wall_ms)
{
    struct tm local;
    if (!local_time(&local, wall_ms) || !strftime(text, PAGE_TIME_SIZE, "%Y-%m-%d, %H:%M", &local))
        text[0] = 0;
}

const struct page_language_row page_language_rows[PAGE_LANGUAGE_COUNT] = {
    [PAGE_GERMAN] = {"de", "Deutsch", print_german_time},
    [PAGE_ENGLISH] = {"en", "English", print_english_time},
};

bool page_language_find(const char *tag, enum page_language *language)
{
    for (enum page_language row = 0; row < PAGE_LANGUAGE_COUNT; row++)
        if (text_equal(tag, page_language_rows[row].tag)) {
            *language = row;
            return true;
        }
    return false;
}

// In thousandths: "q=0.8"; -1 for what is no weight.
static int read_weight(const char *at, size_t length)
{
    int weight = 0, unit = 1000;
    if (length < 3 || length > 7 || strncasecmp(at, "q=", 2) != 0 || (at[2] != '0' && at[2] != '1') ||
        (length > 3 && at[3] != '.'))
        return -1;
    for (size_t i = 2; i < length; i++) {
        if (i == 3)
            continue;
        if (at[i] < '0' || at[i] > '9')
            return -1;
        weight += (at[i] - '0') * unit;
        unit /= 10;
    }
    return weight <= 1000 ? weight : -1;
}

// "de", or "de-CH", which is German, too.
static bool is_language(const char *at, size_t length, const char *tag)
{
    size_t wanted = strlen(tag);
    return length >= wanted && strncasecmp(at, tag, wanted) == 0 && (length == wanted || at[wanted] == '-');
}

enum page_language page_language_choose(const char *header)
{
    enum page_language best = PAGE_GERMAN;
    int best_weight = 0;
    for (const char *at = header ? header : ""; *at;) {
        at += strspn(at, " \t,");
        size_t length = strcspn(at, " \t,;"), rest = strcspn(at + length, ",");
        const char *parameter = at + length;
        size_t gap = strspn(parameter, " \t");
        int weight = 1000;
        if (parameter[gap] == ';') {
            gap += 1 + strspn(parameter + gap + 1, " \t");
            weight = gap > rest ? -1 : read_weight(parameter + gap, strcspn(parameter + gap, " \t,"));
        }
        for (enum page_language language = 0; language < PAGE_LANGUAGE_COUNT; language++)
            if (weight > best_weight && is_language(at, length, page_language_rows[language].tag)) {
                best = language;
                best_weight = weight;
            }
        at += length + rest;
    }
    return best;
}
