// SPDX-License-Identifier: EUPL-1.2
// The broker's listeners: one for people and programs, one for devices, one for administrators with a certificate, and
// one for devices that come through a gateway; each of these trusts its own authority alone. HTTPS and WebSocket by
// libwebsockets on the broker's loop.
#pragma once
#include "broker/calls/services.h"
#include "broker/net/unproven.h"

struct server;
struct ticket_keys;

struct server_config {
    const char *address;                             // to listen on; "" for all
    int port, device_port, admin_port, gateway_port; // gateway_port: 0: closed
    const char *certificate_file, *key_file;         // shown by all
    const char *device_ca_file;                      // who may connect to device_port, and to gateway_port
    const char *admin_ca_file;                       // who may connect to admin_port; "": that port is closed
    struct ticket_keys *ticket_keys;                 // must outlive the server
    struct unproven_limits unproven;
};

struct server *server_new(struct services *services, const struct server_config *config, struct fault *why);
// Reads certificate, key and admin_ca_file again, for connections that begin from now on; those that are up stay as
// they are. False: what was in use is still.
bool server_renew(struct server *server, const struct server_config *config, struct fault *why)
    __attribute__((warn_unused_result));
void server_free(struct server *server); // before loop_free, which ends its connections
struct link_port server_links(struct server *server);
struct listener_port server_listeners(struct server *server);
// Pings agents, and drops links that have been silent for too long or whose certificate has no standing any more. Call
// it about every 5 seconds.
void server_sweep_links(struct server *server);
