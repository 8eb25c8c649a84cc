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

Test(throttle, a_flood_of_names_stays_bounded_and_spares_the_newest)
{
    char key[32];
    for (int i = 0; i < THROTTLE_KEYS_MAX + 5000; i++) {
        snprintf(key, sizeof key, "name %d", i);
        throttle_failed(throttle, key, 0, i);
    }
    cr_assert_gt(throttle_wait_ms(throttle, key, THROTTLE_KEYS_MAX + 5000), 0);
}
