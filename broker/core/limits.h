// SPDX-License-Identifier: EUPL-1.2
// The limits of a profile, carried out: a session that nobody touches is locked; one that nobody sees, that has run for
// long enough or whose hours are over is logged off, never without a warning to who is there. Only on hosts with an
// agent.
#pragma once
#include "broker/core/profile.h"
#include "broker/core/report.h"

// Which warnings were shown, a session's id before them: soft state.
struct limits {
    struct sorted_table warned;
};

struct limits_input {
    const struct state *state;
    const struct reports *reports;
    int64_t now_ms; // wall
    int week_minute;
};

typedef void limits_order(void *arg, const char *host_id, const struct host_message *message);

void limits_clear(struct limits *limits);
// Calls `order` for everything that is due. Call it every few seconds.
void limits_sweep(struct limits *limits, const struct limits_input *input, limits_order *order, void *arg);
