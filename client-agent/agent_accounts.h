// SPDX-License-Identifier: EUPL-1.2
// Whom the greeter and the viewer run as, and the folders that are theirs.
#pragma once
#include "broker/base/child.h"
#include "client-agent/agent_config.h"

// As root: finds both accounts; else neither is looked for. Makes the folders.
bool agent_accounts_find(const struct agent_config *config, struct account *greeter, struct account *rdp_client,
                         struct fault *why) __attribute__((warn_unused_result));
