// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/tls_line.h"
#include "broker/net/tls_policy.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

// ---- once the handshake is done: one BIO for all of a thread, which reads and writes for the line that is at work

static _Thread_local int descriptor_at_work = -1;

static int answer_openssl(BIO *bio, ssize_t result, int retry)
{
    BIO_clear_retry_flags(bio);
    if (result < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
    return (int)result;
}

static int read_at_work(BIO *bio, char *bytes, int size)
{
    return answer_openssl(bio, recv(descriptor_at_work, bytes, (size_t)size, MSG_DONTWAIT), BIO_FLAGS_READ);
}

static int write_at_work(BIO *bio, const char *bytes, int length)
{
    ssize_t sent = send(descriptor_at_work, bytes, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return answer_openssl(bio, sent, BIO_FLAGS_WRITE);
}

static long control_at_work(BIO *bio, int what, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return what == BIO_CTRL_FLUSH; // nothing is kept
}

static BIO *bio_at_work(void)
{
    static _Thread_local BIO *bio;
    if (bio)
        return bio;
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "line at work");
    bool made = method && BIO_meth_set_read(method, read_at_work) == 1 &&
                BIO_meth_set_write(method, write_at_work) == 1 && BIO_meth_set_ctrl(method, control_at_work) == 1;
    bio = made ? BIO_new(method) : NULL;
    assert(bio);
    BIO_set_init(bio, 1);
    return bio;
}

static void use_bio_at_work(SSL *tls)
{
    BIO *bio = bio_at_work();
    BIO_up_ref(bio);
    SSL_set0_rbio(tls, bio);
    BIO_up_ref(bio);
    SSL_set0_wbio(tls, bio);
}

// ---- lines

SSL_CTX *tls_line_context(const SSL_METHOD *method)
{
    SSL_CTX *context = SSL_CTX_new(method);
    assert(context);
    tls_policy_set(context);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 1);
    return context;
}

static ssize_t judge(struct tls_line *line, int result)
{
    int error = SSL_get_error(line->tls, result);
    ERR_clear_error();
    line->wants_write = error == SSL_ERROR_WANT_WRITE;
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

void tls_line_init(struct tls_line *line, int descriptor, SSL_CTX *context, bool is_server)
{
    *line = (struct tls_line){.descriptor = descriptor};
    if (!context)
        return;
    line->tls = SSL_new(context);
    bool set = line->tls && SSL_set_fd(line->tls, descriptor) == 1;
    assert(set);
    SSL_set_mode(line->tls,
                 SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_clear_mode(line->tls, SSL_MODE_AUTO_RETRY); // else who changes keys again and again holds us in one reading
    if (is_server)
        SSL_set_accept_state(line->tls);
    else
        SSL_set_connect_state(line->tls);
}

void tls_line_share(struct tls_line *line, const SSL *pattern)
{
    int shared = SSL_copy_session_id(line->tls, pattern);
    assert(shared == 1 && !SSL_get_session(line->tls));
    (void)shared;
}

void tls_line_say_goodbye(struct tls_line *line)
{
    descriptor_at_work = line->descriptor;
    if (line->tls && SSL_is_init_finished(line->tls) && !(SSL_get_shutdown(line->tls) & SSL_SENT_SHUTDOWN))
        SSL_shutdown(line->tls);
    ERR_clear_error();
    shutdown(line->descriptor, SHUT_WR);
}

bool tls_line_listens(struct tls_line *line, void *bytes, size_t size)
{
    ssize_t got = recv(line->descriptor, bytes, size, MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

void tls_line_fini(struct tls_line *line)
{
    if (line->descriptor < 0)
        return;
    tls_line_say_goodbye(line);
    SSL_free(line->tls);
    close(line->descriptor);
    *line = (struct tls_line){.descriptor = -1};
}

// From 3.2 on OpenSSL tells its record layer of options that are set, and not of those that are cleared.
void tls_line_wipe(struct tls_line *line, bool wipes)
{
    if (!line->tls)
        return;
    SSL_clear_options(line->tls, SSL_OP_CLEANSE_PLAINTEXT);
    SSL_set_options(line->tls, wipes ? SSL_OP_CLEANSE_PLAINTEXT : 0);
}

// Setting its type frees what a key holds.
static void forget_key(EVP_PKEY *key)
{
    if (key)
        EVP_PKEY_set_type(key, EVP_PKEY_EC);
    EVP_PKEY_free(key);
}

void tls_line_settle(struct tls_line *line)
{
    EVP_PKEY *ours = NULL, *theirs = NULL;
    if (!line->tls)
        return;
    SSL_get_tmp_key(line->tls, &ours);
    SSL_get_peer_tmp_key(line->tls, &theirs);
    forget_key(ours);
    forget_key(theirs);
    use_bio_at_work(line->tls);
}

int tls_line_handshake(struct tls_line *line)
{
    if (!line->tls)
        return 1;
    line->wants_write = false;
    ERR_clear_error();
    int result = SSL_do_handshake(line->tls);
    return result == 1 ? 1 : (int)judge(line, result);
}

static bool may_be_later(void)
{
    return errno == EAGAIN || errno == EINTR;
}

ssize_t tls_line_read(struct tls_line *line, void *bytes, size_t size)
{
    line->wants_write = false;
    if (line->tls) {
        ERR_clear_error();
        descriptor_at_work = line->descriptor;
        int got = SSL_read(line->tls, bytes, (int)size);
        return got > 0 ? got : judge(line, got);
    }
    ssize_t got = recv(line->descriptor, bytes, size, MSG_DONTWAIT);
    return got > 0 ? got : got < 0 && may_be_later() ? 0 : -1;
}

ssize_t tls_line_write(struct tls_line *line, const void *bytes, size_t length)
{
    line->wants_write = false;
    if (line->tls) {
        ERR_clear_error();
        descriptor_at_work = line->descriptor;
        int sent = SSL_write(line->tls, bytes, (int)length);
        return sent > 0 ? sent : judge(line, sent);
    }
    ssize_t sent = send(line->descriptor, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    line->wants_write = sent < 0 && may_be_later();
    return sent > 0 ? sent : line->wants_write ? 0 : -1;
}
