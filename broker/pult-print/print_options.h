// SPDX-License-Identifier: EUPL-1.2
// How a job is to be printed, what a printer can do, and what of the one fits the other: no job is lost for an option
// that its printer lacks. A row an option.
#pragma once
#include "broker/base/text.h"

enum print_option {
    OPTION_COPIES,
    OPTION_SIDES,
    OPTION_MEDIA,
    OPTION_COLOUR,
    OPTION_QUALITY,
    OPTION_SCALING,
    OPTION_ORIENTATION,
    OPTION_NUMBER_UP,
    OPTION_RANGES,
    OPTION_BIN,
    OPTION_FINISHINGS,
    OPTION_COLLATE,
    OPTION_COUNT,
};

enum option_kind { OPTION_WORD, OPTION_NUMBER, OPTION_NUMBERS, OPTION_SPANS };

struct print_option_row {
    const char *name, *supported; // as IPP calls them
    enum option_kind kind;
};
extern const struct print_option_row print_option_rows[OPTION_COUNT];

enum { OPTION_SIZE = 128, SUPPORTED_SIZE = 2048, FORMAT_SIZE = 64 };

// A value each; empty: none.
struct print_options {
    char values[OPTION_COUNT][OPTION_SIZE];
};
// From "copies=2 sides=one-sided". What is none of the options, or too long, is left out.
void print_options_read(struct print_options *options, const char *text);

// Words with one space between; numbers as 1-99. Empty: the printer does not say.
struct printer_abilities {
    char values[OPTION_COUNT][SUPPORTED_SIZE];
    char ready[SUPPORTED_SIZE]; // media that lie in it
    char formats[SUPPORTED_SIZE];
};

// What it is printed with, of what is asked for in `text` (see print_options_read). `notes` receives what had to be
// changed, in one line; NULL: that is not wanted.
void print_options_fit(struct print_options *fitted, const char *text, const struct printer_abilities *printer,
                       struct text *notes);

// How many sides with something on them come out of a document of so many pages.
int64_t print_options_impressions(const struct print_options *options, int64_t pages);
