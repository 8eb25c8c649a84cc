// SPDX-License-Identifier: EUPL-1.2
// One of the broker's ports: takes connections, and keeps them until the first message of TLS has come as a whole. Till
// then the kernel has them and the broker next to nothing; only then libwebsockets gets them, with all they cost.
#pragma once
#include "broker/server/connection.h"

struct listener;

// `address`: to listen on, "" for all. Whatever comes goes to the virtual host. `server` has its table.
struct listener *listener_new(struct server *server, enum listener_kind kind, struct lws_vhost *vhost,
                              const char *address, int port, struct fault *why);
// Whether one could be made there now.
bool listener_is_possible(const char *address, int port, struct fault *why) __attribute__((warn_unused_result));
void listener_free(struct listener *listener); // NULL allowed; what waits here is closed
