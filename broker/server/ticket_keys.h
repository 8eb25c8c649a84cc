// SPDX-License-Identifier: EUPL-1.2
// The keys that seal the tickets of TLS sessions (RFC 8446, section 4.6.1; RFC 5077). They stand in a file, so that
// whoever was connected before a restart comes back cheaply. A ticket holds which certificate its owner has shown,
// nothing else; what that stands for is asked at every request, as without a ticket. In TLS 1.3
// a resumed session has fresh ephemeral keys (psk_dhe_ke), so that a stolen key opens nothing that was recorded.
#pragma once
#include <openssl/ssl.h>
#include <stdint.h>

// A key seals for the first of these ages and opens until the second; a ticket is good for no longer than that.
enum { TICKET_KEY_SEALS_MS = 12 * 60 * 60 * 1000, TICKET_KEY_OPENS_MS = 2 * TICKET_KEY_SEALS_MS };

struct ticket_keys;

// Wall clock. A file that is not there or cannot be used is replaced: that costs full handshakes, nothing else.
struct ticket_keys *ticket_keys_open(const char *path, int64_t now_ms);
void ticket_keys_free(struct ticket_keys *keys); // NULL allowed; the contexts must be gone
// Replaces the key that seals when it is old enough. Call it every few seconds.
void ticket_keys_turn(struct ticket_keys *keys, int64_t now_ms);
int64_t ticket_keys_since_ms(const struct ticket_keys *keys); // of the key that seals now
// For a context that has its certificate and authorities. A ticket is good for the port of this name only, and only as
// long as our certificate and the keys of the authorities there stay the same.
void ticket_keys_serve(struct ticket_keys *keys, SSL_CTX *context, const char *port);
