// SPDX-License-Identifier: EUPL-1.2
// Passes connections on to a broker's gateway-port as a gateway does for the portal, in a process of its own: for
// clients that cannot say a PROXY header.
#pragma once
#include <sys/types.h>

#define PASSER_GATEWAY "neustadt/gw"
#define PASSER_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PASSER_CALLER "203.0.113.9" // everybody there is

pid_t passer_start(int port, int gateway_port); // it listens when this returns; to be ended by SIGKILL
