// SPDX-License-Identifier: EUPL-1.2
// TLS as BSI TR-02102-2 asks for, for all that we serve and call: 1.2 and 1.3, ECDHE with AES-GCM, the groups
// secp256r1, secp384r1 and brainpool where the library has them; no X25519, no CBC, no early data, no renegotiation.
#pragma once
#include <openssl/ssl.h>

void tls_policy_set(SSL_CTX *context);

// The same for libldap, in the words of the TLS library behind it (LDAP_OPT_X_TLS_PACKAGE).
struct tls_policy_words {
    const char *suites;
    const char *groups; // NULL: the suites say it
};
const struct tls_policy_words *tls_policy_words(const char *package); // "GnuTLS", "OpenSSL"; NULL for any other
