// SPDX-License-Identifier: EUPL-1.2
// The line of an enrolled device or session host to its broker: a client with a link, whose certificate is renewed in
// time. Then a second link comes up with the new certificate before the first one goes, so nobody notices; and since
// that is the first use of the new certificate, the old one is good until the new one has proven to be.
#pragma once
#include "broker/api/client.h"
#include "broker/api/types.h"

struct line;

struct line_config { // the strings outlive the line
    enum noun noun;  // NOUN_DEVICE or NOUN_HOST
    const char *broker;
    int port;
    const char *broker_ca, *state_dir;
};

// NULL with a fault when a file cannot be read. After a renewal the link is told to be up without having been down.
struct line *line_new(struct loop *loop, const struct line_config *config, const struct client_link_events *events,
                      void *arg, struct fault *why);
void line_free(struct line *line); // open calls end without `done`; NULL allowed
// For the next call or message; not to be kept, for it is another one after a renewal.
struct client *line_client(const struct line *line);
