// SPDX-License-Identifier: EUPL-1.2
// The two clocks: the wall (for people and the journal) and the steady one (for waiting).
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int64_t clock_wall_ms(void);   // milliseconds since 1970-01-01 UTC
int64_t clock_steady_ms(void); // never runs backwards; its zero means nothing
int64_t clock_steady_us(void);

enum { CLOCK_TEXT_SIZE = 32 };
// RFC 3339 in UTC with milliseconds: 2026-03-01T07:59:30.123Z. Before 1970 and after 9999 the nearest of these.
void clock_text(char text[CLOCK_TEXT_SIZE], int64_t wall_ms);
// RFC 3339, which always says how far from UTC it is. False for what is none, for a day that there is not, and for what
// clock_text cannot write: before 1970 and after 9999.
bool clock_read(const char *text, int64_t *wall_ms) __attribute__((warn_unused_result));
// Minute of the week in local time, 0 = Monday 00:00, for logon hours.
int clock_week_minute(int64_t wall_ms);
