// SPDX-License-Identifier: EUPL-1.2
// A device's WebSocket to the broker, up again and again. See client_link for what its owner is promised.
#pragma once
#include "broker/api/wire.h"

struct link;

struct link *link_new(struct loop *loop, struct wire *wire, const char *path, const struct client_link_events *events,
                      void *arg);
void link_free(struct link *link); // before the wire; NULL allowed; from within an event, too
bool link_send(struct link *link, json_object *message);
