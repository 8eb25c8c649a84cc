// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_options.h"

#include <criterion/criterion.h>
#include <string.h>

static struct printer_abilities printer;
static struct print_options fitted;
static struct text notes;

static void start(void)
{
    printer = (struct printer_abilities){0};
    TEXT_PUT(printer.values[OPTION_COPIES], "1-99");
    TEXT_PUT(printer.values[OPTION_SIDES], "one-sided");
    TEXT_PUT(printer.values[OPTION_MEDIA], "na_letter_8.5x11in iso_a5_148x210mm iso_a4_210x297mm custom_min_50x50mm");
    TEXT_PUT(printer.ready, "na_letter_8.5x11in");
    TEXT_PUT(printer.values[OPTION_COLOUR], "auto color monochrome");
    TEXT_PUT(printer.values[OPTION_SCALING], "auto fit none");
    TEXT_PUT(printer.values[OPTION_FINISHINGS], "3 4");
}

static void stop(void)
{
    text_drop(&notes);
}

TestSuite(print_options, .init = start, .fini = stop);

static const char *fit(const char *text, enum print_option option)
{
    print_options_fit(&fitted, text, &printer, &notes);
    return fitted.values[option];
}

Test(print_options, what_is_there_stays_as_it_was_asked_for)
{
    cr_expect_str_eq(fit("media=iso_a5_148x210mm copies=3", OPTION_MEDIA), "iso_a5_148x210mm");
    cr_expect_str_eq(fitted.values[OPTION_COPIES], "3");
    cr_expect_str_eq(fitted.values[OPTION_SCALING], "");
    cr_expect_eq(notes.length, 0);
}

Test(print_options, duplex_on_a_simplex_printer_is_one_sided)
{
    cr_expect_str_eq(fit("sides=two-sided-short-edge", OPTION_SIDES), "one-sided");
    cr_expect(strstr(notes.bytes, "sides=one-sided"));
}

Test(print_options, large_paper_becomes_the_nearest_of_its_system_and_is_scaled)
{
    cr_expect_str_eq(fit("media=iso_a3_297x420mm", OPTION_MEDIA), "iso_a4_210x297mm");
    cr_expect_str_eq(fitted.values[OPTION_SCALING], "fit");
}

Test(print_options, paper_that_lies_in_it_comes_first)
{
    TEXT_PUT(printer.ready, "na_letter_8.5x11in iso_a5_148x210mm");
    cr_expect_str_eq(fit("media=iso_a3_297x420mm", OPTION_MEDIA), "iso_a5_148x210mm");
}

Test(print_options, grey_unless_colour_was_asked_for)
{
    cr_expect_str_eq(fit("", OPTION_COLOUR), "monochrome");
    cr_expect_str_eq(fit("print-color-mode=color", OPTION_COLOUR), "color");
    TEXT_PUT(printer.values[OPTION_COLOUR], "monochrome");
    cr_expect_str_eq(fit("print-color-mode=color", OPTION_COLOUR), "monochrome");
    TEXT_PUT(printer.values[OPTION_COLOUR], "");
    cr_expect_str_eq(fit("print-color-mode=color", OPTION_COLOUR), "");
}

Test(print_options, numbers_stay_within_what_it_can)
{
    cr_expect_str_eq(fit("copies=2000 print-quality=5 finishings=4,20,3", OPTION_COPIES), "99");
    cr_expect_str_eq(fitted.values[OPTION_QUALITY], "");
    cr_expect_str_eq(fitted.values[OPTION_FINISHINGS], "4,3");
    cr_expect_str_eq(fit("copies=-4", OPTION_COPIES), "1");
    cr_expect_str_eq(fit("copies=many", OPTION_COPIES), "1");
}

Test(print_options, ranges_that_are_none_are_left_out)
{
    TEXT_PUT(printer.values[OPTION_RANGES], "true");
    cr_expect_str_eq(fit("page-ranges=1-2,5", OPTION_RANGES), "1-2,5");
    cr_expect_str_eq(fit("page-ranges=5,1-2", OPTION_RANGES), "");
    cr_expect_str_eq(fit("page-ranges=2-1", OPTION_RANGES), "");
    TEXT_PUT(printer.values[OPTION_RANGES], "false");
    cr_expect_str_eq(fit("page-ranges=1-2", OPTION_RANGES), "");
}

Test(print_options, what_is_too_long_or_unknown_is_no_option)
{
    struct print_options asked;
    char text[400] = "output-bin=";
    memset(text + 11, 'x', 300);
    print_options_read(&asked, text);
    cr_expect_str_eq(asked.values[OPTION_BIN], "");
    print_options_read(&asked, "job-name=Gehalt output-bin=fach-für-amtliches");
    cr_expect_str_eq(asked.values[OPTION_BIN], "fach-für-amtliches");
}

Test(print_options, impressions_follow_copies_ranges_and_pages_on_a_sheet)
{
    struct print_options options;
    print_options_read(&options, "copies=3");
    cr_expect_eq(print_options_impressions(&options, 7), 21);
    print_options_read(&options, "copies=2 number-up=4");
    cr_expect_eq(print_options_impressions(&options, 9), 6);
    print_options_read(&options, "page-ranges=2-3,9-99");
    cr_expect_eq(print_options_impressions(&options, 10), 4);
}
