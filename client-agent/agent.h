// SPDX-License-Identifier: EUPL-1.2
// The daemon: the desk's decisions joined to the real greeter, KDC, broker, X servers and viewer.
#pragma once
#include "broker/base/loop.h"
#include "broker/client/uplink.h"
#include "client-agent/agent_config.h"

struct agent;

// NULL with a fault when something that it cannot do without is missing. `config` must outlive it.
struct agent *agent_new(struct loop *loop, const struct agent_config *config, const struct uplink_config *uplink,
                        struct fault *why);
void agent_free(struct agent *agent);
