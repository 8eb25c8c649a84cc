// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/awake.h"

#include <criterion/criterion.h>

static const int64_t noon_ms = 1767225600000;

static void beats(struct awake *awake, int64_t from_ms, int64_t to_ms, int64_t clock_ms)
{
    for (int64_t now_ms = from_ms; now_ms <= to_ms; now_ms += 250)
        cr_assert_not(awake_beat(awake, now_ms, clock_ms + now_ms));
}

Test(awake, counts_from_its_first_beat)
{
    struct awake awake = {0};
    beats(&awake, 5000, 9000, noon_ms);
    cr_assert_eq(awake_ms(&awake, 9000), 4000);
    cr_assert_eq(awake_ms(&awake, 4000), 0);
    cr_assert_eq(awake_from_ms(&awake, 7000), 7000);
    cr_assert_eq(awake_from_ms(&awake, 1000), 5000);
}

Test(awake, begins_anew_when_the_loop_was_held)
{
    struct awake awake = {0};
    beats(&awake, 5000, 9000, noon_ms);
    cr_assert_not(awake_beat(&awake, 9000 + AWAKE_HELD_MS, noon_ms + 9000 + AWAKE_HELD_MS));
    cr_assert(awake_beat(&awake, 80000, noon_ms + 80000));
    cr_assert_eq(awake_ms(&awake, 80100), 100);
    cr_assert_eq(awake_from_ms(&awake, 9000), 80000);
}

Test(awake, knows_when_it_was_slow)
{
    struct awake awake = {0};
    beats(&awake, 5000, 9000, noon_ms);
    cr_assert_eq(awake.slow_ms, 0);
    cr_assert_not(awake_beat(&awake, 9001 + AWAKE_SLOW_MS, noon_ms + 9001 + AWAKE_SLOW_MS));
    cr_assert_eq(awake.slow_ms, 9001 + AWAKE_SLOW_MS);
    cr_assert_eq(awake.since_ms, 5000);
}

Test(awake, begins_anew_when_the_clock_is_set_forth_or_back)
{
    struct awake awake = {0};
    beats(&awake, 5000, 9000, noon_ms);
    cr_assert(awake_beat(&awake, 9250, noon_ms + 3600 * 1000));
    beats(&awake, 9500, 12000, noon_ms + 3600 * 1000 - 9250);
    cr_assert(awake_beat(&awake, 12250, noon_ms));
    cr_assert_eq(awake_ms(&awake, 12250), 0);
}

Test(awake, a_clock_that_is_slewed_is_not_set)
{
    struct awake awake = {0};
    int64_t clock_ms = noon_ms;
    for (int64_t now_ms = 250; now_ms < 100000; now_ms += 250)
        cr_assert_not(awake_beat(&awake, now_ms, (clock_ms += 20) + now_ms));
    cr_assert_eq(awake_ms(&awake, 100250), 100000);
}
