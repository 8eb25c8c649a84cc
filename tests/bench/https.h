// SPDX-License-Identifier: EUPL-1.2
// A plain, blocking HTTPS client for load: one connection that is kept from request to request.
#pragma once
#include "broker/base/text.h"

#include <openssl/ssl.h>

struct https {
    SSL_CTX *context;
    const char *host; // checked against the certificate
    const char *port;
    SSL *ssl; // NULL: not connected
    struct text answer;
};

// `certificate` and `key` are PEM files, NULL for none. Ends the program when a file cannot be used.
SSL_CTX *https_context(const char *ca, const char *certificate, const char *key);
// The load device of a number in a folder made by bench_enrol.
SSL_CTX *https_device(const char *ca, const char *folder, int number);
bool https_open(struct https *https);
void https_close(struct https *https);
// The status, and the body in `answer`; 0, and closed, when there is no whole answer within 30 s. Connects first when
// it is not. `head` is more header lines, each with its end, or "".
int https_ask(struct https *https, const char *verb, const char *path, const char *head, const char *body);
void https_drop(struct https *https); // the connection and the answer, not the context
