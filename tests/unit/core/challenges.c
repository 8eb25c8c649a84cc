// SPDX-License-Identifier: EUPL-1.2
// What passkeys are asked: ours, of one page, for minutes, answered once.
#include "broker/core/challenges.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <ctype.h>

static struct challenges challenges = {.key = "for these tests"};
static const unsigned char random_bytes[CHALLENGE_RANDOM_BYTES] = {1, 2, 3};
static const char holder[] = "aa";
static char text[CHALLENGE_SIZE];
static unsigned char bytes[CHALLENGE_BYTES];

static void ask(void)
{
    challenge_make(&challenges, holder, random_bytes, 1000, text);
}

static void forget_all(void)
{
    challenges_fini(&challenges);
}

TestSuite(challenges, .init = ask, .fini = forget_all);

Test(challenges, are_open_for_the_page_that_asked)
{
    cr_expect(challenge_is_open(&challenges, holder, text, 1000, bytes));
    cr_expect_not(challenge_is_open(&challenges, "ab", text, 1000, bytes), "another page");
    cr_expect(challenge_is_open(&challenges, holder, text, 1000 + CHALLENGE_MS, bytes));
    cr_expect_not(challenge_is_open(&challenges, holder, text, 1001 + CHALLENGE_MS, bytes), "too late");
}

Test(challenges, are_answered_once_however_they_are_spelled)
{
    cr_assert(challenge_is_open(&challenges, holder, text, 1000, bytes));
    challenge_take(&challenges, bytes, 2000);
    cr_expect_not(challenge_is_open(&challenges, holder, text, 2000, bytes));
    for (char *at = text; *at; at++)
        *at = (char)toupper(*at);
    cr_expect_not(challenge_is_open(&challenges, holder, text, 2000, bytes));
}

Test(challenges, are_nobody_elses)
{
    for (size_t i = 0; text[i]; i++) {
        char kept = text[i];
        text[i] = kept == '0' ? '1' : '0';
        cr_expect_not(challenge_is_open(&challenges, holder, text, 1000, bytes), "%zu", i);
        text[i] = kept;
    }
    cr_expect_not(challenge_is_open(&challenges, holder, "", 1000, bytes));
    cr_expect_not(challenge_is_open(&challenges, holder, "00", 1000, bytes));
    challenges.key[0] ^= 1;
    cr_expect_not(challenge_is_open(&challenges, holder, text, 1000, bytes), "of a broker before its restart");
    challenges.key[0] ^= 1;
}

Test(challenges, that_were_answered_are_forgotten_when_they_are_too_old)
{
    for (unsigned char i = 0; i < 100; i++) {
        unsigned char other[CHALLENGE_RANDOM_BYTES] = {i};
        challenge_make(&challenges, holder, other, 1000, text);
        cr_assert(challenge_is_open(&challenges, holder, text, 1000, bytes));
        challenge_take(&challenges, bytes, 1000);
    }
    cr_expect_eq(challenges.taken.count, 100);
    challenge_take(&challenges, bytes, 1001 + CHALLENGE_MS);
    cr_expect_eq(challenges.taken.count, 1);
}
