// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/renewal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const int64_t day_ms = 24ll * 60 * 60 * 1000;

static struct credential_dates two_years(const char *first_digits)
{
    struct credential_dates dates = {.from_ms = 1000 * day_ms, .until_ms = 1730 * day_ms};
    snprintf(dates.digest, sizeof dates.digest, "%s%056d", first_digits, 0);
    return dates;
}

Test(renewal, is_due_when_a_third_of_the_life_is_left)
{
    struct credential_dates first = two_years("00000000"), last = two_years("ffffffff");
    int64_t life_ms = first.until_ms - first.from_ms;
    cr_assert_eq(renewal_due_ms(&first), first.until_ms - life_ms / 3);
    cr_assert_geq(renewal_due_ms(&last), last.until_ms - life_ms / 4 - 1000);
    cr_assert_leq(renewal_due_ms(&last), last.until_ms - life_ms / 4);
}

// 5,000 desks that were enrolled in one night.
Test(renewal, a_district_does_not_come_on_one_day)
{
    enum { DESKS = 5000, DAYS = 62 };
    int per_day[DAYS] = {0}, most = 0;
    for (uint32_t i = 0; i < DESKS; i++) {
        char digits[9];
        snprintf(digits, sizeof digits, "%08x", i * 2654435761u);
        struct credential_dates dates = two_years(digits);
        int64_t day = (renewal_due_ms(&dates) - (dates.until_ms - 730 * day_ms / 3)) / day_ms;
        cr_assert(day >= 0 && day < DAYS);
        if (++per_day[day] > most)
            most = per_day[day];
    }
    cr_assert_lt(most, 2 * DESKS / 60, "%d on one day", most);
}

Test(renewal, pauses_grow_to_half_a_day)
{
    struct credential_dates dates = two_years("80000000");
    cr_assert_eq(renewal_pause_ms(&dates, 1), 60 * 1000);
    cr_assert_eq(renewal_pause_ms(&dates, 2), 120 * 1000);
    cr_assert_eq(renewal_pause_ms(&dates, 1000000), day_ms / 2);
}

Test(renewal, a_short_life_leaves_time_for_several_tries)
{
    struct credential_dates dates = {.from_ms = 0, .until_ms = 60 * 1000};
    memset(dates.digest, 'f', DIGEST_SIZE - 1);
    int64_t left_ms = dates.until_ms - renewal_due_ms(&dates);
    for (unsigned i = 1; i <= 4; i++)
        left_ms -= renewal_pause_ms(&dates, i);
    cr_assert_gt(left_ms, 0);
}
