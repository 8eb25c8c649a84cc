// SPDX-License-Identifier: EUPL-1.2
// The way from the viewer, which has no network, to its session host: a Unix socket that the viewer connects to, and
// the host dialled by us. After a break the viewer connects anew; then the host is dialled again for a while; through a
// gateway once, since a token for it is good for one dial.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

#include <sys/types.h>

enum relay_event {
    RELAY_REACHED,      // the host answers, the viewer is not there yet
    RELAY_UP,           // viewer and host are connected, for the first time or again
    RELAY_MENDING,      // the line broke, the viewer wants to go on, the host is being dialled
    RELAY_SILENT,       // nothing at all has come from the host for two seconds, not even an answer to our kernel
    RELAY_HEARD,        // and something has again
    RELAY_PACKETS_LOST, // large ones: the connection is over, and would be again unless it used small ones
    RELAY_UNREACHABLE,  // the host could not be reached at first, or at any time through a gateway; the last event
    RELAY_GIVEN_UP,     // nor again after a break; the last event
};

struct gateway_client;

struct relay_config {
    const char *socket_path;
    uid_t viewer; // who may connect to the socket
    const char *address;
    int port;
    int64_t dial_ms;                // deadline of one attempt
    int64_t give_up_ms;             // how long a broken line may stay broken
    bool small_packets;             // on a way where large ones are lost
    struct gateway_client *gateway; // the host is dialled through it; NULL: itself
    const char *channel;            // the token for that, good for one dial
    bool was_up;                    // this is the same line again: without a gateway it is dialled until give_up_ms
};

struct relay;

typedef void relay_told(void *arg, enum relay_event event);

// Listens and begins to dial. Strings are copied. `told` never comes from within. NULL with a fault when the socket
// cannot be made.
struct relay *relay_new(struct loop *loop, const struct relay_config *config, relay_told *told, void *arg,
                        struct fault *why);
void relay_presume_silent(struct relay *relay); // the cable is out: RELAY_SILENT at once
void relay_free(struct relay *relay);           // also from `told`; NULL allowed
// The host, not the viewer, was the first to end the connection, the present or the last one.
bool relay_host_ended(const struct relay *relay);
