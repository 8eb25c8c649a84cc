// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/throttle.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct throttle *throttle;

static void open_throttle(void)
{
    throttle = throttle_new();
}

static void close_throttle(void)
{
    throttle_free(throttle);
}

TestSuite(throttle, .init = open_throttle, .fini = close_throttle);

Test(throttle, waits_grow_after_the_free_tries)
{
    static const int64_t expected[] = {0, 0, 0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        throttle_failed(throttle, "name a", 3, 5000);
        cr_assert_eq(throttle_wait_ms(throttle, "name a", 5000), expected[i], "after %zu failures", i + 1);
    }
    cr_assert_eq(throttle_wait_ms(throttle, "name b", 5000), 0);
}

Test(throttle, the_wait_passes)
{
    for (int i = 0; i < 4; i++)
        throttle_failed(throttle, "name a", 3, 5000);
    cr_assert_eq(throttle_wait_ms(throttle, "name a", 5400), 600);
    cr_assert_eq(throttle_wait_ms(throttle, "name a", 6000), 0);
}

Test(throttle, success_clears_it)
{
    for (int i = 0; i < 9; i++)
        throttle_failed(throttle, "name a", 3, 5000);
    throttle_succeeded(throttle, "name a");
    cr_assert_eq(throttle_wait_ms(throttle, "name a", 5000), 0);
}

Test(throttle, a_quarter_of_an_hour_of_silence_is_forgiven)
{
    for (int i = 0; i < 9; i++)
        throttle_failed(throttle, "name a", 3, 5000);
    throttle_failed(throttle, "name a", 3, 5000 + 15 * 60 * 1000);
    cr_assert_eq(throttle_wait_ms(throttle, "name a", 5000 + 15 * 60 * 1000), 0);
}

// A desk in a busy office: somebody mistypes every ten minutes, all day long, and logs on then.
Test(throttle, slips_that_are_spread_over_the_day_do_not_add_up)
{
    for (int64_t minute = 0; minute < 9 * 60; minute += 10) {
        throttle_failed(throttle, "from desk", 8, minute * 60 * 1000);
        cr_assert_eq(throttle_wait_ms(throttle, "from desk", minute * 60 * 1000), 0, "after %lld minutes",
                     (long long)minute);
    }
}

// Who guesses as fast as the waits allow gets no faster by and by.
Test(throttle, a_patient_guesser_gets_one_try_a_minute)
{
    int64_t now_ms = 0, tries = 0;
    for (; now_ms < 8 * 3600 * 1000LL; tries++) {
        throttle_failed(throttle, "name a", 3, now_ms);
        now_ms += throttle_wait_ms(throttle, "name a", now_ms);
    }
    cr_assert_leq(tries, 8 * 60 + 9);
    // Nor by waiting a little longer each time.
    for (int64_t pause_ms = 1000; pause_ms <= 240 * 1000; pause_ms += 1000) {
        now_ms += 3600 * 1000;
        int64_t from_ms = now_ms;
        for (tries = 0; now_ms - from_ms < 8 * 3600 * 1000LL; tries++) {
            throttle_failed(throttle, "name a", 3, now_ms);
            int64_t wait_ms = throttle_wait_ms(throttle, "name a", now_ms);
            now_ms += wait_ms > pause_ms ? wait_ms : pause_ms;
        }
        cr_assert_leq(tries, 8 * 60 + 9, "%lld ms: %lld tries", (long long)pause_ms, (long long)tries);
    }
}

Test(throttle, a_flood_of_names_stays_bounded_and_spares_the_newest)
{
    char key[32];
    for (int i = 0; i < THROTTLE_KEYS_MAX + 5000; i++) {
        snprintf(key, sizeof key, "name %d", i);
        throttle_failed(throttle, key, 0, i);
    }
    cr_assert_gt(throttle_wait_ms(throttle, key, THROTTLE_KEYS_MAX + 5000), 0);
}
