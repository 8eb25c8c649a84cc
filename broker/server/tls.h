// SPDX-License-Identifier: EUPL-1.2
// TLS as BSI TR-02102-2 asks for: 1.2 and 1.3, ECDHE with AES-GCM, groups secp256r1 and secp384r1, nothing else.
#pragma once
#include "broker/api/types.h"

#include <openssl/ssl.h>

void tls_harden(SSL_CTX *context);
// SHA-256 of a certificate (DER).
void tls_digest(X509 *certificate, unsigned char digest[32]);
// The certificate the other side showed: its digest and common name. False without one. Also right for resumed
// sessions, which keep the certificate of the first handshake: who uses it checks its standing at every request.
bool tls_peer(SSL *ssl, char digest[DIGEST_SIZE], char common_name[ID_SIZE]);
// Which certificate it renews, by the authority's word (CA_RENEWS); false when it is a first one.
bool tls_peer_renews(SSL *ssl, char digest[DIGEST_SIZE]);
// Until when that certificate is valid; 0 without one. A resumed session and a kept connection outlive it.
int64_t tls_peer_until_ms(SSL *ssl);
// Whether the certificate of one file stands in another, which may hold many (PEM). Also true when either cannot be
// read.
bool tls_file_holds(const char *many_file, const char *one_file);
// After the handshake, and after tls_peer: forgets the keys that it alone needed, the ephemeral private one among them.
void tls_forget_keys(SSL *ssl);
bool tls_file_digest(const char *certificate_file, unsigned char digest[32]);
