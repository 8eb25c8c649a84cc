// SPDX-License-Identifier: EUPL-1.2
// A small town in a state, for the tests of core: tenant neustadt with two pools and three hosts, tenant altdorf with
// one of each, desks, profiles for two groups.
#pragma once
#include "broker/core/logon.h"

struct hall {
    struct state *state;
    // By the number in the host's name: ts1 ...
    enum host_health health[8];
    int64_t strain[8], seen_fence[8]; // by the digit of a host's name
    bool asleep[8];
    struct health_source source;
    int64_t now_ms;
    int week_minute;
    uint64_t random_bits;
    int64_t fence; // the last one
};

void hall_open(struct hall *hall);
void hall_close(struct hall *hall);
void hall_set(struct hall *hall, enum noun noun, const union record *record); // applies EVENT_SET
// The decision for a person with these groups ("a,b"; common names) at a device of their tenant; not applied.
void hall_decide(struct hall *hall, const char *login, const char *groups, const char *device,
                 struct logon_decision *decision);
void hall_apply(struct hall *hall, const struct logon_decision *decision);
// Decides and applies.
void hall_log_on(struct hall *hall, const char *login, const char *groups, const char *device,
                 struct logon_decision *decision);
// An agent on a host, or none any more.
void hall_set_agent(struct hall *hall, const char *host, bool agent);
void hall_drain(struct hall *hall, const char *host, bool draining);
