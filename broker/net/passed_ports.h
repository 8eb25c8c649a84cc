// SPDX-License-Identifier: EUPL-1.2
// Ports that systemd has opened for the program (sd_listen_fds(3)), told by the environment: a program that is given
// them needs no right to open one below 1024. Without systemd there are none.
#pragma once
#include "broker/base/fault.h"

enum { PASSED_PORTS_MAX = 8 };

// The descriptors are the caller's; none are there for who asks again. False with why: more than there may be, or one
// that does not listen.
bool passed_ports_take(int descriptors[PASSED_PORTS_MAX], int *count, struct fault *why)
    __attribute__((warn_unused_result));
