// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wake_policy.h"

#include <criterion/criterion.h>

enum { START_MS = 1000 * 1000, SECOND_MS = 1000 };

Test(waking, begins_when_somebody_wants_the_machine)
{
    struct wake_policy waking = {0};
    cr_assert(wake_policy_is_worth_it(&waking, 0));
    cr_assert_not(wake_policy_goes_on(&waking, 0));
    cr_assert(wake_policy_call(&waking, 0), "also at the very first moment of the clock");
    cr_assert(wake_policy_goes_on(&waking, 0));
}

Test(waking, is_repeated_now_and_then_however_often_people_ask)
{
    struct wake_policy waking = {0};
    int called = 0;
    for (int64_t now_ms = START_MS; now_ms < START_MS + WAKE_POLICY_MS; now_ms += SECOND_MS)
        called += wake_policy_call(&waking, now_ms);
    cr_assert_eq(called, WAKE_POLICY_MS / WAKE_POLICY_AGAIN_MS);
}

Test(waking, a_machine_that_does_not_come_is_left_alone_for_a_while)
{
    struct wake_policy waking = {0};
    cr_assert(wake_policy_call(&waking, START_MS));
    for (int64_t now_ms = START_MS + WAKE_POLICY_MS; now_ms < START_MS + WAKE_POLICY_PAUSE_MS; now_ms += SECOND_MS) {
        cr_assert_not(wake_policy_is_worth_it(&waking, now_ms));
        cr_assert_not(wake_policy_call(&waking, now_ms));
    }
    cr_assert(wake_policy_is_worth_it(&waking, START_MS + WAKE_POLICY_PAUSE_MS));
    cr_assert(wake_policy_call(&waking, START_MS + WAKE_POLICY_PAUSE_MS));
    cr_assert(wake_policy_goes_on(&waking, START_MS + WAKE_POLICY_PAUSE_MS + WAKE_POLICY_MS - 1));
    cr_assert_not(wake_policy_goes_on(&waking, START_MS + WAKE_POLICY_PAUSE_MS + WAKE_POLICY_MS));
}

Test(waking, asking_does_not_lengthen_the_wait)
{
    struct wake_policy waking = {0};
    int64_t now_ms = START_MS;
    for (; now_ms < START_MS + WAKE_POLICY_MS; now_ms += SECOND_MS) {
        cr_assert(wake_policy_is_worth_it(&waking, now_ms));
        (void)!wake_policy_call(&waking, now_ms);
    }
    cr_assert_not(wake_policy_is_worth_it(&waking, now_ms));
}

Test(waking, one_that_came_and_falls_asleep_again_is_called_at_once)
{
    struct wake_policy waking = {0};
    cr_assert(wake_policy_call(&waking, START_MS));
    wake_policy_over(&waking);
    cr_assert_not(wake_policy_goes_on(&waking, START_MS + SECOND_MS));
    cr_assert(wake_policy_call(&waking, START_MS + SECOND_MS));
}
