// SPDX-License-Identifier: EUPL-1.2
// The queues of this host's cupsd, by libcups. All of it waits: for a thread of its own. Ours are those that hand over
// to the backend "pult"; others are left alone.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/fault.h"

enum { CUPS_QUEUES_FAULT_SIZE = 240 };

struct cups_queues_plan {
    const char *socket;    // of cupsd
    const char *state_dir; // where the backend finds what it needs
    const struct host_queue *queues;
    size_t queue_count;
    const struct host_printing_person *people;
    size_t person_count;
};

struct cups_queues_result {
    size_t added, changed, removed, kept; // kept: not wanted any more, but jobs wait in them
    char fault[CUPS_QUEUES_FAULT_SIZE];   // what is odd with one of them; ""
};

// Adds, changes and removes what differs. A queue that is not wanted takes no new jobs, and goes when it has none.
// FAULT_UNAVAILABLE: cupsd does not answer, or not as it should.
bool cups_queues_settle(const struct cups_queues_plan *plan, struct cups_queues_result *result, struct fault *why)
    __attribute__((warn_unused_result));
// Whether somebody listens there. Waits for nothing.
bool cups_queues_answers(const char *socket);
