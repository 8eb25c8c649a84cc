// SPDX-License-Identifier: EUPL-1.2
// A time as people write it.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// "18:00", today or tomorrow; "2026-03-01 18:00"; "2026-03-01" for the end of that day, local time all; or RFC 3339 in
// UTC as the broker writes it.
bool when_read(const char *text, int64_t *wall_ms) __attribute__((warn_unused_result));
// "2026-11" in local time, "": the present month; from its beginning to before the next one's.
bool when_month(const char *text, int64_t *from_ms, int64_t *until_ms) __attribute__((warn_unused_result));
