// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/throttle.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

static struct throttle *throttle;

static void open_throttle(void)
{
    throttle = throttle_new(ADMIN_TRIES_USUAL);
}

static void close_throttle(void)
{
    throttle_free(throttle);
}

TestSuite(throttle, .init = open_throttle, .fini = close_throttle);

static void fail(enum throttle_kind kind, const char *what, int64_t now_ms)
{
    throttle_begin(throttle, kind, what, now_ms);
    throttle_end(throttle, kind, what, THROTTLE_FAILED, "", now_ms);
}

static int64_t wait(enum throttle_kind kind, const char *what, int64_t now_ms)
{
    return throttle_wait_ms(throttle, kind, what, now_ms);
}

Test(throttle, waits_grow_after_the_free_tries)
{
    static const int64_t expected[] = {0, 0, 0, 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        fail(THROTTLE_DESK_NAME, "a", 5000);
        cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000), expected[i], "after %zu failures", i + 1);
    }
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "b", 5000), 0);
    cr_assert_eq(wait(THROTTLE_ADMIN_NAME, "a", 5000), 0, "each kind for itself");
}

Test(throttle, the_wait_passes)
{
    for (int i = 0; i < 4; i++)
        fail(THROTTLE_DESK_NAME, "a", 5000);
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5400), 600);
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 6000), 0);
}

Test(throttle, success_clears_a_name_and_no_device)
{
    static const enum throttle_kind kinds[] = {THROTTLE_DESK_NAME, THROTTLE_DESK};
    for (size_t k = 0; k < 2; k++) {
        for (int i = 0; i < 9; i++)
            fail(kinds[k], "a", 5000);
        throttle_begin(throttle, kinds[k], "a", 5000);
        throttle_end(throttle, kinds[k], "a", THROTTLE_SUCCEEDED, "", 5000);
    }
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000), 0);
    cr_assert_gt(wait(THROTTLE_DESK, "a", 5000), 0);
    cr_assert(throttle_forget(throttle, THROTTLE_DESK, "a"));
    cr_assert_eq(wait(THROTTLE_DESK, "a", 5000), 0);
    cr_assert_not(throttle_forget(throttle, THROTTLE_DESK, "a"));
}

Test(throttle, a_quarter_of_an_hour_of_silence_is_forgiven)
{
    for (int i = 0; i < 9; i++)
        fail(THROTTLE_DESK_NAME, "a", 5000);
    fail(THROTTLE_DESK_NAME, "a", 5000 + 15 * MINUTE_MS);
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000 + 15 * MINUTE_MS), 0);
}

// A desk in a busy office: somebody mistypes every ten minutes, all day long, and logs on then.
Test(throttle, slips_that_are_spread_over_the_day_do_not_add_up)
{
    for (int64_t minute = 0; minute < 9 * 60; minute += 10) {
        fail(THROTTLE_DESK, "desk", minute * MINUTE_MS);
        cr_assert_eq(wait(THROTTLE_DESK, "desk", minute * MINUTE_MS), 0, "after %lld minutes", (long long)minute);
    }
}

// Who guesses as fast as the waits allow gets no faster by and by.
Test(throttle, a_patient_guesser_gets_one_try_a_minute)
{
    int64_t now_ms = 0, tries = 0;
    for (; now_ms < 8 * 3600 * 1000LL; tries++) {
        fail(THROTTLE_DESK_NAME, "a", now_ms);
        now_ms += wait(THROTTLE_DESK_NAME, "a", now_ms);
    }
    cr_assert_leq(tries, 8 * 60 + 9);
    // Nor by waiting a little longer each time.
    for (int64_t pause_ms = 1000; pause_ms <= 240 * 1000; pause_ms += 1000) {
        now_ms += 3600 * 1000;
        int64_t from_ms = now_ms;
        for (tries = 0; now_ms - from_ms < 8 * 3600 * 1000LL; tries++) {
            fail(THROTTLE_DESK_NAME, "a", now_ms);
            int64_t wait_ms = wait(THROTTLE_DESK_NAME, "a", now_ms);
            now_ms += wait_ms > pause_ms ? wait_ms : pause_ms;
        }
        cr_assert_leq(tries, 8 * 60 + 9, "%lld ms: %lld tries", (long long)pause_ms, (long long)tries);
    }
}

// However the tries are spread, no half an hour has more of them at the port for administrators than are allowed.
Test(throttle, an_account_sees_few_wrong_passwords_in_half_an_hour)
{
    for (int64_t pause_ms = 0; pause_ms <= 31 * MINUTE_MS; pause_ms += MINUTE_MS / 2) {
        int64_t tried_ms[100] = {0}, now_ms = (pause_ms + 1) * 1000000;
        for (int i = 0; i < 100; i++) {
            now_ms += pause_ms;
            now_ms += wait(THROTTLE_ADMIN_NAME, "a", now_ms);
            tried_ms[i] = now_ms;
            fail(THROTTLE_ADMIN_NAME, "a", now_ms);
            if (i >= ADMIN_TRIES_USUAL)
                cr_assert_geq(now_ms - tried_ms[i - ADMIN_TRIES_USUAL], 30 * MINUTE_MS, "pause %lld ms, try %d",
                              (long long)pause_ms, i);
        }
    }
}

Test(throttle, what_is_under_way_counts_until_it_has_ended)
{
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000), 0, "%d", i);
        throttle_begin(throttle, THROTTLE_DESK_NAME, "a", 5000);
    }
    cr_assert_gt(wait(THROTTLE_DESK_NAME, "a", 5000), 0);
    throttle_end(throttle, THROTTLE_DESK_NAME, "a", THROTTLE_UNDECIDED, "", 5000);
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000), 0);
    for (int i = 0; i < 9; i++) // more ends than beginnings: it was forgotten meanwhile
        throttle_end(throttle, THROTTLE_DESK_NAME, "a", THROTTLE_UNDECIDED, "", 5000);
    cr_assert_eq(wait(THROTTLE_DESK_NAME, "a", 5000), 0);
}

Test(throttle, tells_at_whom_is_guessed_and_the_newest_origins)
{
    char from[40];
    struct throttled throttled;
    size_t at = 0;
    fail(THROTTLE_DESK_NAME, "neustadt/a slip", 1000);
    for (int i = 0; i < 50; i++) {
        snprintf(from, sizeof from, "neustadt/desk%d", i % 40);
        throttle_end(throttle, THROTTLE_DESK_NAME, "neustadt/anna", THROTTLE_FAILED, from, 1000);
    }
    cr_assert(throttle_next(throttle, THROTTLE_DESK_NAME, &at, 2000, &throttled));
    cr_assert_str_eq(throttled.what, "neustadt/anna");
    cr_assert_eq(strncmp(throttled.from, "neustadt/desk9 neustadt/desk8 ", 30), 0, "%s", throttled.from);
    cr_assert_lt(strlen(throttled.from), THROTTLE_FROM_SIZE);
    cr_assert_eq(throttled.failures, 50);
    cr_assert_not(throttle_next(throttle, THROTTLE_DESK_NAME, &at, 2000, &throttled));
    at = 0;
    cr_assert_not(throttle_next(throttle, THROTTLE_DESK_NAME, &at, 16 * MINUTE_MS, &throttled));
}

Test(throttle, a_flood_of_names_stays_bounded_and_spares_the_newest)
{
    char key[32];
    for (int i = 0; i < 4; i++)
        fail(THROTTLE_DESK_NAME, "anna", 0);
    for (int i = 0; i < THROTTLE_KEYS_MAX + 5000; i++) {
        snprintf(key, sizeof key, "name %d", i);
        for (int k = 0; k < ADMIN_TRIES_USUAL; k++)
            fail(THROTTLE_ADMIN_NAME, key, i);
    }
    cr_assert_gt(wait(THROTTLE_ADMIN_NAME, key, THROTTLE_KEYS_MAX + 5000), 0);
    cr_assert_gt(wait(THROTTLE_DESK_NAME, "anna", 1), 0, "what was counted at desks is still known");
}
