// SPDX-License-Identifier: EUPL-1.2
// What the state believes of a host's sessions, and what the host has: when they differ the host is right. A host
// speaks of its own sessions only: what it says of others is passed over.
#pragma once
#include "broker/core/report.h"
#include "broker/core/session.h"
#include "broker/core/state.h"

enum {
    RECONCILE_FRESH_MS = 5 * 1000,          // a change so young may not be in the report yet
    RECONCILE_LEASE_MS = OTP_MS + 5 * 1000, // who has not come by then does not come with this lease
};

struct reconciliation {
    struct event *events;
    size_t event_count, event_capacity;
    struct host_message *orders; // to the host
    size_t order_count, order_capacity;
    size_t foreign_sessions; // sessions in the report that are not this host's by the state
    size_t surplus_shown;    // that the state does not know, but somebody works there: they are told (an order of
                             // HOST_MESSAGE each), and it is ended once nobody does
};

// What is unrecorded was never ended by this journal: it is left alone. `out` begins as {0}; reconciliation_fini frees
// what is in it.
void reconcile(const struct state *state, const struct report *report, const struct session_ages *ages,
               struct reconciliation *out);
void reconciliation_fini(struct reconciliation *out);
