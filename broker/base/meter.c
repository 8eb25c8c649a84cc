// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/meter.h"

#include <assert.h>

enum { MINUTE_US = 60 * 1000 * 1000 };

int64_t meter_spent_us(const struct meter *meter, int64_t now_ms)
{
    int64_t since_ms = now_ms > meter->at_ms ? now_ms - meter->at_ms : 0;
    int64_t left_us = since_ms < meter->spent_us / 1000 + 1 ? meter->spent_us - since_ms * 1000 : 0;
    return left_us > 0 ? left_us : 0;
}

bool meter_take(struct meter *meter, const struct meter_rate *rate, int64_t now_ms)
{
    assert(rate->burst > 0 && rate->per_minute > 0);
    int64_t one_us = MINUTE_US / rate->per_minute, spent_us = meter_spent_us(meter, now_ms);
    *meter = (struct meter){spent_us, now_ms};
    if (meter->spent_us + one_us > rate->burst * one_us)
        return false;
    meter->spent_us += one_us;
    return true;
}

bool meter_is_full(const struct meter *meter, int64_t now_ms)
{
    return meter_spent_us(meter, now_ms) == 0;
}
