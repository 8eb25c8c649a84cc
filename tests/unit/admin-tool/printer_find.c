// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/printer_find.h"
#include "broker/api/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct record_list printers;

static void forget(void)
{
    free(printers.rows);
    printers = (struct record_list){0};
}

TestSuite(printer_find, .fini = forget);

static const struct found_printer *found(size_t index)
{
    return record_at(&printers, &found_printer_type, index);
}

#define READ(text) found_printers_read(&printers, text, sizeof text - 1)

Test(printer_find, shows_each_once_and_with_tls_where_it_has_that)
{
    READ("ipp://b.local:631/ipp/print\0Raum 2\0Make 2\0\0"
         "ipp://a.local:631/ipp/print\0Raum 1\0Make 1\0Flur\0"
         "ipps://a.local:631/ipp/print\0Raum 1\0Make 1\0Flur\0"
         "ipp://a.local:631/ipp/print\0Raum 1\0Make 1\0Flur\0");
    cr_assert_eq(printers.count, 2);
    cr_assert_str_eq(found(0)->uri, "ipps://a.local:631/ipp/print");
    cr_assert_str_eq(found(0)->room, "Flur");
    cr_assert_str_eq(found(1)->name, "Raum 2");
}

Test(printer_find, keeps_two_that_only_have_the_same_name)
{
    READ("ipp://a.local/\0Drucker\0\0\0ipp://b.local/\0Drucker\0\0\0");
    cr_assert_eq(printers.count, 2);
}

Test(printer_find, leaves_out_what_is_no_clean_text_or_has_no_end)
{
    READ("ipp://a.local/\0Na\033me\0\0\0"
         "ipp://b.local/\0\xff\0\0\0"
         "\0Name\0\0\0"
         "ipp://c.local/\0Gut\0Make\0Ort\0"
         "ipp://d.local/\0Halb\0Make");
    cr_assert_eq(printers.count, 1);
    cr_assert_str_eq(found(0)->name, "Gut");
    char long_name[4 * NAME_SIZE] = "ipp://e.local/";
    memset(long_name + sizeof "ipp://e.local/", 'x', 2 * NAME_SIZE);
    forget();
    found_printers_read(&printers, long_name, sizeof long_name);
    found_printers_read(&printers, "", 0);
    cr_assert_eq(printers.count, 0);
}
