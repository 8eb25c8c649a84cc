// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/csv.h"
#include "broker/api/record.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct apply_request request;
static struct fault why;

static bool read(const char *csv)
{
    record_free(apply_request_type.fields, &request);
    return csv_read(&request, NOUN_PRINTER, csv, strlen(csv), &why);
}

static void drop(void)
{
    record_free(apply_request_type.fields, &request);
}

TestSuite(csv, .fini = drop);

static const struct printer *printer(size_t index)
{
    struct apply_object *object = record_at(&request.objects, &apply_object_type, index);
    cr_assert_eq(object->noun, NOUN_PRINTER);
    return &object->record.printer;
}

#define HEADER "id,name,uri,site,room,price_mono\r\n"

Test(csv, reads_a_printer_a_row_by_the_names_of_the_first)
{
    cr_assert(read(HEADER "a/one,One,ipp://one/ipp/print,a/hall,12,400\r\n"
                          "\r\n"
                          "a/two,\"Two, the \"\"big\"\" one\",ipps://two/ipp/print,a/hall,,\r\n"),
              "%s", why.text);
    cr_assert_eq(request.objects.count, 2);
    cr_assert_str_eq(printer(0)->name, "One");
    cr_assert_eq(printer(0)->price_mono, 400);
    cr_assert_str_eq(printer(1)->name, "Two, the \"big\" one");
    cr_assert_str_eq(printer(1)->room, "");
}

Test(csv, reads_what_a_german_spreadsheet_saves)
{
    cr_assert(read("\xef\xbb\xbf"
                   "id;name;uri;site\n"
                   "a/one;Büro, Flur;ipp://one/ipp/print;a/hall"),
              "%s", why.text);
    cr_assert_str_eq(printer(0)->name, "Büro, Flur");
    cr_assert_str_eq(printer(0)->site, "a/hall");
}

static void expect_fault(const char *csv, const char *sentence)
{
    cr_assert_not(read(csv), "%s", csv);
    cr_assert(strstr(why.text, sentence), "%s: %s", csv, why.text);
    cr_assert_eq(request.objects.count, 0);
}

Test(csv, says_in_which_line_what_is_wrong)
{
    expect_fault("", "line 1: the file is empty");
    expect_fault("id,colours\n", "line 1: a printer has no field colours");
    expect_fault("id,name,id\n", "line 1: duplicate key id");
    expect_fault("id,make\n", "line 1: make cannot be set");
    expect_fault("id,name,uri,site\na/one,One,ipp://one\n", "line 2: it has not as many cells");
    expect_fault("id,name,uri,site\na/one,One,ipp://one,a/hall,more\n", "line 2: it has not as many cells");
    expect_fault("id,name,uri,site\n\none,One,ipp://one,a/hall\n", "line 3: needs an id");
    expect_fault("id,name,uri,site\na/one,One,ipp://one,\n", "line 2: a printer also needs: site:");
    expect_fault(HEADER "a/one,One,ipp://one,a/hall,1,dear\n", "line 2: price_mono: expected a number");
    expect_fault("id,name\na/one,\"One\n", "line 2: a line ends within quotes");
    expect_fault("id,name\na/one,\"One", "line 2: a quote is not closed");
    expect_fault("id,name\na/one,\"One\"x\n", "line 2: something stands behind");
    expect_fault("id,name\na/one,O\"ne\n", "line 2: a quote within a cell");
    expect_fault("id,name\na/one,One\na/two,B\xfcro\n", "line 3: not UTF-8");
}

Test(csv, is_refused_when_it_is_too_much)
{
    char *large = calloc(1, CSV_MAX + 2);
    memset(large, 'a', CSV_MAX + 1);
    expect_fault(large, "larger than 1 MiB");
    free(large);
    struct text columns = {0};
    for (int i = 0; i < 100; i++)
        text_adds(&columns, i ? ",id" : "name");
    expect_fault(columns.bytes, "line 1: ");
    text_drop(&columns);
}
