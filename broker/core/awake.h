// SPDX-License-Identifier: EUPL-1.2
// Whether the broker itself was awake. While its loop was held (stopped, starved, its machine asleep) nobody was
// listened to, and when its clock is set every age is wrong: so nobody's silence from before counts, and all patience
// begins anew.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    AWAKE_HELD_MS = 1500,      // no beat for so long: the loop was held
    AWAKE_SLOW_MS = 600,       // and so long: it was slow, what was timed meanwhile says nothing
    AWAKE_CLOCK_SET_MS = 1500, // the wall clock went so far otherwise than the steady one: it was set
};

struct awake {
    int64_t since_ms; // steady: awake without a break since then
    int64_t beat_ms;  // steady: of the last beat; 0: none yet
    int64_t slow_ms;  // steady: when it was slow last; 0: never
    int64_t clock_ms; // wall clock at steady 0, at the last beat
};

// Call it every 250 ms or more often, and before anybody's silence is judged: what was held is seen at once, whatever
// runs first. True when a break has just ended; the first beat is none.
bool awake_beat(struct awake *awake, int64_t steady_ms, int64_t wall_ms);
// For how long it has been awake without a break; never less than 0.
int64_t awake_ms(const struct awake *awake, int64_t steady_ms);
// Since when somebody has been silent who was last heard at `heard_ms`.
int64_t awake_from_ms(const struct awake *awake, int64_t heard_ms);
