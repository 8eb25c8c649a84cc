// SPDX-License-Identifier: EUPL-1.2
// The directory groups of people as their last logon had them: soft state, in memory only, bounded, gone with the
// program. For forecasts; a logon always asks the directory.
#pragma once
#include "broker/core/port.h"
#include "broker/core/profile.h"

struct group_cache;

enum { GROUP_CACHE_BYTES = 32 * 1024 * 1024 };

// Keeps what was last put within half of `bytes` to all of it.
struct group_cache *group_cache_new(size_t bytes);
void group_cache_free(struct group_cache *group_cache);
void group_cache_put(struct group_cache *group_cache, const char *person_id, const struct identity *identity,
                     int64_t now_ms);
void group_cache_drop(struct group_cache *group_cache, const char *person_id);
// False when nothing is known of that time or later. `who` is good until the next call.
bool group_cache_get(struct group_cache *group_cache, const char *person_id, int64_t since_ms, struct membership *who);
