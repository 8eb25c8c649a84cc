// SPDX-License-Identifier: EUPL-1.2
// Whom a client trusts: one authority and one name, TLS by net/tls_policy, and the session kept to come back faster.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

#include <openssl/ssl.h>

struct tls_trust;

// `host` is a name or an IP address and must stand in the broker's certificate. `certificate_file` and `key_file` are
// the caller's own, or NULL. NULL with a fault when a file cannot be used.
struct tls_trust *tls_trust_new(const char *host, const char *ca_file, const char *certificate_file,
                                const char *key_file, struct fault *why);
void tls_trust_free(struct tls_trust *trust); // after the last connection of its context; NULL allowed
SSL_CTX *tls_trust_context(struct tls_trust *trust);
// SHA-256 of the peer's certificate as last verified; false before.
bool tls_trust_digest(const struct tls_trust *trust, unsigned char digest[32]);
// Why a certificate was refused since tls_trust_begin, "" when none was.
const char *tls_trust_refused(const struct tls_trust *trust);
void tls_trust_begin(struct tls_trust *trust); // before a new connection
// The next connection shows and checks certificates anew.
void tls_trust_forget_session(struct tls_trust *trust);
