// SPDX-License-Identifier: EUPL-1.2
// The directory groups of people as their last log-on had them: soft state, in memory only, bounded, gone with the
// program. For forecasts; a log-on always asks the directory.
#pragma once
#include "broker/core/port.h"
#include "broker/core/profile.h"

struct remembered;

enum { REMEMBERED_BYTES = 32 * 1024 * 1024 };

// Keeps what was last put within half of `bytes` to all of it.
struct remembered *remembered_new(size_t bytes);
void remembered_free(struct remembered *remembered);
void remembered_put(struct remembered *remembered, const char *person_id, const struct identity *identity,
                    int64_t now_ms);
void remembered_drop(struct remembered *remembered, const char *person_id);
// False when nothing is known of that time or later. `who` is good until the next call.
bool remembered_get(struct remembered *remembered, const char *person_id, int64_t since_ms, struct membership *who);
