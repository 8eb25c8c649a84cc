// SPDX-License-Identifier: EUPL-1.2
// Waits after failed attempts, each kind of key with a rule and a bounded table of its own, so that guessing at one
// port neither slows nor forgets what is counted at another. Soft state; the longest silent ones are forgotten first
// when too many are kept. A name counts whether or not it exists. An attempt that is under way counts as one that
// fails.
#pragma once
#include "broker/api/types.h"

struct throttle;

enum throttle_kind {
    THROTTLE_DESK_NAME,     // "neustadt/anna", at desks
    THROTTLE_DESK,          // the device
    THROTTLE_ADMIN_NAME,    // the same name at the port for administrators, wherever it is tried from
    THROTTLE_ADMIN_NETWORK, // see address_network_text; and below
    THROTTLE_DOOR_NAME,     // likewise at the front doors of gateways
    THROTTLE_DOOR_NETWORK,
    THROTTLE_FIRST_TOKEN,
    THROTTLE_ENROL,
    THROTTLE_KINDS,
};

enum throttle_outcome { THROTTLE_UNDECIDED, THROTTLE_SUCCEEDED, THROTTLE_FAILED };

enum { THROTTLE_KEYS_MAX = 10000, THROTTLE_FROM_SIZE = 256, ADMIN_TRIES_USUAL = 3 };

// `admin_tries` wrong passwords for a name at the administrators' port, and as many at front doors, within half an
// hour, then none is tried there for half an hour. All others have some that cost nothing, then wait 1, 2, 4 ... 60
// seconds; one failure is forgiven with every 5 minutes of silence, and all after 15.
struct throttle *throttle_new(int admin_tries);
void throttle_free(struct throttle *throttle);
// Milliseconds until the next attempt may begin; 0: now.
int64_t throttle_wait_ms(const struct throttle *throttle, enum throttle_kind kind, const char *what, int64_t now_ms);
void throttle_begin(struct throttle *throttle, enum throttle_kind kind, const char *what, int64_t now_ms);
// The end of one that has begun. A success clears a name; of a device or a network it says nothing. `from`: where a
// failure came from, to be shown; "" without.
void throttle_end(struct throttle *throttle, enum throttle_kind kind, const char *what, enum throttle_outcome outcome,
                  const char *from, int64_t now_ms);
// False: nothing was counted.
bool throttle_forget(struct throttle *throttle, enum throttle_kind kind, const char *what);

// Somebody at whom more was tried than slips.
struct throttled {
    const char *what;
    const char *from; // words, the newest first; the oldest are left out
    int64_t failures, last_ms, until_ms;
};
// Walks them: start with *at = 0; false at the end.
bool throttle_next(const struct throttle *throttle, enum throttle_kind kind, size_t *at, int64_t now_ms,
                   struct throttled *throttled);
