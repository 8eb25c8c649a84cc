// SPDX-License-Identifier: EUPL-1.2
// The link of a machine's agent to the broker, up again and again. See client_link for what its owner is promised.
#pragma once
#include "broker/api/link.h"
#include "broker/base/loop.h"

struct tls_connector;
struct websocket;

enum {
    WEBSOCKET_CONNECT_MS = 10 * 1000, // an attempt that takes longer is given up
    WEBSOCKET_WAIT_MIN_MS = 200,
    WEBSOCKET_WAIT_MAX_MS = 15 * 1000,
};

struct websocket_events {
    void (*up)(void *arg); // the broker let it in
    void (*down)(void *arg);
    void (*message)(void *arg, const void *message); // the struct of the link; borrowed
    // The broker does not let this program in: instead of `up`, at each attempt. `detail` is English, for the log.
    void (*refused)(void *arg, enum refusal refusal, const char *detail);
    // After websocket_probe: the broker has not answered in time; then, unless the link goes down: is heard again.
    void (*silent)(void *arg, bool is_silent);
};

struct websocket *websocket_new(struct loop *loop, struct tls_connector *connector, const struct link_row *row,
                                const struct websocket_events *events, void *arg);
void websocket_free(struct websocket *link); // before the wire; NULL allowed; from within an event, too
// Asks at once whether the broker is there, instead of with the next ping: for when somebody waits for it. Asked again
// meanwhile, it does nothing.
void websocket_probe(struct websocket *link);
int websocket_descriptor(const struct websocket *link); // -1 while it is not up
bool websocket_send(struct websocket *link, const void *message);
// How long to wait for the next attempt: between half and all of `wait_ms`, by chance, since a whole district comes
// back at once after a restart of the broker.
int64_t websocket_pause_ms(int64_t wait_ms, uint32_t chance);
int64_t websocket_longer_ms(int64_t wait_ms); // the same for the attempt after that
