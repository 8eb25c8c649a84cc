// SPDX-License-Identifier: EUPL-1.2
// The doors that jobs come by: a port for session hosts (mutual TLS), and a socket for the Kerberos door, a cupsd on
// this machine. HTTP/1.1, one request after the other on each connection. Who is slow, or has proven nothing, is sent
// away.
#pragma once
#include "broker/pult-print/door_peer.h"
#include "broker/pult-print/intake.h"

struct print_door;

struct print_door_config {
    const char *address; // to listen on; "" for all
    int port;
    const char *socket;  // path of the socket
    int64_t socket_uid;  // who may use it beside root; -1: nobody
    int64_t patience_ms; // for each step
};

// The socket is open; the port is once there is a context. `office` outlives it. NULL with why.
struct print_door *print_door_new(struct loop *loop, const struct print_door_config *config,
                                  struct intake_office *office, struct fault *why);
void print_door_free(struct print_door *door); // before the spool; NULL allowed
// What hosts are shown, and whose certificates are taken, from now on: the door's own. False: the port cannot be
// opened, which is tried again every second.
bool print_door_open(struct print_door *door, SSL_CTX *context, struct fault *why) __attribute__((warn_unused_result));
// For --check: whether it could be listened there now.
bool print_door_is_possible(const char *address, int port, struct fault *why) __attribute__((warn_unused_result));
