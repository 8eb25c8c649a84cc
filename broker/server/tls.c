// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/tls.h"
#include "broker/base/text.h"
#include "broker/core/port.h"
#include "broker/net/certificate.h"

#include <openssl/x509v3.h>
#include <string.h>

bool tls_peer(SSL *ssl, char digest[DIGEST_SIZE], char common_name[ID_SIZE])
{
    X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    if (!certificate)
        return false;
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    certificate_digest(certificate, bytes);
    text_hex(digest, bytes, sizeof bytes);
    int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common_name, ID_SIZE);
    X509_free(certificate);
    return length > 0 && (size_t)length == strlen(common_name);
}

static bool read_renewed(const GENERAL_NAME *name, char digest[DIGEST_SIZE])
{
    static const char prefix[] = CA_RENEWS;
    enum { PREFIX = sizeof prefix - 1, WHOLE = PREFIX + DIGEST_SIZE - 1 };
    if (name->type != GEN_URI || ASN1_STRING_length(name->d.uniformResourceIdentifier) != WHOLE)
        return false;
    const char *text = (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
    if (memcmp(text, prefix, PREFIX) != 0)
        return false;
    memcpy(digest, text + PREFIX, DIGEST_SIZE - 1);
    digest[DIGEST_SIZE - 1] = 0;
    return strspn(digest, "0123456789abcdef") == DIGEST_SIZE - 1;
}

bool tls_peer_renews(SSL *ssl, char digest[DIGEST_SIZE])
{
    bool found = false;
    X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    GENERAL_NAMES *names = certificate ? X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL) : NULL;
    for (int i = 0; !found && i < sk_GENERAL_NAME_num(names); i++)
        found = read_renewed(sk_GENERAL_NAME_value(names, i), digest);
    GENERAL_NAMES_free(names);
    X509_free(certificate);
    return found;
}

int64_t tls_peer_until_ms(SSL *ssl)
{
    const X509 *certificate = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
    return certificate ? certificate_until_ms(certificate) : 0;
}

int64_t tls_peer_half_life_ms(SSL *ssl)
{
    const X509 *certificate = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
    return certificate ? (certificate_from_ms(certificate) + certificate_until_ms(certificate)) / 2 : 0;
}

// OpenSSL keeps each of them, with a copy of the whole curve, for as long as the connection lasts: a fifth of what an
// idle device costs. Setting its type frees what a key holds.
static void forget_key(EVP_PKEY *key)
{
    if (key)
        EVP_PKEY_set_type(key, EVP_PKEY_EC);
}

void tls_forget_keys(SSL *ssl)
{
    EVP_PKEY *ours = NULL, *theirs = NULL;
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    SSL_get_tmp_key(ssl, &ours);
    SSL_get_peer_tmp_key(ssl, &theirs);
    forget_key(ours);
    forget_key(theirs);
    forget_key(certificate ? X509_get0_pubkey(certificate) : NULL);
    EVP_PKEY_free(ours);
    EVP_PKEY_free(theirs);
}
