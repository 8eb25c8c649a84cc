// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/wake_policy.h"

bool wake_policy_goes_on(const struct wake_policy *waking, int64_t now_ms)
{
    return waking->begun && now_ms - waking->since_ms < WAKE_POLICY_MS;
}

static bool may_begin(const struct wake_policy *waking, int64_t now_ms)
{
    return !waking->begun || now_ms - waking->since_ms >= WAKE_POLICY_PAUSE_MS;
}

bool wake_policy_is_worth_it(const struct wake_policy *waking, int64_t now_ms)
{
    return wake_policy_goes_on(waking, now_ms) || may_begin(waking, now_ms);
}

bool wake_policy_call(struct wake_policy *waking, int64_t now_ms)
{
    if (may_begin(waking, now_ms))
        *waking = (struct wake_policy){true, now_ms, now_ms};
    else if (wake_policy_goes_on(waking, now_ms) && now_ms - waking->called_ms >= WAKE_POLICY_AGAIN_MS)
        waking->called_ms = now_ms;
    else
        return false;
    return true;
}

void wake_policy_over(struct wake_policy *waking)
{
    waking->begun = false;
}
