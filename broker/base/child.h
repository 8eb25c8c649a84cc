// SPDX-License-Identifier: EUPL-1.2
// A program that the agent starts: with exactly the descriptors, environment and user it is meant to have. It ends
// with the agent, whatever becomes of the agent.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

enum { ACCOUNT_GROUPS_MAX = 32, CHILD_PASS_MAX = 4, CHILD_NOT_STARTED = 127 };

struct account {
    uid_t uid;
    gid_t gid;
    gid_t groups[ACCOUNT_GROUPS_MAX];
    size_t group_count;
};

// FAULT_ABSENT when this machine does not know the user.
bool account_find(struct account *account, const char *name, struct fault *why) __attribute__((warn_unused_result));

struct child_limit {
    int resource; // RLIMIT_...
    rlim_t most;
};

struct child_plan {
    const char *const *arguments;   // arguments[0] is the program's path; ends with NULL
    const char *const *environment; // all of it; ends with NULL
    const struct account *account;  // NULL: stays who we are
    bool no_network;                // gets an empty network namespace of its own; for root only
    bool goes_first;                // is ended before others, with its own children, when memory is short
    int input, output;              // its 0, and its 1 and 2; -1: /dev/null
    int pass[CHILD_PASS_MAX];       // becomes 3, 4, ...
    size_t pass_count;
    const struct child_limit *limits;
    size_t limit_count;
};

struct child;

// `status` is the exit code, or 128 + the signal; CHILD_NOT_STARTED when the program could not be run.
typedef void child_ended(void *arg, int status);

// Descriptors stay the caller's. NULL with a fault when the system has no room for another process.
struct child *child_start(struct loop *loop, const struct child_plan *plan, child_ended *ended, void *arg,
                          struct fault *why);
// Asks it to end, then makes it; `ended` still comes. Asking again gives it no more time.
void child_end(struct child *child);
// Ends it and waits for that, at most a second; `ended` does not come any more. NULL allowed.
void child_free(struct child *child);
