// SPDX-License-Identifier: EUPL-1.2
// Browsers at the portal: their TLS ends at the gateway, which has a connection of its own to the broker for each of
// theirs, so that nothing of two callers is ever mixed. They are nobody yet, for all that is known here: bounded, and
// apart from the tunnels. What has passed is wiped, since passwords are among it.
#pragma once
#include "broker/client/tls_trust.h"
#include "broker/net/websocket_pump.h"

struct portal_passages;

struct portal_limits {
    int64_t all, network; // at a time
    int64_t buffer_bytes; // see websocket_pool_new
    int64_t patience_ms;  // with a step of the broker; with a browser that takes nothing it is longer
};

// `broker`: whom the broker's port for gateways must show; borrowed.
struct portal_passages *portal_passages_new(struct loop *loop, const struct portal_limits *limits,
                                            struct tls_trust *broker);
void portal_passages_free(struct portal_passages *passages); // all are cut; NULL allowed
// For one more, from this network.
bool portal_passages_have_room(const struct portal_passages *passages, const char *network);
// Takes over the browser's line and the descriptor, on which the broker has been told who calls. `said`: what has come
// from the browser already; copied. There is room.
void portal_passages_begin(struct portal_passages *passages, const struct tls_line *browser, int broker,
                           const char *network, const char *said, size_t length);
