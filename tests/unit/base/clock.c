// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void expect_text(int64_t wall_ms, const char *expected)
{
    char text[CLOCK_TEXT_SIZE];
    clock_text(text, wall_ms);
    cr_expect_str_eq(text, expected);
}

Test(clock, writes_times_as_rfc_3339)
{
    expect_text(0, "1970-01-01T00:00:00.000Z");
    expect_text(1772351970123, "2026-03-01T07:59:30.123Z");
    expect_text(1709164800001, "2024-02-29T00:00:00.001Z");
}

Test(clock, writes_no_year_that_does_not_fit)
{
    expect_text(INT64_MAX, "9999-12-31T23:59:59.999Z");
    expect_text(253402300799999, "9999-12-31T23:59:59.999Z");
    expect_text(-1, "1970-01-01T00:00:00.000Z");
    expect_text(INT64_MIN, "1970-01-01T00:00:00.000Z");
}

Test(clock, reads_only_times_that_it_can_write)
{
    static const struct {
        const char *text;
        bool read;
    } rows[] = {
        {"1970-01-01T00:00:00Z", true},  {"1969-12-31T23:59:59.999Z", false}, {"1970-01-01T00:59:59+01:00", false},
        {"1747-03-01T08:59:30Z", false}, {"9999-12-31T23:59:59.999Z", true},  {"9999-12-31T23:59:59-01:00", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t wall_ms = 0;
        cr_expect_eq(clock_read(rows[i].text, &wall_ms), rows[i].read, "%s", rows[i].text);
    }
}

static void in_berlin(void)
{
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
}

Test(clock, counts_the_week_from_monday_in_local_time, .init = in_berlin)
{
    cr_expect_eq(clock_week_minute(1772406000000), 0, "Monday 2026-03-02 00:00 CET");
    cr_expect_eq(clock_week_minute(1772405999999), 7 * 24 * 60 - 1, "a moment before");
    cr_expect_eq(clock_week_minute(1772351970123), 6 * 24 * 60 + 8 * 60 + 59, "Sunday 08:59 CET");
    cr_expect_eq(clock_week_minute(1782712800000), 8 * 60, "Monday 2026-06-29 08:00 CEST");
}

Test(clock, the_steady_one_goes_on)
{
    int64_t before_us = clock_steady_us(), before_ms = clock_steady_ms();
    usleep(2000);
    cr_expect_geq(clock_steady_us() - before_us, 2000);
    cr_expect_geq(clock_steady_ms() - before_ms, 1);
    cr_expect_gt(clock_wall_ms(), 1700000000000);
}
