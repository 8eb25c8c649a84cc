// SPDX-License-Identifier: EUPL-1.2
// Puts the parts of pult-host together: the link to the broker, the verifier, the sessions, and what is reported of
// them.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/pult-host/host_config.h"

struct host_agent;

// `config` outlives it. NULL with a fault.
struct host_agent *host_agent_new(struct loop *loop, const struct host_config *config, struct fault *why);
void host_agent_free(struct host_agent *agent); // NULL allowed
