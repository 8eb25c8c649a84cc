// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/pac.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

// UPN and DNS name are left out; flags, length and offset of the account's name, those of its identifier.
#define HEADER(flags, length) "\0\0\0\0\0\0\0\0" flags "\0\0\0" length "\0\x14\0\0\0\0\0"

static char user_name[USER_NAME_SIZE];

static bool read_bytes(const char *bytes, size_t length)
{
    char *exact = memcpy(malloc(length), bytes, length); // so that a byte too far is seen
    bool good = pac_user_name(user_name, (struct ldap_bytes){exact, length});
    free(exact);
    return good;
}

#define READ(literal) read_bytes(literal, sizeof literal - 1)

Test(pac, names_the_account)
{
    cr_expect(READ(HEADER("\x02", "\x08") "A\0n\0n\0a\0"));
    cr_expect_str_eq(user_name, "anna");
    cr_expect(READ(HEADER("\x03", "\x04") "\xfc\0\xac\x20"));
    cr_expect_str_eq(user_name, "\u00fc\u20ac");
    cr_expect(READ(HEADER("\x02", "\x04") "\x3d\xd8\x11\xdd"));
    cr_expect_str_eq(user_name, "\U0001f511");
}

Test(pac, names_nobody_when_it_is_old_or_wrong)
{
    cr_expect_not(READ(HEADER("\x00", "\x08") "A\0n\0n\0a\0"), "before November 2021");
    cr_expect_not(READ(HEADER("\x02", "\x08") "A\0n\0n\0a"), "cut short");
    cr_expect_not(READ(HEADER("\x02", "\x07") "A\0n\0n\0a\0"), "half a unit");
    cr_expect_not(READ(HEADER("\x02", "\x00") ""));
    cr_expect_not(READ(HEADER("\x02", "\x02") "\x3d\xd8"), "half a pair");
    cr_expect_not(READ(HEADER("\x02", "\x04") "a\0\0\0"), "NUL");
    cr_expect_not(READ("\0\0\0\0\0\0\0\0\x02\0\0\0\x02\0\x04\0\0\0\0\0"), "within the header");
    cr_expect_not(READ("\0\0\0\0\0\0\0\0\x02"));
    cr_expect_str_eq(user_name, "");
}

Test(pac, names_nobody_at_length)
{
    char bytes[20 + 2 * USER_NAME_SIZE] = HEADER("\x02", "\x00");
    memset(bytes + 20, 'x', 2 * USER_NAME_SIZE);
    for (size_t i = 21; i < sizeof bytes; i += 2)
        bytes[i] = 0;
    bytes[12] = (char)0xc8;
    cr_expect(read_bytes(bytes, sizeof bytes), "100 letters");
    cr_expect_eq(strlen(user_name), 100);
    bytes[12] = (char)0xfe;
    cr_expect_not(read_bytes(bytes, sizeof bytes), "127, of which the last might not fit");
}
