// SPDX-License-Identifier: EUPL-1.2
// Growing waits after failed logons, per name and per device. Soft state, bounded: one failure is forgiven with every
// 5 minutes of silence and all after 15, and the longest silent ones are forgotten first when too many are kept. A name
// counts whether or not it exists.
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct throttle;

enum { THROTTLE_KEYS_MAX = 20000 };

struct throttle *throttle_new(void);
void throttle_free(struct throttle *throttle);
// Milliseconds until the next attempt may be made; 0: now. `key`: "name neustadt/anna", "device neustadt/desk1".
int64_t throttle_wait_ms(const struct throttle *throttle, const char *key, int64_t now_ms);
// `free_tries` failures cost nothing, then 1, 2, 4 ... 60 seconds.
void throttle_failed(struct throttle *throttle, const char *key, int free_tries, int64_t now_ms);
void throttle_succeeded(struct throttle *throttle, const char *key);
