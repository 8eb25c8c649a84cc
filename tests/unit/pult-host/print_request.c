// SPDX-License-Identifier: EUPL-1.2
// What a print server is told of a job, of the options that cupsd hands to a backend. They come from whoever prints.
#include "broker/pult-host/print_request.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <string.h>

#define UUID "urn:uuid:180e924b-cb8e-3957-6940-58f4524a367d"

struct bytes {
    const char *at;
    size_t left;
};

static ssize_t read_bytes(void *arg, ipp_uchar_t *into, size_t size)
{
    struct bytes *bytes = arg;
    size_t length = bytes->left < size ? bytes->left : size;
    memcpy(into, bytes->at, length);
    bytes->at += length;
    bytes->left -= length;
    return (ssize_t)length;
}

// As a print server reads it, which the caller deletes.
static ipp_t *request_of(const char *copies, const char *options)
{
    struct text written = {0};
    print_request_write(&written, &(struct print_request){.uri = "https://print.example/ipp/print/next-to-me",
                                                          .owner = "anna",
                                                          .uuid = UUID,
                                                          .format = "application/pdf",
                                                          .copies = copies,
                                                          .options = options,
                                                          .now_ms = 1000 * 1000});
    struct bytes bytes = {written.bytes, written.length};
    ipp_t *ipp = ippNew();
    cr_assert_eq(ippReadIO(&bytes, read_bytes, 1, NULL, ipp), IPP_STATE_DATA);
    cr_assert_eq(bytes.left, 0);
    text_drop(&written);
    return ipp;
}

static void expect_value(ipp_t *ipp, const char *name, const char *value)
{
    char text[512] = "";
    ipp_attribute_t *found = ippFindAttribute(ipp, name, IPP_TAG_ZERO);
    if (found)
        ippAttributeString(found, text, sizeof text);
    cr_expect_str_eq(text, value, "%s: \"%s\"", name, text);
}

static void expect(const char *options, const char *name, const char *value)
{
    ipp_t *ipp = request_of("1", options);
    expect_value(ipp, name, value);
    ippDelete(ipp);
}

static void expect_copies(const char *copies, const char *value)
{
    ipp_t *ipp = request_of(copies, "");
    expect_value(ipp, "copies", value);
    ippDelete(ipp);
}

Test(print_request, says_whose_job_it_is_and_calls_it_by_its_number_alone)
{
    ipp_t *ipp = request_of("1", "job-name=Abmahnung job-uuid=urn:uuid:other requesting-user-name=ben");
    expect_value(ipp, "requesting-user-name", "anna");
    expect_value(ipp, "job-name", "pult-180e924b-cb8e-3957-6940-58f4524a367d");
    expect_value(ipp, "job-uuid", UUID);
    expect_value(ipp, "document-format", "application/pdf");
    ippDelete(ipp);
}

// In the second 1000 of this host's clock.
Test(print_request, says_how_long_ago_it_was_printed)
{
    expect("time-at-creation=400", "pult-age", "600");
    expect("time-at-creation=1000", "pult-age", "0");
    expect("time-at-creation=1001", "pult-age", ""); // the clock was set
    expect("time-at-creation=0", "pult-age", "");
    expect("time-at-creation=yesterday", "pult-age", "");
    expect("", "pult-age", "");
}

Test(print_request, says_paper_and_sides_by_ipps_names)
{
    expect("media=A3", "media", "iso_a3_297x420mm");
    expect("PageSize=A4", "media", "iso_a4_210x297mm");
    expect("media=iso_a5_148x210mm,tray-1 PageSize=A4", "media", "iso_a5_148x210mm");
    expect("media=na_letter_8.5x11in", "media", "na_letter_8.5x11in");
    expect("media=Drehstuhl", "media", "");
    expect("", "media", "");
    expect("Duplex=DuplexTumble", "sides", "two-sided-short-edge");
    expect("sides=two-sided-long-edge Duplex=None", "sides", "two-sided-long-edge");
    expect("sides=three", "sides", "");
}

// CUPS adds defaults of its own to each job.
Test(print_request, asks_for_colour_and_finishing_only_when_the_person_did)
{
    expect("", "print-color-mode", "monochrome");
    expect("print-color-mode=monochrome finishings=3 number-up=1", "print-color-mode", "monochrome");
    expect("print-color-mode=color", "print-color-mode", "color");
    expect("print-color-mode=monochrome ColorModel=RGB", "print-color-mode", "color");
    expect("print-color-mode=rainbow", "print-color-mode", "monochrome");
    expect("finishings=3 number-up=1", "finishings", "");
    expect("finishings=3 number-up=1", "number-up", "");
    expect("finishings=4", "finishings", "staple");
    expect("number-up=4", "number-up", "4");
}

Test(print_request, takes_a_switch_that_is_off_for_off)
{
    expect("landscape", "orientation-requested", "landscape");
    expect("landscape=false", "orientation-requested", "");
    expect("nolandscape", "orientation-requested", "");
    expect("landscape orientation-requested=3", "orientation-requested", "portrait");
    expect("fit-to-page", "print-scaling", "fit");
    expect("fitplot=no", "print-scaling", "");
    expect("fit-to-page print-scaling=none", "print-scaling", "none");
    expect("collate=true", "multiple-document-handling", "separate-documents-collated-copies");
    expect("Collate=True", "multiple-document-handling", "separate-documents-collated-copies");
    expect("collate=off", "multiple-document-handling", "separate-documents-uncollated-copies");
    expect("", "multiple-document-handling", "");
}

Test(print_request, bounds_how_many_copies_there_are)
{
    expect_copies("3", "3");
    expect_copies("999", "999");
    expect_copies("1000", "1");
    expect_copies("0", "1");
    expect_copies("-1", "1");
    expect_copies("viele", "1");
    expect_copies("", "1");
}

Test(print_request, survives_options_that_are_none)
{
    char options[20 * 1024];
    static const char *const odd[] = {"=",        "==",          "\"",       "'a",
                                      "{a=b",     "media=",      "media={",  "=A3",
                                      "a b c \\", "page-ranges", "\xff\xfe", "number-up=x",
                                      "sides=\\", "media='",     "media=,",  "print-quality=99999999999999999999"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        ippDelete(request_of("1", odd[i]));
    memset(options, 'x', sizeof options - 1);
    options[sizeof options - 1] = 0;
    ippDelete(request_of("1", options));
    memcpy(options, "media=", 6);
    expect(options, "media", "");
    memcpy(options, "output-bin=", 11);
    expect(options, "output-bin", "");
}

Test(print_request, finds_the_number_that_cupsd_has_given_the_job)
{
    char uuid[PRINT_UUID_SIZE];
    cr_assert(print_request_uuid(uuid, "sides=one-sided job-uuid=" UUID " media=A4"));
    cr_assert_str_eq(uuid, UUID);
    static const char *const others[] = {"",
                                         "job-uuid=",
                                         "job-uuid=180e924b-cb8e-3957-6940-58f4524a367d",
                                         "job-uuid=urn:uuid:180e924b-cb8e-3957-6940-58f4524a367",
                                         "job-uuid=urn:uuid:../e924b-cb8e-3957-6940-58f4524a367d",
                                         "xjob-uuid=" UUID};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_assert(!print_request_uuid(uuid, others[i]) && !*uuid, "%s", others[i]);
}
