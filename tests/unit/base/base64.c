// SPDX-License-Identifier: EUPL-1.2
// Base64 in both of its alphabets (the vectors of RFC 4648, section 10, and the letters in which they differ).
#include "broker/base/base64.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *bytes, *text, *url;
} rows[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "-__-"},
    {"\xff\xfe", "//4=", "__4"},
};
enum { ROWS = sizeof rows / sizeof *rows };

Test(base64, is_written_in_both_alphabets)
{
    char text[16];
    for (size_t i = 0; i < ROWS; i++) {
        cr_assert(base64_encode(text, sizeof text, rows[i].bytes, strlen(rows[i].bytes)));
        cr_expect_str_eq(text, rows[i].text);
        cr_assert(base64_encode_url(text, sizeof text, rows[i].bytes, strlen(rows[i].bytes)));
        cr_expect_str_eq(text, rows[i].url);
    }
}

Test(base64, that_does_not_fit_is_not_written)
{
    char text[16];
    for (size_t i = 0; i < ROWS; i++) {
        size_t length = strlen(rows[i].bytes);
        cr_expect(base64_encode(text, strlen(rows[i].text) + 1, rows[i].bytes, length));
        cr_expect(base64_encode_url(text, strlen(rows[i].url) + 1, rows[i].bytes, length));
        if (!length)
            continue;
        cr_expect_not(base64_encode(text, strlen(rows[i].text), rows[i].bytes, length));
        cr_expect_str_eq(text, "");
        cr_expect_not(base64_encode_url(text, strlen(rows[i].url), rows[i].bytes, length));
        cr_expect_str_eq(text, "");
    }
}

Test(base64, reads_what_it_wrote_and_nothing_else)
{
    unsigned char bytes[16];
    size_t length;
    for (size_t i = 0; i < ROWS; i++) {
        cr_assert(base64_decode(bytes, &length, rows[i].text));
        cr_expect_eq(length, strlen(rows[i].bytes));
        cr_expect_eq(memcmp(bytes, rows[i].bytes, length), 0);
    }
    static const char *const others[] = {"Zg", "Zg=", "Zh==", "Zm8", "Zm9=", "-__-", "Zm 9v", "====", "Zg==Zg=="};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        cr_expect_not(base64_decode(bytes, &length, others[i]), "%s", others[i]);
}
