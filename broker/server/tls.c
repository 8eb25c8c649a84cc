// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/tls.h"
#include "broker/base/text.h"
#include "broker/core/port.h"

#include <assert.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

void tls_harden(SSL_CTX *context)
{
    int set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
              SSL_CTX_set1_groups_list(context, "P-256:P-384") == 1 &&
              SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384") == 1 &&
              SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
                                               "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384") == 1;
    assert(set);
    (void)set;
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}

void tls_digest(X509 *certificate, unsigned char digest[32])
{
    unsigned length = 32;
    int rc = X509_digest(certificate, EVP_sha256(), digest, &length);
    assert(rc == 1 && length == 32);
    (void)rc;
}

bool tls_peer(SSL *ssl, char digest[DIGEST_SIZE], char common_name[ID_SIZE])
{
    X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    if (!certificate)
        return false;
    unsigned char bytes[32];
    tls_digest(certificate, bytes);
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
    struct tm until;
    X509 *certificate = ssl ? SSL_get1_peer_certificate(ssl) : NULL;
    bool read = certificate && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &until) == 1;
    X509_free(certificate);
    return read ? (int64_t)timegm(&until) * 1000 : 0;
}

bool tls_file_holds(const char *many_file, const char *one_file)
{
    unsigned char wanted[32], digest[32];
    FILE *file = fopen(many_file, "re");
    bool holds = !file || !tls_file_digest(one_file, wanted);
    for (X509 *certificate; file && (certificate = PEM_read_X509(file, NULL, NULL, NULL));) {
        tls_digest(certificate, digest);
        holds = holds || memcmp(digest, wanted, sizeof wanted) == 0;
        X509_free(certificate);
    }
    if (file)
        fclose(file);
    return holds;
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

bool tls_file_digest(const char *certificate_file, unsigned char digest[32])
{
    FILE *file = fopen(certificate_file, "re");
    if (!file)
        return false;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    if (!certificate)
        return false;
    tls_digest(certificate, digest);
    X509_free(certificate);
    return true;
}
