// SPDX-License-Identifier: EUPL-1.2
// What a grant says, and when: whether it is in force or over. How it comes about says core/approval, what it opens
// core/wall.
#pragma once
#include "broker/core/state.h"

int64_t grant_end_ms(const struct grant *grant);               // its end, or the date of its review
bool grant_is_over(const struct grant *grant, int64_t now_ms); // whether it ever was in force or not
enum { GRANT_NOTICE_DAYS = 14 };
// In force, and over within so many days unless somebody does something.
bool grant_ends_soon(const struct grant *grant, int64_t now_ms);
bool grant_is_in_force(const struct grant *grant, int64_t now_ms);
// What it lets use: the id of a thing of that noun, "" when it is about another.
const char *grant_thing(const struct grant *grant, enum noun noun);
bool grant_may_name(enum noun noun);             // a grant can be about one of those
enum noun grant_noun(const struct grant *grant); // NOUN_NONE: it says none, or several

// The first behind `after`, an id, whose time is over; false when there is none.
bool grant_overdue(const struct state *state, const char *after, int64_t now_ms, struct event *event);
