// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/tls.h"
#include "broker/base/text.h"
#include "broker/core/port.h"
#include "broker/net/certificate.h"

#include <assert.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

// ---- from a certificate

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

static void read_all_renewed(const X509 *certificate, char digest[DIGEST_SIZE])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; !digest[0] && i < sk_GENERAL_NAME_num(names); i++)
        if (!read_renewed(sk_GENERAL_NAME_value(names, i), digest))
            digest[0] = 0;
    GENERAL_NAMES_free(names);
}

static void read_certificate(const X509 *certificate, struct tls_identity *identity)
{
    unsigned char bytes[CERTIFICATE_DIGEST_BYTES];
    char *name = identity->common_name;
    certificate_digest(certificate, bytes);
    text_hex(identity->certificate, bytes, sizeof bytes);
    int length = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, ID_SIZE);
    if (length <= 0 || (size_t)length != strlen(name))
        name[0] = 0;
    identity->from_ms = certificate_from_ms(certificate);
    identity->until_ms = certificate_until_ms(certificate);
    read_all_renewed(certificate, identity->renews);
}

// ---- from a ticket

// The name comes last, for there may be anything in it.
static void print_identity(struct text *out, const struct tls_identity *identity, int64_t ticket_ms)
{
    text_addf(out, "%lld %lld %lld %s %s %s", (long long)ticket_ms, (long long)identity->from_ms,
              (long long)identity->until_ms, identity->certificate[0] ? identity->certificate : "-",
              identity->renews[0] ? identity->renews : "-", identity->common_name);
}

static void read_word(char word[DIGEST_SIZE], const char *bytes, int length)
{
    assert(length < DIGEST_SIZE);
    snprintf(word, DIGEST_SIZE, "%.*s", bytes[0] == '-' ? 0 : length, bytes);
}

// We have written it ourselves: it comes out of a ticket that our keys have opened.
static bool read_ticket(SSL_SESSION *session, struct tls_identity *identity)
{
    void *data = NULL;
    size_t length = 0;
    char text[sizeof *identity + 64];
    int certificate = 0, certificate_end = 0, renews = 0, renews_end = 0, name = 0;
    long long ticket_ms = 0, from_ms = 0, until_ms = 0;
    if (SSL_SESSION_get0_ticket_appdata(session, &data, &length) != 1 || !length)
        return false;
    assert(length < sizeof text);
    memcpy(text, data, length);
    text[length] = 0;
    sscanf(text, "%lld %lld %lld %n%*s%n %n%*s%n%n", &ticket_ms, &from_ms, &until_ms, &certificate, &certificate_end,
           &renews, &renews_end, &name);
    assert(name);
    identity->ticket_ms = ticket_ms;
    identity->from_ms = from_ms;
    identity->until_ms = until_ms;
    read_word(identity->certificate, text + certificate, certificate_end - certificate);
    read_word(identity->renews, text + renews, renews_end - renews);
    TEXT_PUT(identity->common_name, text + name + 1);
    return true;
}

void tls_identify(SSL *ssl, struct tls_identity *identity)
{
    const X509 *certificate = SSL_get0_peer_certificate(ssl);
    memset(identity, 0, sizeof *identity);
    if (!read_ticket(SSL_get_session(ssl), identity) && certificate)
        read_certificate(certificate, identity);
}

int64_t tls_half_life_ms(SSL *ssl)
{
    struct tls_identity identity;
    tls_identify(ssl, &identity);
    return (identity.from_ms + identity.until_ms) / 2;
}

// There is no call that takes a certificate out of a session, but one that reads a session over another: `present` gets
// the bare one's content, a NULL certificate, too.
static bool write_over(SSL_SESSION *present, const SSL_SESSION *bare)
{
    unsigned char *bytes = NULL;
    int length = i2d_SSL_SESSION(bare, &bytes);
    const unsigned char *at = bytes;
    bool done = length > 0 && d2i_SSL_SESSION(&present, &at, length) == present;
    OPENSSL_free(bytes);
    return done;
}

// OpenSSL keeps the chain that it has verified, and with it the certificate, for as long as the connection lasts.
static void forget_chain(SSL *ssl)
{
    STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
    while (sk_X509_num(chain) > 0)
        X509_free(sk_X509_pop(chain));
}

static SSL_SESSION *bare_session(SSL *ssl, const struct tls_identity *identity, int64_t ticket_ms)
{
    unsigned length = 0;
    owned(text) struct text text = {0};
    const SSL_SESSION *present = SSL_get_session(ssl);
    const unsigned char *context = SSL_SESSION_get0_id_context(present, &length);
    SSL_SESSION *bare = SSL_SESSION_new();
    print_identity(&text, identity, ticket_ms);
    // The rest OpenSSL fills in when it seals the ticket.
    bool made = bare && SSL_SESSION_set_protocol_version(bare, TLS1_3_VERSION) == 1 &&
                SSL_SESSION_set_cipher(bare, SSL_get_current_cipher(ssl)) == 1 &&
                SSL_SESSION_set1_id_context(bare, context, length) == 1 &&
                SSL_SESSION_set_timeout(bare, SSL_SESSION_get_timeout(present)) == 1 &&
                SSL_SESSION_set1_ticket_appdata(bare, text.bytes, text.length) == 1;
    assert(made);
    return bare;
}

void tls_give_ticket(SSL *ssl, const struct tls_identity *identity, int64_t ticket_ms)
{
    if (SSL_version(ssl) != TLS1_3_VERSION)
        return;
    SSL_SESSION *bare = bare_session(ssl, identity, ticket_ms);
    bool done = write_over(SSL_get_session(ssl), bare);
    assert(done);
    SSL_SESSION_free(bare);
    forget_chain(ssl);
    SSL_new_session_ticket(ssl);
}

// ---- what need not be kept

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
