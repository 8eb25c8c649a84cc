// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_options.h"

#include <assert.h>
#include <cups/cups.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COPIES_MAX = 9999, NUMBER_UP_MAX = 16 };

// A row a line.
// clang-format off
const struct print_option_row print_option_rows[OPTION_COUNT] = {
    [OPTION_COPIES] = {"copies", "copies-supported", OPTION_NUMBER},
    [OPTION_SIDES] = {"sides", "sides-supported", OPTION_WORD},
    [OPTION_MEDIA] = {"media", "media-supported", OPTION_WORD},
    [OPTION_COLOUR] = {"print-color-mode", "print-color-mode-supported", OPTION_WORD},
    [OPTION_QUALITY] = {"print-quality", "print-quality-supported", OPTION_NUMBER},
    [OPTION_SCALING] = {"print-scaling", "print-scaling-supported", OPTION_WORD},
    [OPTION_ORIENTATION] = {"orientation-requested", "orientation-requested-supported", OPTION_NUMBER},
    [OPTION_NUMBER_UP] = {"number-up", "number-up-supported", OPTION_NUMBER},
    [OPTION_RANGES] = {"page-ranges", "page-ranges-supported", OPTION_SPANS},
    [OPTION_BIN] = {"output-bin", "output-bin-supported", OPTION_WORD},
    [OPTION_FINISHINGS] = {"finishings", "finishings-supported", OPTION_NUMBERS},
    [OPTION_COLLATE] = {"multiple-document-handling", "multiple-document-handling-supported", OPTION_WORD},
};
// clang-format on

void print_options_read(struct print_options *options, const char *text)
{
    cups_option_t *words = NULL;
    int count = cupsParseOptions(text, 0, &words);
    *options = (struct print_options){0};
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *value = cupsGetOption(print_option_rows[i].name, count, words);
        if (value && text_is_clean(value, strlen(value)) && !text_copy(options->values[i], OPTION_SIZE, value))
            options->values[i][0] = 0;
    }
    cupsFreeOptions(count, words);
}

// ---- lists of words

// The next one of a list with this between; NULL when there is no more.
static const char *next_word(const char **at, char between, size_t *length)
{
    const char *word = *at;
    while (*word == between)
        word++;
    if (!*word)
        return NULL;
    const char *end = strchrnul(word, between);
    *length = (size_t)(end - word);
    *at = end;
    return word;
}

// "1-99", or "3". False when it is neither.
static bool read_span(const char *text, long *from, long *to)
{
    char *end;
    *from = *to = strtol(text, &end, 10);
    if (end != text && *end == '-')
        *to = strtol(end + 1, &end, 10);
    return end != text && *from <= *to && (*end == 0 || *end == ' ' || *end == ',');
}

// The nearest of the numbers that it can do; `number` when it does not say.
static long nearest_number(const char *spans, long number)
{
    long best = number, distance = -1;
    size_t length;
    for (const char *at = spans, *one; (one = next_word(&at, ' ', &length));) {
        long from, to;
        if (!read_span(one, &from, &to))
            continue;
        long here = number < from ? from : number > to ? to : number;
        if (distance < 0 || labs(here - number) < distance) {
            best = here;
            distance = labs(here - number);
        }
    }
    return best;
}

// ---- media

static bool media_area(const char *name, int64_t *area)
{
    const pwg_media_t *size = pwgMediaForPWG(name);
    if (!size || size->width <= 0 || size->length <= 0)
        return false;
    *area = (int64_t)size->width * size->length;
    return true;
}

// The one of nearly its size, of those that are called alike: "iso_". Ranges ("custom_min_...") and rolls are no
// sheets.
static bool nearest_medium(char nearest[OPTION_SIZE], const char *asked, const char *start, const char *media)
{
    int64_t wanted, best = INT64_MAX, area;
    size_t length;
    if (!media_area(asked, &wanted))
        return false;
    for (const char *at = media, *one; (one = next_word(&at, ' ', &length));) {
        char name[OPTION_SIZE];
        if (length >= sizeof name || text_starts(one, "custom_") || text_starts(one, "roll_") ||
            !text_starts(one, start))
            continue;
        memcpy(name, one, length);
        name[length] = 0;
        if (media_area(name, &area) && llabs(area - wanted) < best) {
            best = llabs(area - wanted);
            memcpy(nearest, name, length + 1);
        }
    }
    return best < INT64_MAX;
}

// ---- one way to fit for each option: its value in, its value out; empty: it is left out

typedef void fit_option(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option);

static void fit_word(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    if (!text_has_word(printer->values[option], value))
        value[0] = 0;
}

static void fit_sides(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    if (text_has_word(printer->values[option], value))
        return;
    text_put(value, OPTION_SIZE, text_has_word(printer->values[option], "one-sided") ? "one-sided" : "");
}

// What lies in it comes first, since a printer stops for what does not; but a sheet of another system only at last:
// many say that they hold Letter where there is none in the house.
static void fit_medium(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    char nearest[OPTION_SIZE] = "", system[OPTION_SIZE];
    const char *all = printer->values[option];
    if (text_has_word(all, value))
        return;
    text_cut(system, strcspn(value, "_") + 2 < sizeof system ? strcspn(value, "_") + 2 : sizeof system, value);
    bool found = nearest_medium(nearest, value, system, printer->ready) ||
                 nearest_medium(nearest, value, system, all) || nearest_medium(nearest, value, "", printer->ready) ||
                 nearest_medium(nearest, value, "", all);
    text_put(value, OPTION_SIZE, found ? nearest : "");
}

// Grey, unless colour was asked for and is there.
static void fit_colour(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    static const char *const greys[] = {"monochrome", "auto-monochrome", "process-monochrome", NULL};
    const char *words = printer->values[option];
    bool wants_colour = text_equal(value, "color") || text_equal(value, "auto");
    if (wants_colour && text_has_word(words, value))
        return;
    if (wants_colour && text_has_word(words, text_equal(value, "color") ? "auto" : "color")) {
        text_put(value, OPTION_SIZE, text_equal(value, "color") ? "auto" : "color");
        return;
    }
    value[0] = 0;
    for (size_t i = 0; greys[i] && !*value; i++)
        if (text_has_word(words, greys[i]))
            text_put(value, OPTION_SIZE, greys[i]);
}

static void fit_copies(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    int64_t copies;
    if (!text_number(value, 1, COPIES_MAX, &copies))
        copies = 1;
    snprintf(value, OPTION_SIZE, "%ld", nearest_number(printer->values[option], (long)copies));
}

static void fit_number(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    int64_t number;
    if (!text_number(value, 1, INT32_MAX, &number) || !*printer->values[option] ||
        nearest_number(printer->values[option], (long)number) != number)
        value[0] = 0;
}

// Those of them that it can do.
static void fit_numbers(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    char kept[OPTION_SIZE] = "", number[OPTION_SIZE];
    size_t length, used = 0;
    for (const char *at = value, *one; (one = next_word(&at, ',', &length));) {
        memcpy(number, one, length);
        number[length] = 0;
        fit_number(number, printer, option);
        if (*number)
            used += (size_t)snprintf(kept + used, sizeof kept - used, "%s%s", used ? "," : "", number);
    }
    text_put(value, OPTION_SIZE, kept);
}

static void fit_ranges(char value[OPTION_SIZE], const struct printer_abilities *printer, enum print_option option)
{
    size_t length;
    long from, to, after = 0;
    bool fine = text_has_word(printer->values[option], "true");
    for (const char *at = value, *one; fine && (one = next_word(&at, ',', &length)); after = to)
        fine = read_span(one, &from, &to) && from > after;
    if (!fine)
        value[0] = 0;
}

static fit_option *const fit_rows[OPTION_COUNT] = {
    [OPTION_COPIES] = fit_copies,      [OPTION_SIDES] = fit_sides,        [OPTION_MEDIA] = fit_medium,
    [OPTION_COLOUR] = fit_colour,      [OPTION_QUALITY] = fit_number,     [OPTION_SCALING] = fit_word,
    [OPTION_ORIENTATION] = fit_number, [OPTION_NUMBER_UP] = fit_number,   [OPTION_RANGES] = fit_ranges,
    [OPTION_BIN] = fit_word,           [OPTION_FINISHINGS] = fit_numbers, [OPTION_COLLATE] = fit_word,
};

// What is too large for the paper is made smaller, where the printer can.
static void fit_scaling(struct print_options *fitted, const struct printer_abilities *printer)
{
    static const char *const ways[] = {"fit", "auto-fit", "auto", NULL};
    char *value = fitted->values[OPTION_SCALING];
    value[0] = 0;
    for (size_t i = 0; ways[i] && !*value; i++)
        if (text_has_word(printer->values[OPTION_SCALING], ways[i]))
            text_put(value, OPTION_SIZE, ways[i]);
}

void print_options_fit(struct print_options *fitted, const char *text, const struct printer_abilities *printer,
                       struct text *notes)
{
    struct print_options asked;
    print_options_read(&asked, text);
    *fitted = asked;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        char *value = fitted->values[i];
        // Grey is said also where nothing was asked for: the printer's own way may be colour.
        if (!*value && i != OPTION_COLOUR)
            continue;
        fit_rows[i](value, printer, (enum print_option)i);
        if (notes && *asked.values[i] && !text_equal(value, asked.values[i]))
            text_addf(notes, "%s%s=%s for %s", notes->length ? ", " : "", print_option_rows[i].name,
                      *value ? value : "-", asked.values[i]);
    }
    if (!text_equal(fitted->values[OPTION_MEDIA], asked.values[OPTION_MEDIA]))
        fit_scaling(fitted, printer);
}

// ---- how much comes out

static int64_t pages_in_ranges(const char *ranges, int64_t pages)
{
    int64_t count = 0;
    size_t length;
    long from, to;
    for (const char *at = ranges, *one; (one = next_word(&at, ',', &length));)
        if (read_span(one, &from, &to) && from <= pages)
            count += (to < pages ? to : pages) - from + 1;
    return count;
}

int64_t print_options_impressions(const struct print_options *options, int64_t pages)
{
    int64_t copies, up;
    assert(pages >= 0);
    if (*options->values[OPTION_RANGES])
        pages = pages_in_ranges(options->values[OPTION_RANGES], pages);
    if (text_number(options->values[OPTION_NUMBER_UP], 2, NUMBER_UP_MAX, &up))
        pages = (pages + up - 1) / up;
    return text_number(options->values[OPTION_COPIES], 1, COPIES_MAX, &copies) ? pages * copies : pages;
}
