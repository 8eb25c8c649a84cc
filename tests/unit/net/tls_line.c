// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/tls_line.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <openssl/x509.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHANGES = 2000 };

static SSL_CTX *certified(void)
{
    SSL_CTX *context = tls_line_context(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    cr_assert(X509_sign(certificate, key, EVP_sha256()));
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return context;
}

static struct tls_line ours;
static SSL *theirs;
static int their_descriptor;

static void shake_hands(void)
{
    int pair[2], done = 0, answered = -1;
    SSL_CTX *context = certified(), *of_theirs = tls_line_context(TLS_client_method());
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    tls_line_init(&ours, pair[0], context, true);
    their_descriptor = pair[1];
    theirs = SSL_new(of_theirs);
    SSL_set_fd(theirs, their_descriptor);
    while (done == 0 || answered != 1) {
        answered = answered == 1 ? 1 : SSL_connect(theirs);
        done = done ? done : tls_line_handshake(&ours);
        cr_assert_geq(done, 0);
    }
    SSL_CTX_free(context);
    SSL_CTX_free(of_theirs);
}

static void hang_up(void)
{
    tls_line_fini(&ours);
    SSL_free(theirs);
    close(their_descriptor);
}

TestSuite(tls_line, .init = shake_hands, .fini = hang_up, .timeout = 60);

static int bytes_left(void)
{
    int left = 0;
    cr_assert_eq(ioctl(ours.descriptor, FIONREAD, &left), 0);
    return left;
}

// All of it comes at once: each by itself would fill the socket.
static void changes_keys_and_says(char byte)
{
    char *bytes;
    BIO *memory = BIO_new(BIO_s_mem());
    SSL_set0_wbio(theirs, memory);
    for (int i = 0; i < CHANGES; i++)
        cr_assert(SSL_key_update(theirs, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(theirs) == 1);
    cr_assert_eq(SSL_write(theirs, &byte, 1), 1);
    long length = BIO_get_mem_data(memory, &bytes);
    cr_assert_eq(send(their_descriptor, bytes, (size_t)length, 0), length);
}

// Whoever does so without end would be the only one who is heard.
Test(tls_line, one_reading_ends_though_keys_are_changed_again_and_again)
{
    char byte = 0;
    ssize_t got = 0;
    changes_keys_and_says('x');
    cr_assert_eq(tls_line_read(&ours, &byte, 1), 0);
    cr_assert_gt(bytes_left(), 0);
    while (got == 0)
        got = tls_line_read(&ours, &byte, 1);
    cr_assert_eq(got, 1);
    cr_assert_eq(byte, 'x');
}
