// SPDX-License-Identifier: EUPL-1.2
// A connection that jobs come by, as bytes: from a session host, by TLS with a certificate each side, or from a program
// of this machine. Nothing of it blocks.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/pult-print/intake.h"

#include <openssl/ssl.h>
#include <sys/types.h>

struct door_line {
    int descriptor;
    SSL *tls;         // NULL: of this machine
    bool wants_write; // before it goes on, whatever it was asked for
};

// Shows the certificate of the first file, takes those that the second one's signed. NULL with why.
SSL_CTX *door_context_new(const char *credential_file, const char *authority_file, struct fault *why);

// Takes over the descriptor. `context` NULL: of this machine.
void door_line_init(struct door_line *line, int descriptor, SSL_CTX *context);
void door_line_fini(struct door_line *line); // says goodbye and closes
// Nothing is written any more. What still comes is to be passed over until the other side has closed, too.
void door_line_say_goodbye(struct door_line *line);
// Passes over what has come, in `bytes`; false: the other side has closed.
bool door_line_listens(struct door_line *line, void *bytes, size_t size) __attribute__((warn_unused_result));

// 1: done; 0: again when it is ready; -1: it failed.
int door_line_handshake(struct door_line *line);
// How many bytes; 0: again when it is ready; -1: ended.
ssize_t door_line_read(struct door_line *line, void *bytes, size_t size);
ssize_t door_line_write(struct door_line *line, const void *bytes, size_t length);

// Whose certificate it is; false: no session host's, or it has expired meanwhile.
bool door_line_host(const struct door_line *line, struct intake_origin *origin, struct fault *why)
    __attribute__((warn_unused_result));
// The user at the other end of a line of this machine, as the kernel says; -1: nobody knows.
int64_t door_line_uid(const struct door_line *line);
