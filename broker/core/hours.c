// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/hours.h"

#include <stdio.h>
#include <string.h>

enum { DAY_MINUTES = 24 * 60 };

bool hours_read(const char *hours, int *from_minute, int *to_minute)
{
    int from[2], to[2], end = 0;
    *from_minute = 0;
    *to_minute = DAY_MINUTES;
    if (!*hours)
        return true;
    if (sscanf(hours, "%2d:%2d-%2d:%2d%n", &from[0], &from[1], &to[0], &to[1], &end) != 4 || hours[end] ||
        from[0] < 0 || from[1] < 0 || from[1] > 59 || to[0] < 0 || to[1] < 0 || to[1] > 59)
        return false;
    *from_minute = from[0] * 60 + from[1];
    *to_minute = to[0] * 60 + to[1];
    return *from_minute < DAY_MINUTES && *to_minute <= DAY_MINUTES && *from_minute != *to_minute;
}

static bool open_on_day(const struct profile *profile, int day)
{
    static const char days[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    return !profile->days[0] || strstr(profile->days, days[day]);
}

bool hours_are_open(const struct profile *profile, int week_minute)
{
    int from, to, day = week_minute / DAY_MINUTES, minute = week_minute % DAY_MINUTES;
    if (!hours_read(profile->hours, &from, &to))
        return false;
    if (from < to)
        return open_on_day(profile, day) && minute >= from && minute < to;
    return (minute >= from && open_on_day(profile, day)) || (minute < to && open_on_day(profile, (day + 6) % 7));
}
