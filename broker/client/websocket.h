// SPDX-License-Identifier: EUPL-1.2
// A device's WebSocket to the broker, up again and again. See client_link for what its owner is promised.
#pragma once
#include "broker/api/codec.h"
#include "broker/base/loop.h"

struct tls_connector;
struct websocket;

struct websocket_events {
    void (*up)(void *arg);
    void (*down)(void *arg);
    void (*message)(void *arg, json_object *message); // borrowed; already parsed by codec_parse
};

struct websocket *websocket_new(struct loop *loop, struct tls_connector *connector, const char *path,
                                const struct websocket_events *events, void *arg);
void websocket_free(struct websocket *link); // before the wire; NULL allowed; from within an event, too
bool websocket_send(struct websocket *link, json_object *message);
