// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/cbor_bounds.h"

#include <criterion/criterion.h>
#include <string.h>

#define LENGTH_OF(string) cbor_bounds_item((const unsigned char *)(string), sizeof(string) - 1)

Test(cbor_bounds, finds_the_end_of_an_item)
{
    cr_expect_eq(LENGTH_OF("\x17"), 1);
    cr_expect_eq(LENGTH_OF("\x18\x18zz"), 2);
    cr_expect_eq(LENGTH_OF("\x39\x01\x00"), 3);
    cr_expect_eq(LENGTH_OF("\x1b\1\2\3\4\5\6\7\x8"), 9);
    cr_expect_eq(LENGTH_OF("\x43"
                           "abcd"),
                 4);
    cr_expect_eq(LENGTH_OF("\x60\x60"), 1);
    cr_expect_eq(LENGTH_OF("\x80\x80"), 1);
    cr_expect_eq(LENGTH_OF("\xa0"), 1);
    cr_expect_eq(LENGTH_OF("\x82\x01\x82\x02\x03\x04"), 5);
    cr_expect_eq(LENGTH_OF("\xa2\x01\x80\x02\xa1\x03\xf5\xf6"), 7);
    cr_expect_eq(LENGTH_OF("\xf9\x3c\x00"), 3);
    cr_expect_eq(LENGTH_OF("\x81\x81\x81\x81\x01"), 5);
}

Test(cbor_bounds, refuses_what_is_not_whole)
{
    static const unsigned char whole[] = "\xa2\x01\x82\x19\x01\x00\x42zz\x62yy\xa1\x03\xf5";
    size_t length = sizeof whole - 1;
    cr_assert_eq(cbor_bounds_item(whole, length), length);
    for (size_t cut = 0; cut < length; cut++)
        cr_expect_eq(cbor_bounds_item(whole, cut), 0, "%zu", cut);
}

// Where libcbor would make room for what is not there.
Test(cbor_bounds, refuses_more_parts_than_there_are_bytes)
{
    cr_expect_eq(LENGTH_OF("\x99\x03\xe8\x01\x01"), 0);
    cr_expect_eq(LENGTH_OF("\xb9\x03\xe8\x01\x01"), 0);
    cr_expect_eq(LENGTH_OF("\x9b\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0);
    cr_expect_eq(LENGTH_OF("\xbb\x80\x00\x00\x00\x00\x00\x00\x01\x01\x01"), 0, "twice as many are two");
    cr_expect_eq(LENGTH_OF("\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x01"), 0);
}

Test(cbor_bounds, refuses_what_authenticators_do_not_write)
{
    cr_expect_eq(LENGTH_OF("\x81\x81\x81\x81\x81\x01"), 0, "too deep");
    cr_expect_eq(LENGTH_OF("\x9f\x01\xff"), 0, "no length");
    cr_expect_eq(LENGTH_OF("\x5f\x41z\xff"), 0, "no length");
    cr_expect_eq(LENGTH_OF("\xc0\x01"), 0, "a tag");
    cr_expect_eq(LENGTH_OF("\xf8\x20"), 0, "a simple value of two bytes");
    cr_expect_eq(LENGTH_OF("\xe0"), 0, "no simple value that there is");
    cr_expect_eq(LENGTH_OF("\x1c"), 0, "reserved");
    cr_expect_eq(LENGTH_OF("\xff"), 0, "the end of nothing");
}
