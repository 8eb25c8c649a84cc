// SPDX-License-Identifier: EUPL-1.2
// What people show besides their password when they log on from outside: whose is whose, and what is left of it. What
// is right says the factor_port.
#pragma once
#include "broker/core/state.h"

enum {
    FACTORS_OF_PERSON_MAX = 10, // passkeys and telephones
    FACTOR_HELP_DESK_MS = 24 * 60 * 60 * 1000,
};

// Walks those of a person in the order of their ids: `after` is the one before, NULL at first. NULL at the end.
const struct factor *factor_next(const struct state *state, const char *person_id, const struct factor *after);
bool factor_is_over(const struct factor *factor, int64_t now_ms);
size_t factor_codes_left(const struct factor *factor);
// A person who has neither passkey nor telephone, and has to enrol one before anything else.
bool factor_is_missing(const struct state *state, const char *person_id);
// Whether there is room for one more passkey or telephone.
bool factor_has_room(const struct state *state, const char *person_id);
// What becomes of it once it was right, as verified: it is written as used, or is gone with its last code.
void factor_used(struct event *event, const struct factor *factor, int64_t now_ms);
// The first whose time is over; false when there is none.
bool factor_overdue(const struct state *state, int64_t now_ms, struct event *event);
