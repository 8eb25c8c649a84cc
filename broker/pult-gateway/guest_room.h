// SPDX-License-Identifier: EUPL-1.2
// What all guests share: plain data, filled by gate.c.
#pragma once
#include "broker/net/resolver.h"
#include "broker/pult-gateway/channel_question.h"
#include "broker/pult-gateway/gateway_config.h"
#include "broker/pult-gateway/portal_passage.h"
#include "broker/pult-gateway/rdp_middle.h"
#include "broker/pult-gateway/tunnel.h"

#include <openssl/ssl.h>

struct door_port;
struct guest;

enum { GUEST_ORIGIN_SIZE = NAME_SIZE + 16 };

struct guest_room {
    struct loop *loop;
    const struct gateway_config *config;
    struct tunnels *tunnels;
    struct channel_office *office;
    struct resolver *resolver;
    struct rdp_middles *middles;
    struct portal_passages *passages; // NULL: no browser is let through
    const struct door_port *door;     // for the front door
    SSL *pattern;                     // of the first of these, for tls_line_share
    SSL_CTX *context, *inner_context; // shown to callers; for session hosts, where a session's TLS ends here
    char origin[GUEST_ORIGIN_SIZE];   // of our own pages, as browsers say it; empty: not known
    struct guest *guests;             // the newest first
    size_t open;                      // connections
    bool draining, linked;            // lets nobody in any more; the broker can be asked
    char id[ID_SIZE];                 // of this gateway
    char key[DIGEST_SIZE];            // by which it vouches for callers; empty: it cannot
    int64_t last_number;              // of a connection that it vouched for
    // The head of a request is read: the guest is to be answered, or to wait.
    void (*asks)(struct guest *guest);
    // The guest becomes no tunnel. Its channel, if the broker has opened one, has ended: told once.
    void (*failed)(struct guest *guest, enum channel_reason reason);
    tunnel_ended *ended; // also of a channel that never became a tunnel
    void *arg;
};
