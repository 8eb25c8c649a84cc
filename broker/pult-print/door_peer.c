// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/door_peer.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/socket.h>

enum { SESSION_S = 60 * 60 };

// A host that comes again brings a ticket: its certificate stands in the session, and is looked at with each request.
static void expect_hosts(SSL_CTX *context)
{
    static const unsigned char name[] = "print";
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
    SSL_CTX_set_timeout(context, SESSION_S);
}

SSL_CTX *door_context_new(const char *credential_file, const char *authority_file, struct fault *why)
{
    struct certificate_pair pair = {0};
    SSL_CTX *context = tls_line_context(TLS_server_method());
    expect_hosts(context);
    bool fine = certificate_pair_read(&pair, credential_file, credential_file, why) &&
                certificate_pair_use(&pair, context, why);
    certificate_pair_drop(&pair);
    if (fine && SSL_CTX_load_verify_file(context, authority_file) != 1)
        fine = fault_set(why, FAULT_INVALID, "no certificate in %s", authority_file);
    STACK_OF(X509_NAME) *names = fine ? SSL_load_client_CA_file(authority_file) : NULL;
    ERR_clear_error();
    if (names)
        SSL_CTX_set_client_CA_list(context, names);
    if (fine)
        return context;
    SSL_CTX_free(context);
    return NULL;
}

// A subject says each thing once, or it is none of the broker's.
static bool read_name(const X509 *certificate, int nid, char *to, size_t size)
{
    const X509_NAME *name = X509_get_subject_name(certificate);
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0)
        return false;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    size_t length = (size_t)ASN1_STRING_length(value);
    if (length >= size)
        return false;
    memcpy(to, ASN1_STRING_get0_data(value), length);
    to[length] = 0;
    return strlen(to) == length;
}

bool door_peer_host(const struct tls_line *line, struct intake_origin *origin, struct fault *why)
{
    char kind[SLUG_SIZE];
    unsigned char digest[CERTIFICATE_DIGEST_BYTES];
    const X509 *shown = SSL_get0_peer_certificate(line->tls);
    if (!shown || SSL_get_verify_result(line->tls) != X509_V_OK)
        return fault_set(why, FAULT_DENIED, "no certificate of a session host");
    certificate_digest(shown, digest);
    text_hex(origin->certificate, digest, sizeof digest);
    origin->certified_ms = certificate_from_ms(shown);
    if (!read_name(shown, NID_commonName, origin->host, ID_SIZE) || !id_is_valid(NOUN_HOST, origin->host) ||
        !read_name(shown, NID_organizationalUnitName, kind, sizeof kind) ||
        !text_equal(kind, noun_rows[NOUN_HOST].name))
        return fault_set(why, FAULT_DENIED, "a certificate, but no session host's");
    if (certificate_until_ms(shown) <= clock_wall_ms() || origin->certified_ms > clock_wall_ms())
        return fault_set(why, FAULT_DENIED, "the certificate of %s has expired", origin->host);
    return true;
}

int64_t door_peer_uid(int descriptor)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? (int64_t)peer.uid : -1;
}
