// SPDX-License-Identifier: EUPL-1.2
// A Unix socket of whole packets (SOCK_SEQPACKET) that only root may use.
#pragma once
#include "broker/base/fault.h"

#include <sys/types.h>

// In place of what an earlier run left there. -1 with why.
int root_listener_open(const char *path, struct fault *why);
// Who comes next, not blocking; *pid (NULL: nobody asks) is the process. -1: nobody, or somebody else, who is told to
// the log.
int root_listener_accept(int listener, pid_t *pid);
