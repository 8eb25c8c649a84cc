// SPDX-License-Identifier: EUPL-1.2
// A token bucket: so many at once, and then so many a minute. Of a link's messages, of a session's changes, of lines in
// the log: what one sender may cost everybody else.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct meter_rate {
    int32_t burst, per_minute; // both above 0
};

struct meter {
    int64_t spent_us; // of the time in which what was used comes back; all zero: full
    int64_t at_ms;    // steady
};

bool meter_take(struct meter *meter, const struct meter_rate *rate, int64_t now_ms); // false: none is left
bool meter_is_full(const struct meter *meter, int64_t now_ms);                       // as new
int64_t meter_spent_us(const struct meter *meter, int64_t now_ms); // the time in which it is full again
