// SPDX-License-Identifier: EUPL-1.2
// A connection as bytes, by TLS or bare, on a descriptor of our own: nothing of it blocks, and nothing is kept for one
// that is idle. For programs that have many of them; libwebsockets costs more.
#pragma once
#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

struct tls_line {
    int descriptor;
    SSL *tls;         // NULL: bare
    bool wants_write; // before it goes on, whatever it was asked for
};

// By the policy, for such lines. What it shows and believes is the caller's to set.
SSL_CTX *tls_line_context(const SSL_METHOD *method);
// Takes over the descriptor, which is non-blocking. `context` NULL: bare.
void tls_line_init(struct tls_line *line, int descriptor, SSL_CTX *context, bool is_server);
// Right after that: what is shown is the pattern's, a fresh SSL of the same context that shows one certificate, and not
// a copy of its own.
void tls_line_share(struct tls_line *line, const SSL *pattern);
void tls_line_fini(struct tls_line *line); // says goodbye and closes
// Nothing is written any more. What still comes is to be passed over until the other side has closed, too.
void tls_line_say_goodbye(struct tls_line *line);
// Passes over what has come, in `bytes`; false: the other side has closed.
bool tls_line_listens(struct tls_line *line, void *bytes, size_t size) __attribute__((warn_unused_result));
// Whether what was read stays in OpenSSL's buffers, and in memory once they are released, or is wiped there at once,
// which costs time for each byte.
void tls_line_wipe(struct tls_line *line, bool wipes);
// What the handshake alone needed is forgotten; once, when it is done and the certificate was looked at.
void tls_line_settle(struct tls_line *line);

// 1: done; 0: again when it is ready; -1: it failed.
int tls_line_handshake(struct tls_line *line);
// How many bytes; 0: again when it is ready; -1: ended. There may be more to be read though the descriptor is not
// readable: read on until 0 comes.
ssize_t tls_line_read(struct tls_line *line, void *bytes, size_t size);
ssize_t tls_line_write(struct tls_line *line, const void *bytes, size_t length);
