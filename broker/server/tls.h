// SPDX-License-Identifier: EUPL-1.2
// What a connection tells of its other side, and what it need not keep.
#pragma once
#include "broker/api/types.h"

#include <openssl/ssl.h>

// The certificate that the other side showed, of a resumed session in its first handshake: who uses it checks its
// standing and its dates at every request.
struct tls_identity {
    char certificate[DIGEST_SIZE]; // empty: none was shown
    char common_name[ID_SIZE];     // empty also when it is none of ours
    char renews[DIGEST_SIZE];      // which one it renews, by the authority's word (CA_RENEWS); empty: it is a first one
    int64_t from_ms, until_ms;
    int64_t ticket_ms; // since when the key seals that its ticket was sealed with; 0: it has none of ours
};

// Of a connection whose handshake is done.
void tls_identify(SSL *ssl, struct tls_identity *identity);
int64_t tls_half_life_ms(SSL *ssl); // when half of that certificate's time is over; 0 without one
// Gives it a ticket that holds the identity in place of the certificate, which is then forgotten: reading one is the
// third of what it costs to resume a session, and keeping it, of what an idle line costs. The ticket goes out
// with what is written next. Of TLS 1.3 only: TLS 1.2 has tickets of OpenSSL's own making, in the handshake.
void tls_give_ticket(SSL *ssl, const struct tls_identity *identity, int64_t ticket_ms);
// After the handshake, and after tls_identify: forgets the keys that it alone needed, the ephemeral private one among
// them.
void tls_forget_keys(SSL *ssl);
