// SPDX-License-Identifier: EUPL-1.2
// Who may speak at the port that gateways pass connections on to: those alone whom a gateway of ours vouches for.
#pragma once
#include "broker/net/listener.h"

// For listener_config.admit; `arg` is the port's struct port_entry.
bool gateway_port_admits(void *arg, const struct sockaddr_storage *from, const struct proxy_header *header,
                         struct passed_caller *caller);
