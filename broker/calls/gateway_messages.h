// SPDX-License-Identifier: EUPL-1.2
// What the broker does with what gateways say, and what it tells them.
#pragma once
#include "broker/calls/services.h"

void gateway_linked(struct services *services, const char *gateway_id);
void gateway_unlinked(struct services *services, const char *gateway_id);
// The gateway is proven, what it says is hostile.
void gateway_message(struct services *services, const char *gateway_id, struct gateway_message *message);
void gateway_changed(struct services *services, const char *gateway_id); // its record was set, or is gone
// A token that opens this session, as it is now, by this way. `logon`: SHA-256 of the portal's cookie by which it
// was asked for, which a browser has to show with it; "" for none. `proven_ms`: steady, when the directory let them in;
// 0: it was not asked now.
void gateway_offer(struct services *services, const struct session *session, enum channel_way way, const char *logon,
                   int64_t proven_ms, char token[CHANNEL_TOKEN_SIZE]);
// Closes at once what carries this session to who has no desk of ours, which would hear itself why the session leaves
// it: before their host closes the connection, which says nothing of it.
void gateway_close_session(struct services *services, const char *session_id, enum channel_reason reason);
// Every second: closes the channels that may not go on.
void gateway_sweep(struct services *services);
