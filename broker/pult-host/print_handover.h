// SPDX-License-Identifier: EUPL-1.2
// Hands one job of cupsd over to the print server.
// "pult:STATE-DIR?TARGET": by mutual TLS, with the certificate of this host; the owner is whom the kernel has named to
// cupsd. "pult-door:SOCKET?TARGET": to the print server of this machine; the owner is the Kerberos principal that cupsd
// has proven. Nothing else is believed.
#pragma once
#include "broker/pult-host/print_words.h"

#include <stdatomic.h>

// What cupsd does then (backend(7)). Never 4, which stops the queue for everybody, nor 7, which tries again without
// end.
enum backend_exit { EXIT_STORED = 0, EXIT_REFUSED = 5, EXIT_LATER = 6 };

struct print_end {
    enum backend_exit code;
    const char *sentence; // for its owner, in their language; empty: none
    bool no_server;       // it waits because no print server took it, and not for something on this host
};

// A connection to the print server, which one job after the other is handed over by. One thread at a time.
struct print_line;
struct print_line *print_line_new(void);
void print_line_free(struct print_line *line); // NULL allowed

// Waits until it is over; soon, once *stops says so. The document is read from where the descriptor stands.
struct print_end print_handover(struct print_line *line, const char *const words[PRINT_WORD_COUNT], int document,
                                const atomic_bool *stops);
