// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/tls_policy.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/err.h>

#define SUITES_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
#define SUITES_1_2                                                                                                     \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256:"                         \
    "ECDHE-RSA-AES256-GCM-SHA384"
#define NIST_GROUPS "P-256:P-384"
#define BRAINPOOL_1_2 ":brainpoolP256r1:brainpoolP384r1:brainpoolP512r1"
#define BRAINPOOL_1_3 ":brainpoolP256r1tls13:brainpoolP384r1tls13:brainpoolP512r1tls13"

// OpenSSL knows brainpool in TLS 1.3 from 3.2 on, and some builds not at all. A list with one unknown name is refused.
static bool set_groups(SSL_CTX *context)
{
    bool set = SSL_CTX_set1_groups_list(context, NIST_GROUPS BRAINPOOL_1_3 BRAINPOOL_1_2) == 1 ||
               SSL_CTX_set1_groups_list(context, NIST_GROUPS BRAINPOOL_1_2) == 1 ||
               SSL_CTX_set1_groups_list(context, NIST_GROUPS) == 1;
    ERR_clear_error();
    return set;
}

void tls_policy_set(SSL_CTX *context)
{
    bool set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 && set_groups(context) &&
               SSL_CTX_set_ciphersuites(context, SUITES_1_3) == 1 && SSL_CTX_set_cipher_list(context, SUITES_1_2) == 1;
    assert(set);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_max_early_data(context, 0);
}

const struct tls_policy_words *tls_policy_words(const char *package)
{
    // GnuTLS has no brainpool, and begins with nothing, so that signatures have to be named, too.
    static const struct tls_policy_words gnutls = {
        .suites = "NONE:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+AEAD:+ECDHE-ECDSA:+ECDHE-RSA:"
                  "+GROUP-SECP256R1:+GROUP-SECP384R1:+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SHA384:+SIGN-ECDSA-SHA512:"
                  "+SIGN-ECDSA-SECP256R1-SHA256:+SIGN-ECDSA-SECP384R1-SHA384:+SIGN-ECDSA-SECP521R1-SHA512:"
                  "+SIGN-RSA-PSS-RSAE-SHA256:+SIGN-RSA-PSS-RSAE-SHA384:+SIGN-RSA-PSS-RSAE-SHA512:+SIGN-RSA-SHA256:"
                  "+SIGN-RSA-SHA384:+SIGN-RSA-SHA512:+COMP-NULL:+CTYPE-X509"};
    static const struct tls_policy_words openssl = {.suites = SUITES_1_3 ":" SUITES_1_2, .groups = NIST_GROUPS};
    return text_equal(package, "GnuTLS") ? &gnutls : text_equal(package, "OpenSSL") ? &openssl : NULL;
}
