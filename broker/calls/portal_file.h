// SPDX-License-Identifier: EUPL-1.2
// The .rdp file by which an RDP program opens somebody's desktop, through the gateway by which they came to the portal.
#pragma once
#include "broker/calls/portal.h"
#include "broker/core/logon.h"

// Whether there are any: somebody signs them, and the gateway is known.
bool portal_has_files(const struct services *services, const struct request *request);
// Ends the request with the file for what was decided, in which a token of its own is. `user_name`: at the host.
void portal_answer_file(struct services *services, struct request *request, const struct logon_decision *decision,
                        const char *user_name);
