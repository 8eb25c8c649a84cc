// SPDX-License-Identifier: EUPL-1.2
// Whom a client trusts: one authority, by its file or by the digest of its certificate, and one name, TLS by
// net/tls_policy, and the session kept to come back faster.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

#include <openssl/ssl.h>

struct tls_trust;

struct tls_trust_config {
    const char *host;    // a name or an IP address, which must stand in the broker's certificate
    const char *ca_file; // not looked at with a pin
    const char *pin;     // SHA-256 of the authority's certificate, which the broker shows; NULL or ""
    const char *certificate_file, *key_file; // the caller's own, or NULL
};
// NULL with a fault when a file cannot be used.
struct tls_trust *tls_trust_new(const struct tls_trust_config *config, struct fault *why);
void tls_trust_free(struct tls_trust *trust); // after the last connection of its context; NULL allowed
SSL_CTX *tls_trust_context(struct tls_trust *trust);
// SHA-256 of the peer's certificate as last verified; false before.
bool tls_trust_digest(const struct tls_trust *trust, unsigned char digest[32]);
// The authority's certificate, if the peer showed it with its own; NULL before, or without. Borrowed.
const X509 *tls_trust_root(const struct tls_trust *trust);
// Why a certificate was refused since tls_trust_begin, "" when none was.
const char *tls_trust_refused(const struct tls_trust *trust);
void tls_trust_begin(struct tls_trust *trust); // before a new connection
// The next connection shows and checks certificates anew.
void tls_trust_forget_session(struct tls_trust *trust);
