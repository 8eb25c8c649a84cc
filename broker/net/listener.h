// SPDX-License-Identifier: EUPL-1.2
// A port: takes connections, and keeps them until the first message, usually of TLS, has come as a whole. Till then the
// kernel has them and the program next to nothing; only then they are handed on, with all they cost from there.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "broker/net/proxy_header.h"
#include "broker/net/unproven.h"

#include <stddef.h>

struct listener;

enum { LISTENER_PASSER_SIZE = 128 };

// Who really calls, where somebody passes connections on.
struct passed_caller {
    struct address address;
    int port;
    int wish;                      // what they want to speak to, as `admit` says
    char by[LISTENER_PASSER_SIZE]; // who vouches for it; "": nobody needs to
};

enum { LISTENER_HEAD = 5 };
// How long the first message is that begins so; 0: there is none such. Hostile.
typedef int listener_measure(const unsigned char head[LISTENER_HEAD]);

struct listener_config {
    struct loop *loop;
    struct unproven_table *unproven;
    int unproven_port;          // which one it is in that table
    size_t *open, open_max;     // connections of the program, which counts those that it was handed
    const char *listen_address; // in numbers; "" for all
    int port;
    int passed; // a socket that listens already (net/passed_ports), in place of these; taken over; 0: none
    listener_measure *measure; // NULL: TLS's first message
    // It is there: the descriptor and its place in the table are the receiver's, and have to be counted in `open`.
    // `caller`: who really calls; NULL: whose connection it is. Borrowed.
    void (*begin)(void *arg, int descriptor, struct unproven *unproven, const struct passed_caller *caller);
    // Of a port where connections may begin with a header that says who really calls; NULL: there is none, and one with
    // a header is no TLS. Asked of each, before its TLS: whether it may go on. `header`: NULL without one. `caller`:
    // who is named, to be added to; NULL: nobody is.
    bool (*admit)(void *arg, const struct sockaddr_storage *from, const struct proxy_header *header,
                  struct passed_caller *caller);
    void *arg;
};

// The table outlives it.
struct listener *listener_new(const struct listener_config *config, struct fault *why);
// Whether one could be made there now.
bool listener_is_possible(const char *address, int port, struct fault *why) __attribute__((warn_unused_result));
void listener_free(struct listener *listener); // NULL allowed; what waits here is closed
