// SPDX-License-Identifier: EUPL-1.2
// The decision of a log-on: somebody proven, at a device -> tenant wall -> profile -> running session or host -> lease.
// No I/O: the same input gives the same decision.
#pragma once
#include "broker/api/device_link.h"
#include "broker/core/placement.h"
#include "broker/core/profile.h"

struct logon_input {
    const char *tenant_id; // where the person was proven
    const char *person_id; // "tenant/p-..."
    struct membership who;
    const char *device_id;
    const struct health_source *health;
    int64_t now_ms;
    int week_minute;      // local time, 0 = Monday 00:00
    uint64_t random_bits; // random bits
    int64_t fence;        // the number of the event that grants the lease: higher than any before in this journal
};

struct logon_decision {
    // REFUSAL_NONE: the events below are to be made durable. REFUSAL_HOST_WAKING: `host` is to be woken.
    enum refusal refusal;
    struct event events[3]; // perhaps an end of what was lost, or a desktop taken; then a session started or moved
    size_t event_count;
    struct session session; // as it will be
    struct host host;
    struct profile profile;
    bool reconnected;             // to a running session
    char moved_from[ID_SIZE];     // the device it was taken from; empty: none, or the same
    char abandoned_host[ID_SIZE]; // the host of an earlier session that is given up; empty: none
    struct trace trace;
};

void logon_decide(const struct state *state, const struct logon_input *input, struct logon_decision *decision);

// How a session changes once it runs. False, and no event, when there is nothing
// to change: unknown session, older fencing number, or already so.
bool session_report(const struct state *state, const char *session_id, const char *device_id, int64_t fence,
                    enum desk_report reported, int64_t now_ms, struct event *event);
// Leases whose desk never connected, one at a time; false when there are none. Of hosts with an agent its reports tell.
bool session_overdue(const struct state *state, int64_t now_ms, int64_t lease_ms, struct event *event);
