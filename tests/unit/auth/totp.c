// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/totp.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

#define SECRET ((const unsigned char *)"12345678901234567890") // of the RFCs' examples

static bool is_taken(const char *typed, int64_t wall_s, int64_t *last_step)
{
    return totp_verify(SECRET, typed, wall_s * 1000, last_step);
}

// RFC 4226, appendix D.
Test(totp, codes_are_those_of_the_standard)
{
    static const char *const codes[] = {"755224", "287082", "359152", "969429", "338314",
                                        "254676", "287922", "162583", "399871", "520489"};
    char code[TOTP_DIGITS + 1];
    for (int64_t step = 0; step < 10; step++) {
        totp_code(code, SECRET, step);
        cr_expect_str_eq(code, codes[step]);
    }
}

// RFC 6238, appendix B: of its eight digits the last six.
Test(totp, codes_go_by_the_clock)
{
    static const struct {
        int64_t wall_s;
        const char *code;
    } rows[] = {{59, "287082"},         {1111111109, "081804"}, {1111111111, "050471"},
                {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t last_step = 0;
        cr_expect(is_taken(rows[i].code, rows[i].wall_s, &last_step), "%s", rows[i].code);
        cr_expect_eq(last_step, rows[i].wall_s / 30);
    }
}

Test(totp, a_telephone_may_be_one_step_wrong)
{
    static const int64_t now_s = 2000000000; // well within a step
    for (int64_t steps = -3; steps <= 3; steps++) {
        int64_t last_step = 0;
        bool near = steps >= -TOTP_SKEW && steps <= TOTP_SKEW;
        char code[TOTP_DIGITS + 1];
        totp_code(code, SECRET, now_s / 30 + steps);
        cr_expect_eq(is_taken(code, now_s, &last_step), near, "%d", (int)steps);
        cr_expect_eq(last_step, near ? now_s / 30 + steps : 0);
    }
}

// Also those that were never used: whoever looked over the shoulder has seen them.
Test(totp, a_code_is_good_once_and_none_before_it)
{
    int64_t now_s = 2000000000, last_step = 0;
    char before[TOTP_DIGITS + 1], next[TOTP_DIGITS + 1];
    totp_code(before, SECRET, now_s / 30 - 1);
    totp_code(next, SECRET, now_s / 30 + 1);
    cr_assert(is_taken("279037", now_s, &last_step));
    cr_expect_not(is_taken("279037", now_s, &last_step));
    cr_expect_not(is_taken("279037", now_s + 29, &last_step));
    cr_expect_not(is_taken(before, now_s, &last_step));
    cr_expect(is_taken(next, now_s, &last_step));
    cr_expect_eq(last_step, now_s / 30 + 1);
}

Test(totp, spaces_do_not_matter_and_all_else_does)
{
    static const char *const wrong[] = {"",
                                        "27903",
                                        "2790370",
                                        "27903x",
                                        "279-037",
                                        "279038",
                                        "\xc2\xa0"
                                        "279037"};
    int64_t last_step = 0;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(is_taken(wrong[i], 2000000000, &last_step), "%s", wrong[i]);
    cr_expect(is_taken(" 279 037 ", 2000000000, &last_step));
}

Test(totp, the_app_is_told_everything_by_one_address)
{
    char uri[TOTP_URI_SIZE], issuer[TOTP_URI_SIZE];
    cr_assert(totp_uri(uri, "Stadt: Köln", "anna@köln", SECRET));
    cr_expect_str_eq(uri, "otpauth://totp/Stadt%20%20K%C3%B6ln:anna%40k%C3%B6ln?secret="
                          "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Stadt%20%20K%C3%B6ln");
    memset(issuer, 'a', sizeof issuer - 1);
    issuer[sizeof issuer - 1] = 0;
    cr_expect_not(totp_uri(uri, issuer, "anna", SECRET));
    cr_expect_str_eq(uri, "");
}

Test(totp, secrets_differ)
{
    unsigned char a[TOTP_SECRET_BYTES], b[TOTP_SECRET_BYTES];
    totp_secret_new(a);
    totp_secret_new(b);
    cr_expect_neq(memcmp(a, b, sizeof a), 0);
}
