// SPDX-License-Identifier: EUPL-1.2
// When a machine is called to wake, how often, and for how long somebody is asked to wait for it. Times are steady.
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    WAKE_POLICY_MS = 180 * 1000,       // a machine that was called has so long to answer
    WAKE_POLICY_PAUSE_MS = 600 * 1000, // from the call on; one that did not answer is left alone meanwhile
    WAKE_POLICY_AGAIN_MS = 15 * 1000,  // a magic packet may get lost
};

struct wake_policy {
    bool begun;
    int64_t since_ms, called_ms;
};

bool wake_policy_goes_on(const struct wake_policy *waking, int64_t now_ms);
// It goes on, or may begin.
bool wake_policy_is_worth_it(const struct wake_policy *waking, int64_t now_ms);
// Somebody wants the machine. True: it is to be called now.
bool wake_policy_call(struct wake_policy *waking, int64_t now_ms) __attribute__((warn_unused_result));
void wake_policy_over(struct wake_policy *waking); // it is there
