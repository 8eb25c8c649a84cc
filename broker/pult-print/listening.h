// SPDX-License-Identifier: EUPL-1.2
// Sockets to listen on, not blocking.
#pragma once
#include "broker/base/fault.h"

// `address` in numbers, "" for all. -1 with why.
int listening_on_port(const char *address, int port, struct fault *why);
// In place of what is there. Anybody may connect: who it is, the kernel says. -1 with why.
int listening_on_path(const char *path, struct fault *why);
