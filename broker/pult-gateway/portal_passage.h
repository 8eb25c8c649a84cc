// SPDX-License-Identifier: EUPL-1.2
// Browsers at the portal: their TLS ends at the gateway, which has a connection of its own to the broker for each of
// theirs, so that nothing of two callers is ever mixed. How many there may be from where is the broker's to say, who
// knows where they call from.
#pragma once
#include "broker/client/tls_trust.h"
#include "broker/net/websocket_pump.h"

struct portal_passages;

// Borrows all of it. `broker`: whom the broker's port for gateways must show.
struct portal_passages *portal_passages_new(struct loop *loop, struct websocket_pool *pool, struct tls_trust *broker);
void portal_passages_free(struct portal_passages *passages); // all are cut; NULL allowed
size_t portal_passages_count(const struct portal_passages *passages);
// Takes over the browser's line and the descriptor, on which the broker has been told who calls. `said`: what has come
// from the browser already; copied.
void portal_passages_begin(struct portal_passages *passages, const struct tls_line *browser, int broker,
                           const char *said, size_t length);
