// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/meter.h"

#include <criterion/criterion.h>

static const struct meter_rate rate = {.burst = 5, .per_minute = 60};

static int taken(struct meter *meter, int64_t now_ms)
{
    int count = 0;
    while (meter_take(meter, &rate, now_ms))
        count++;
    return count;
}

Test(meter, gives_a_burst_and_then_what_has_come_back)
{
    struct meter meter = {0};
    cr_assert(meter_is_full(&meter, 1000000));
    cr_assert_eq(taken(&meter, 1000000), 5);
    cr_assert_eq(taken(&meter, 1000999), 0);
    cr_assert_eq(taken(&meter, 1001000), 1);
    cr_assert_eq(taken(&meter, 1003500), 2);
    cr_assert_eq(taken(&meter, 1004000), 1, "what is begun is not lost");
    cr_assert_not(meter_is_full(&meter, 1008999));
    cr_assert(meter_is_full(&meter, 1009000));
    cr_assert_eq(taken(&meter, 99000000), 5, "no more than the burst");
}

Test(meter, stands_a_clock_that_runs_backwards)
{
    struct meter meter = {0};
    cr_assert_eq(taken(&meter, 5000), 5);
    cr_assert_eq(taken(&meter, 1000), 0);
    cr_assert_eq(taken(&meter, 2000), 1);
}
