// SPDX-License-Identifier: EUPL-1.2
// TLS connections to one broker, by libwebsockets on the loop: what calls and link stand on.
#pragma once
#include "broker/api/client.h"
#include "broker/api/trust.h"

#include <libwebsockets.h>

struct wire;

// One connection, embedded in its owner, which outlives it or cuts it.
struct wire_end {
    // `reason` is an enum lws_callback_reasons; -1 closes the connection. Nothing may be freed from within.
    int (*event)(struct wire_end *end, int reason, void *in, size_t length);
    struct lws *wsi; // NULL: no connection
};

struct wire *wire_new(struct loop *loop, const struct client_config *config, struct fault *why);
void wire_free(struct wire *wire); // connections still open end without an event
struct trust *wire_trust(struct wire *wire);
const char *wire_peer(const struct wire *wire); // "host:port", for the Host header and for people

// HTTP with a `method`, a WebSocket without. False when it failed at once; else events follow. Looking up the name
// blocks.
bool wire_dial(struct wire *wire, struct wire_end *end, const char *method, const char *path)
    __attribute__((warn_unused_result));
void wire_cut(struct wire_end *end);    // closes at once and without an event; never from within an event
void wire_forget(struct wire_end *end); // no more events; from within an event that closes
// Why there was no connection, for people: what TLS has against the peer, or `reason`.
void wire_blame(struct wire *wire, const char *reason, char *sentence, size_t size);
