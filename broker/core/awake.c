// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/awake.h"

#include <stdlib.h>

bool awake_beat(struct awake *awake, int64_t steady_ms, int64_t wall_ms)
{
    int64_t clock_ms = wall_ms - steady_ms;
    bool first = awake->beat_ms == 0;
    bool held = steady_ms - awake->beat_ms > AWAKE_HELD_MS;
    bool set = llabs(clock_ms - awake->clock_ms) > AWAKE_CLOCK_SET_MS;
    if (!first && steady_ms - awake->beat_ms > AWAKE_SLOW_MS)
        awake->slow_ms = steady_ms;
    awake->beat_ms = steady_ms;
    awake->clock_ms = clock_ms; // slewed, it may drift as far as it likes
    if (first || held || set)
        awake->since_ms = steady_ms;
    return !first && (held || set);
}

int64_t awake_ms(const struct awake *awake, int64_t steady_ms)
{
    return steady_ms > awake->since_ms ? steady_ms - awake->since_ms : 0;
}

int64_t awake_from_ms(const struct awake *awake, int64_t heard_ms)
{
    return heard_ms > awake->since_ms ? heard_ms : awake->since_ms;
}
