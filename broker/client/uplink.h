// SPDX-License-Identifier: EUPL-1.2
// The line of an enrolled machine to its broker: a client with a link, whose certificate is renewed in
// time. Then a second link comes up with the new certificate before the first one goes, so nobody notices; and since
// that is the first use of the new certificate, the old one is good until the new one has proven to be.
#pragma once
#include "broker/api/types.h"
#include "broker/client/client.h"
#include "broker/client/gateway_dial.h"

struct uplink;

struct uplink_config { // the strings outlive the line
    enum noun noun;    // of api/machine
    const char *broker;
    int port;
    const char *broker_ca, *state_dir;
    struct gateway_client_config gateway; // everything goes through it; without a name the broker is dialled itself
};

// For a command line: whether the broker answers on the link's port, and takes the certificate. Blocks, for seconds.
bool uplink_check(const struct uplink_config *config, struct fault *why) __attribute__((warn_unused_result));
// NULL with a fault when a file cannot be read. After a renewal the link is told to be up without having been down.
struct uplink *uplink_new(struct loop *loop, const struct uplink_config *config, const struct websocket_events *events,
                          void *arg, struct fault *why);
void uplink_free(struct uplink *line);                            // open calls end without `done`; NULL allowed
struct gateway_client *uplink_gateway(const struct uplink *line); // NULL: none
// For the next call or message; not to be kept, for it is another one after a renewal.
struct client *uplink_client(const struct uplink *line);
// One more of the same machine, without a link, for calls that shall not wait for others'. NULL with why.
struct client *uplink_another(const struct uplink *line, struct fault *why);
