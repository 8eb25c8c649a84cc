// SPDX-License-Identifier: EUPL-1.2
// Waiting for events, all those of a test together no longer than its suite's .timeout: Criterion would end it without
// a word of what was missing.
#pragma once
#include "broker/base/loop.h"

#include <stdbool.h>
#include <stdint.h>

int64_t await_until_ms(void); // steady (base/clock), for the test that runs
// Runs the loop, and looks again and again. False: that time has come first.
bool await_in_loop(struct loop *loop, bool (*is_so)(void)) __attribute__((warn_unused_result));
