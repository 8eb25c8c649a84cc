// SPDX-License-Identifier: EUPL-1.2
// A small town in a state, for the tests of core: tenant neustadt with two pools and three hosts, tenant altdorf with
// one of each, desks, profiles for two groups, and in each a printer, a print server and a gateway.
#pragma once
#include "broker/core/logon.h"

struct core_fixture {
    struct state *state;
    // By the number in the host's name: ts1 ...
    enum host_health health[8];
    int64_t load_penalty[8], seen_fence[8]; // by the digit of a host's name
    bool asleep[8];
    struct health_source source;
    int64_t now_ms;
    int week_minute;
    uint64_t random_bits;
    int64_t fence; // the last one
};

// A DN means itself; a name "x" means the group "cn=x,ou=groups,dc=example".
extern const struct group_source core_groups;

void core_open(struct core_fixture *core);
void core_close(struct core_fixture *core);
void core_set(struct core_fixture *core, enum noun noun, const union record *record); // applies EVENT_SET
// The decision for a person with these groups ("a,b"; common names) at a device of their tenant; not applied.
void core_decide(struct core_fixture *core, const char *user_name, const char *groups, const char *device,
                 struct logon_decision *decision);
void core_apply(struct core_fixture *core, const struct logon_decision *decision);
// Decides and applies.
void core_log_on(struct core_fixture *core, const char *user_name, const char *groups, const char *device,
                 struct logon_decision *decision);
// What becomes of a session now, by "broker"; applied.
void core_change(struct core_fixture *core, const char *session_id, enum session_happening what);
// An agent on a host, or none any more.
void core_set_agent(struct core_fixture *core, const char *host, bool agent);
void core_drain(struct core_fixture *core, const char *host, bool draining);
