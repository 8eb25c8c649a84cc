// SPDX-License-Identifier: EUPL-1.2
// A port: takes connections, and keeps them until the first message of TLS has come as a whole. Till then the kernel
// has them and the program next to nothing; only then they are handed on, with all they cost from there.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/net/unproven.h"

#include <stddef.h>

struct listener;

struct listener_config {
    struct loop *loop;
    struct unproven_table *unproven;
    int unproven_port;          // which one it is in that table
    size_t *open, open_max;     // connections of the program, which counts those that it was handed
    const char *listen_address; // in numbers; "" for all
    int port;
    // Its TLS begins: the descriptor and its place in the table are the receiver's, and have to be counted in `open`.
    void (*begin)(void *arg, int descriptor, struct unproven *unproven);
    void *arg;
};

// The table outlives it.
struct listener *listener_new(const struct listener_config *config, struct fault *why);
// Whether one could be made there now.
bool listener_is_possible(const char *address, int port, struct fault *why) __attribute__((warn_unused_result));
void listener_free(struct listener *listener); // NULL allowed; what waits here is closed
