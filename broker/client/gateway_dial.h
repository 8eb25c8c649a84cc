// SPDX-License-Identifier: EUPL-1.2
// The way through a gateway, for a desk outside: what is dialled is a WebSocket to it, and the caller gets a descriptor
// that its bytes go through, as if it had been connected to the broker or the session host itself.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/net/dial.h"

#define GATEWAY_TO_BROKER "/v1/device"
#define GATEWAY_TO_HOST "/v1/channel"

struct gateway_client; // which gateway, and what goes through it now
struct gateway_dial;

struct gateway_client_config { // the strings are copied
    const char *name;          // as in its certificate
    int port;
    const char *ca_file; // of the authority that signed that; "": those that the system believes
};
// NULL with why: a file cannot be used.
struct gateway_client *gateway_client_new(struct loop *loop, const struct gateway_client_config *config,
                                          struct fault *why);
void gateway_client_free(struct gateway_client *client); // what goes through it is cut; NULL allowed

// `token`: what the broker gave out; NULL: none is asked for. As dial_new.
struct gateway_dial *gateway_dial_new(struct gateway_client *client, const char *path, const char *token,
                                      int64_t deadline_ms, dial_done *done, void *arg);
void gateway_dial_free(struct gateway_dial *dial); // as dial_free
