// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/waking.h"

bool waking_goes_on(const struct waking *waking, int64_t now_ms)
{
    return waking->begun && now_ms - waking->since_ms < WAKING_MS;
}

static bool may_begin(const struct waking *waking, int64_t now_ms)
{
    return !waking->begun || now_ms - waking->since_ms >= WAKING_PAUSE_MS;
}

bool waking_is_worth_it(const struct waking *waking, int64_t now_ms)
{
    return waking_goes_on(waking, now_ms) || may_begin(waking, now_ms);
}

bool waking_call(struct waking *waking, int64_t now_ms)
{
    if (may_begin(waking, now_ms))
        *waking = (struct waking){true, now_ms, now_ms};
    else if (waking_goes_on(waking, now_ms) && now_ms - waking->called_ms >= WAKING_AGAIN_MS)
        waking->called_ms = now_ms;
    else
        return false;
    return true;
}

void waking_over(struct waking *waking)
{
    waking->begun = false;
}
