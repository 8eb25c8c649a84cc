// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/active_directory.h"

#include <criterion/criterion.h>
#include <string.h>

static char quoted[ACTIVE_DIRECTORY_PASSWORD_MAX];

static size_t quote(const char *password)
{
    struct secret secret;
    cr_assert(secret_set(&secret, password, strlen(password)));
    return active_directory_password(quoted, &secret);
}

#define EXPECT(password, bytes)                                                                                        \
    do {                                                                                                               \
        cr_expect_eq(quote(password), sizeof bytes - 1, "%s", password);                                               \
        cr_expect_eq(memcmp(quoted, bytes, sizeof bytes - 1), 0, "%s", password);                                      \
    } while (0)

Test(domain, writes_a_password_in_utf_16_and_quotation_marks)
{
    EXPECT("ab", "\"\0a\0b\0\"\0");
    EXPECT("\"", "\"\0\"\0\"\0");
    EXPECT("\u00fc", "\"\0\xfc\0\"\0");
    EXPECT("\u20ac", "\"\0\xac\x20\"\0");
    EXPECT("\U0001f511", "\"\0\x3d\xd8\x11\xdd\"\0");
    EXPECT("", "\"\0\"\0");
}

Test(domain, writes_nothing_that_is_no_utf_8)
{
    static const char *const wrong[] = {"\x80",
                                        "a\xff",
                                        "\xc3",
                                        "\xc0\x80",
                                        "\xe0\x80\x80",
                                        "\xed\xa0\x80",
                                        "\xe2\x82",
                                        "\xf4\x90\x80\x80",
                                        "\xf8\x88\x80\x80\x80",
                                        "\xc3("};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_eq(quote(wrong[i]), 0, "%zu", i);
}

Test(domain, has_room_for_the_longest_password)
{
    static char longest[SECRET_MAX + 1];
    memset(longest, 'x', SECRET_MAX);
    cr_expect_eq(quote(longest), 2 * (SECRET_MAX + 2));
}
