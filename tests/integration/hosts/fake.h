// SPDX-License-Identifier: EUPL-1.2
// A session host that behaves well or badly, as a test tells it to: a thread that accepts connections at a loopback
// address.
#pragma once
#include "broker/api/types.h"

#include <openssl/ssl.h>
#include <stddef.h>

struct fake;
typedef void fake_play(struct fake *fake, int client);

struct fake {
    int port;
    char fingerprint[DIGEST_SIZE];
    SSL_CTX *tls;
    size_t piece;      // bytes a write, 0: as many as there are
    const void *bytes; // for fake_says
    size_t length;
    int listener;
    fake_play *play;
};

// Its certificate is made on the spot. The test's end ends it.
struct fake *fake_new(fake_play *play); // at 127.0.0.1, on any port
struct fake *fake_new_at(fake_play *play, const char *address, int port);
// A port of 127.0.0.1 nobody serves, and one where no SYN is answered.
int fake_closed_port(void);
int fake_silent_port(void);

fake_play fake_serves_tls;      // as a healthy host
fake_play fake_says_back;       // by TLS, whatever it hears
fake_play fake_says;            // sends `bytes`, then waits for the end
fake_play fake_says_and_resets; // sends `bytes`, then resets the connection
fake_play fake_leaves_after_confirm;
fake_play fake_babbles_after_confirm;
