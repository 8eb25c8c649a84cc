// SPDX-License-Identifier: EUPL-1.2
// The logon hours of a profile.
#pragma once
#include "broker/api/types.h"

// "06:00-20:00", or "22:00-06:00" over midnight, as minutes of the day; the whole day for the empty text.
bool hours_read(const char *hours, int *from_minute, int *to_minute) __attribute__((warn_unused_result));
// Minute of the week, 0 = Monday 00:00. Hours over midnight belong to the day on which they begin.
bool hours_are_open(const struct profile *profile, int week_minute);
