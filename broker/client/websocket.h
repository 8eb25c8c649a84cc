// SPDX-License-Identifier: EUPL-1.2
// The link of a machine's agent to the broker, up again and again. See client_link for what its owner is promised.
#pragma once
#include "broker/api/link.h"
#include "broker/base/loop.h"

struct tls_connector;
struct websocket;

struct websocket_events {
    void (*up)(void *arg); // the broker let it in
    void (*down)(void *arg);
    void (*message)(void *arg, const void *message); // the struct of the link; borrowed
    // The broker does not let this program in: instead of `up`, at each attempt. `detail` is English, for the log.
    void (*refused)(void *arg, enum refusal refusal, const char *detail);
};

struct websocket *websocket_new(struct loop *loop, struct tls_connector *connector, const struct link_row *row,
                                const struct websocket_events *events, void *arg);
void websocket_free(struct websocket *link); // before the wire; NULL allowed; from within an event, too
bool websocket_send(struct websocket *link, const void *message);
