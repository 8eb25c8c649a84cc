// SPDX-License-Identifier: EUPL-1.2
#include "admin-tool/when.h"
#include "broker/base/clock.h"

#include <time.h>

static bool matches(const char *text, const char *format, struct tm *when)
{
    const char *end = strptime(text, format, when);
    when->tm_isdst = -1;
    return end && !*end;
}

static int64_t local_ms(struct tm *when, int days)
{
    when->tm_mday += days;
    return (int64_t)mktime(when) * 1000;
}

bool when_read(const char *text, int64_t *wall_ms)
{
    struct tm now, day = {0}, moment = {0};
    time_t now_s = time(NULL);
    localtime_r(&now_s, &now);
    struct tm clock = {.tm_year = now.tm_year, .tm_mon = now.tm_mon, .tm_mday = now.tm_mday};
    if (matches(text, "%H:%M", &clock)) {
        struct tm tomorrow = clock;
        *wall_ms = local_ms(&clock, 0);
        if (*wall_ms <= (int64_t)now_s * 1000)
            *wall_ms = local_ms(&tomorrow, 1);
        return true;
    }
    if (matches(text, "%Y-%m-%d", &day)) {
        *wall_ms = local_ms(&day, 1);
        return true;
    }
    if (!matches(text, "%Y-%m-%d %H:%M", &moment))
        return clock_read(text, wall_ms);
    *wall_ms = local_ms(&moment, 0);
    return true;
}

bool when_month(const char *text, int64_t *from_ms, int64_t *until_ms)
{
    struct tm month = {0};
    time_t now_s = time(NULL);
    if (!*text)
        localtime_r(&now_s, &month);
    else if (!matches(text, "%Y-%m", &month))
        return false;
    struct tm first = {.tm_year = month.tm_year, .tm_mon = month.tm_mon, .tm_mday = 1, .tm_isdst = -1};
    struct tm next = {.tm_year = month.tm_year, .tm_mon = month.tm_mon + 1, .tm_mday = 1, .tm_isdst = -1};
    *from_ms = local_ms(&first, 0);
    *until_ms = local_ms(&next, 0);
    return true;
}
