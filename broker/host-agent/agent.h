// SPDX-License-Identifier: EUPL-1.2
// Puts the parts of pult-host together: the link to the broker, the gate, the sessions, and what is reported of them.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/host-agent/config.h"

struct agent;

// `config` outlives it. NULL with a fault.
struct agent *agent_new(struct loop *loop, const struct config *config, struct fault *why);
void agent_free(struct agent *agent); // NULL allowed
