// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_steady_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_steady_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

static const int64_t year_10000_ms = 253402300800000;

void clock_text(char text[CLOCK_TEXT_SIZE], int64_t wall_ms)
{
    if (wall_ms < 0)
        wall_ms = 0;
    if (wall_ms >= year_10000_ms)
        wall_ms = year_10000_ms - 1;
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc;
    gmtime_r(&seconds, &utc);
    char date[24];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, CLOCK_TEXT_SIZE, "%s.%03dZ", date, (int)(wall_ms % 1000));
}

// RFC 3339: behind the seconds a fraction, perhaps, and always how far from UTC it is.
static bool read_offset(const char *at, int64_t *fraction_ms, int64_t *offset_s)
{
    int hours = 0, minutes = 0, end = 0;
    *fraction_ms = *offset_s = 0;
    if (*at == '.') {
        size_t digits = strspn(++at, "0123456789");
        for (size_t i = 0; i < 3; i++)
            *fraction_ms = *fraction_ms * 10 + (i < digits ? at[i] - '0' : 0);
        if (digits == 0)
            return false;
        at += digits;
    }
    if (strcmp(at, "Z") == 0)
        return true;
    if ((*at != '+' && *at != '-') || strspn(at + 1, "0123456789") != 2 ||
        sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || end != 5 || at[1 + end] || hours > 23 ||
        minutes < 0 || minutes > 59)
        return false;
    *offset_s = (hours * 60 + minutes) * (*at == '-' ? -60 : 60);
    return true;
}

bool clock_read(const char *text, int64_t *wall_ms)
{
    struct tm utc = {0};
    int64_t fraction_ms, offset_s;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    int day = utc.tm_mday;
    if (!end || !read_offset(end, &fraction_ms, &offset_s))
        return false;
    *wall_ms = ((int64_t)timegm(&utc) - offset_s) * 1000 + fraction_ms;
    return utc.tm_mday == day && *wall_ms >= 0 && *wall_ms < year_10000_ms;
}

int clock_week_minute(int64_t wall_ms)
{
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    int day = (local.tm_wday + 6) % 7;
    return (day * 24 + local.tm_hour) * 60 + local.tm_min;
}
