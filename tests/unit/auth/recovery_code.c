// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/recovery_code.h"

#include <criterion/criterion.h>
#include <string.h>

#define OWNER "neustadt/f-1"
#define CODE "k7xw-2m9t-q0fe-z1hd"

static void expect_same(const char *typed)
{
    char digest[RECOVERY_DIGEST_SIZE], other[RECOVERY_DIGEST_SIZE];
    cr_assert(recovery_code_digest(digest, OWNER, CODE));
    cr_assert(recovery_code_digest(other, OWNER, typed), "%s", typed);
    cr_expect_str_eq(digest, other, "%s", typed);
}

Test(recovery_code, is_the_same_however_it_is_typed)
{
    expect_same(CODE);
    expect_same("K7XW2M9TQ0FEZ1HD");
    expect_same(" k7xw 2m9t q0fe z1hd ");
    expect_same("k7xw-2m9t-qOfe-zlhd");
    expect_same("k7xw-2m9t-qofe-zIhd");
}

Test(recovery_code, of_another_or_of_somebody_else_is_another)
{
    char digest[RECOVERY_DIGEST_SIZE], other[RECOVERY_DIGEST_SIZE];
    cr_assert(recovery_code_digest(digest, OWNER, CODE));
    cr_assert(recovery_code_digest(other, "neustadt/f-2", CODE));
    cr_expect_str_neq(digest, other);
    cr_assert(recovery_code_digest(other, OWNER, "k7xw-2m9t-q0fe-z1he"));
    cr_expect_str_neq(digest, other);
}

Test(recovery_code, is_refused_when_it_cannot_be_one)
{
    static const char *const wrong[] = {
        "", "k7xw-2m9t-q0fe-z1h", CODE "0", "k7xw-2m9t-q0fe-z1hu", "k7xw_2m9tq0fez1hd", "k7xw-2m9t-q0fe-z1h\xc3\xa4"};
    char digest[RECOVERY_DIGEST_SIZE];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not(recovery_code_digest(digest, OWNER, wrong[i]), "%s", wrong[i]);
        cr_expect_str_eq(digest, "");
    }
}

Test(recovery_code, new_ones_differ_and_read_well)
{
    char codes[50][RECOVERY_CODE_SIZE], digest[RECOVERY_DIGEST_SIZE];
    for (size_t i = 0; i < 50; i++) {
        recovery_code_new(codes[i]);
        cr_assert_eq(strlen(codes[i]), RECOVERY_CODE_SIZE - 1);
        cr_expect(recovery_code_digest(digest, OWNER, codes[i]), "%s", codes[i]);
        cr_expect_null(strpbrk(codes[i], "ilou"), "%s", codes[i]);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(codes[i], codes[k]);
    }
}
