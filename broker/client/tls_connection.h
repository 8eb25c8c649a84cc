// SPDX-License-Identifier: EUPL-1.2
// TLS connections to one broker, dialled by net/dial and spoken over by libwebsockets on the loop: what calls and link
// stand on.
#pragma once
#include "broker/base/loop.h"
#include "broker/client/tls_trust.h"
#include "broker/net/tcp_watch.h"

#include <libwebsockets.h>

struct dial;
struct gateway_client;
struct gateway_dial;
struct loop_timer;
struct tls_connector;

// One connection, embedded in its owner, which outlives it or cuts it.
struct tls_connection {
    // `reason` is an enum lws_callback_reasons; -1 closes the connection. Nothing may be freed from within.
    int (*event)(struct tls_connection *end, int reason, void *in, size_t length);
    struct lws *wsi; // NULL: no connection
    // Ours, while it is dialled.
    struct tls_connector *connector;
    struct dial *dial;
    struct gateway_dial *through; // instead, through a gateway
    const char *method, *path;
    struct loop_timer *watch;
    struct tcp_gap gap;
    int64_t stood_ms;
    bool small;                // sends small packets only
    bool shaken, packets_lost; // packets_lost: and therefore it has failed
};

// `trust` is taken over.
struct tls_connector *tls_connection_new(struct loop *loop, const char *host, int port, struct tls_trust *trust);
// From now on everything goes through a gateway, which outlives it.
void tls_connection_go_through(struct tls_connector *connector, struct gateway_client *gateway);
void tls_connection_free(struct tls_connector *connector); // connections still open end without an event
struct tls_trust *tls_connection_trust(struct tls_connector *connector);
// Large packets were lost on the way, so that only small ones are used until then, by clock_steady_ms; 0: they never
// were. While only a first trial has shown so, that is soon.
int64_t tls_connection_small_until_ms(const struct tls_connector *connector);
bool tls_connection_uses_small_packets(const struct tls_connector *connector);
// It is not known yet whether they are lost, or the broker is slow: so long after a small one was answered it is.
enum { TLS_CONNECTION_VERDICT_MS = 1500 };
bool tls_connection_is_in_doubt(const struct tls_connector *connector);
const char *
tls_connection_peer(const struct tls_connector *connector); // "host:port", for the Host header and for people

// HTTP with a `method`, a WebSocket without; both strings outlive the connection. Events follow: of a failure
// LWS_CALLBACK_CLIENT_CONNECTION_ERROR with a sentence.
void tls_connection_dial(struct tls_connector *connector, struct tls_connection *end, const char *method,
                         const char *path);
void tls_connection_cut(struct tls_connection *end); // closes at once and without an event; never from within an event
void tls_connection_forget(struct tls_connection *end); // no more events; from within an event that closes
// Why there was no connection, for people: what TLS has against the peer, or `reason`.
void tls_connection_blame(struct tls_connector *connector, const char *reason, char *sentence, size_t size);
