// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/door_line.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/net/certificate.h"
#include "broker/net/tls_policy.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SESSION_S = 60 * 60 };

// ---- TLS

// A host that comes again brings a ticket: its certificate stands in the session, and is looked at with each request.
static void prepare_context(SSL_CTX *context)
{
    static const unsigned char name[] = "print";
    tls_policy_set(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(context, SESSION_S);
    SSL_CTX_set_num_tickets(context, 1);
    SSL_CTX_set_mode(context,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

SSL_CTX *door_context_new(const char *credential_file, const char *authority_file, struct fault *why)
{
    struct certificate_pair pair = {0};
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert(context);
    prepare_context(context);
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

static ssize_t judge(struct door_line *line, int result)
{
    int error = SSL_get_error(line->tls, result);
    ERR_clear_error();
    line->wants_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

// ---- one line

void door_line_init(struct door_line *line, int descriptor, SSL_CTX *context)
{
    *line = (struct door_line){.descriptor = descriptor};
    if (!context)
        return;
    line->tls = SSL_new(context);
    bool set = line->tls && SSL_set_fd(line->tls, descriptor) == 1;
    assert(set);
    SSL_set_accept_state(line->tls);
}

void door_line_say_goodbye(struct door_line *line)
{
    if (line->tls && SSL_is_init_finished(line->tls) && !(SSL_get_shutdown(line->tls) & SSL_SENT_SHUTDOWN))
        SSL_shutdown(line->tls);
    ERR_clear_error();
    shutdown(line->descriptor, SHUT_WR);
}

bool door_line_listens(struct door_line *line, void *bytes, size_t size)
{
    ssize_t got = recv(line->descriptor, bytes, size, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void door_line_fini(struct door_line *line)
{
    door_line_say_goodbye(line);
    SSL_free(line->tls);
    close(line->descriptor);
    *line = (struct door_line){.descriptor = -1};
}

int door_line_handshake(struct door_line *line)
{
    if (!line->tls)
        return 1;
    line->wants_write = false;
    ERR_clear_error();
    int result = SSL_do_handshake(line->tls);
    return result == 1 ? 1 : (int)judge(line, result);
}

ssize_t door_line_read(struct door_line *line, void *bytes, size_t size)
{
    line->wants_write = false;
    if (line->tls) {
        ERR_clear_error();
        int got = SSL_read(line->tls, bytes, (int)size);
        return got > 0 ? got : judge(line, got);
    }
    ssize_t got = recv(line->descriptor, bytes, size, MSG_DONTWAIT);
    return got > 0 ? got : got < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t door_line_write(struct door_line *line, const void *bytes, size_t length)
{
    line->wants_write = false;
    if (line->tls) {
        ERR_clear_error();
        int sent = SSL_write(line->tls, bytes, (int)length);
        return sent > 0 ? sent : judge(line, sent);
    }
    ssize_t sent = send(line->descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    line->wants_write = sent < 0 && (errno == EAGAIN || errno == EINTR);
    return sent > 0 ? sent : line->wants_write ? 0 : -1;
}

// ---- who it is

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

bool door_line_host(const struct door_line *line, struct intake_origin *origin, struct fault *why)
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

int64_t door_line_uid(const struct door_line *line)
{
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(line->descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 ? (int64_t)peer.uid : -1;
}
