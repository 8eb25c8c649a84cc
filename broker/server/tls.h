// SPDX-License-Identifier: EUPL-1.2
// What a connection tells of its other side, and what it need not keep.
#pragma once
#include "broker/api/types.h"

#include <openssl/ssl.h>

// The certificate the other side showed: its digest and common name. False without one. Also right for resumed
// sessions, which keep the certificate of the first handshake: who uses it checks its standing at every request.
bool tls_peer(SSL *ssl, char digest[DIGEST_SIZE], char common_name[ID_SIZE]);
// Which certificate it renews, by the authority's word (CA_RENEWS); false when it is a first one.
bool tls_peer_renews(SSL *ssl, char digest[DIGEST_SIZE]);
// Until when that certificate is valid; 0 without one. A resumed session and a kept connection outlive it.
int64_t tls_peer_until_ms(SSL *ssl);
int64_t tls_peer_half_life_ms(SSL *ssl); // when half of its time is over
// After the handshake, and after tls_peer: forgets the keys that it alone needed, the ephemeral private one among them.
void tls_forget_keys(SSL *ssl);
