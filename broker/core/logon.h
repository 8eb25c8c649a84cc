// SPDX-License-Identifier: EUPL-1.2
// The decision of a logon: somebody proven, at a device or at any computer -> tenant wall -> profile -> running session
// or host -> lease. No I/O: the same input gives the same decision.
#pragma once
#include "broker/core/placement.h"
#include "broker/core/profile.h"
#include "broker/core/session.h"

struct logon_input {
    const char *tenant_id; // where the person was proven
    const char *person_id; // "tenant/p-..."
    struct membership who;
    const char *device_id;  // "": at a computer that is none of ours
    const char *gateway_id; // through which they come from there; NULL at a device
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
