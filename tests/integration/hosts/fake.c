// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/hosts/fake.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static const unsigned char confirm_tls[19] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0};

static void certify(struct fake *fake)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"ts1", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    cr_assert(X509_sign(certificate, key, EVP_sha256()));
    unsigned char digest[32];
    X509_digest(certificate, EVP_sha256(), digest, NULL);
    text_hex(fake->fingerprint, digest, sizeof digest);
    fake->tls = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(fake->tls, certificate);
    SSL_CTX_use_PrivateKey(fake->tls, key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

// Port 0 becomes the one that was free.
static int listen_at(const char *at, int backlog, int *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = inet_addr(at), .sin_port = htons((uint16_t)*port)};
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, length), 0);
    getsockname(listener, (struct sockaddr *)&address, &length);
    if (backlog >= 0)
        cr_assert_eq(listen(listener, backlog), 0);
    *port = ntohs(address.sin_port);
    return listener;
}

static void *serve(void *arg)
{
    struct fake *fake = arg;
    for (;;) {
        int client = accept(fake->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        fake->play(fake, client);
        close(client);
    }
}

struct fake *fake_new_at(fake_play *play, const char *address, int port)
{
    static struct fake fakes[8]; // reachable to the end, as their threads are
    static size_t count;
    cr_assert_lt(count, sizeof fakes / sizeof *fakes);
    struct fake *fake = &fakes[count++];
    fake->play = play;
    fake->port = port;
    certify(fake);
    fake->listener = listen_at(address, 512, &fake->port);
    pthread_t thread;
    cr_assert_eq(pthread_create(&thread, NULL, serve, fake), 0);
    pthread_detach(thread);
    return fake;
}

struct fake *fake_new(fake_play *play)
{
    return fake_new_at(play, "127.0.0.1", 0);
}

int fake_closed_port(void)
{
    int port = 0;
    listen_at("127.0.0.1", -1, &port);
    return port;
}

int fake_silent_port(void)
{
    int port = 0;
    listen_at("127.0.0.1", 0, &port);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); // takes the one place in the queue
    cr_assert_eq(connect(filler, (struct sockaddr *)&address, sizeof address), 0);
    return port;
}

static bool receive_exactly(int client, unsigned char *bytes, size_t length)
{
    return recv(client, bytes, length, MSG_WAITALL) == (ssize_t)length;
}

static void send_in_pieces(const struct fake *fake, int client, const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        size_t piece = fake->piece && fake->piece < length - at ? fake->piece : length - at;
        ssize_t sent = send(client, (const char *)bytes + at, piece, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        at += (size_t)sent;
        if (fake->piece)
            usleep(200);
    }
}

static void wait_for_end(int client)
{
    char bytes[256];
    while (recv(client, bytes, sizeof bytes, 0) > 0)
        ;
}

// The request as MS-RDPBCGR 2.2.1.1 has it, byte by byte, asking for TLS.
static bool take_request(int client)
{
    static const unsigned char head[15] = {3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0};
    unsigned char request[19];
    return receive_exactly(client, request, sizeof request) && memcmp(request, head, sizeof head) == 0 &&
           (request[15] & 1) && request[16] == 0 && request[17] == 0 && request[18] == 0;
}

static void flush(const struct fake *fake, SSL *tls, int client)
{
    char bytes[4096];
    for (int length; (length = BIO_read(SSL_get_wbio(tls), bytes, sizeof bytes)) > 0;)
        send_in_pieces(fake, client, bytes, (size_t)length);
}

static void serve_tls(const struct fake *fake, int client)
{
    SSL *tls = SSL_new(fake->tls);
    SSL_set_bio(tls, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(tls);
    char bytes[4096];
    for (ssize_t length; SSL_do_handshake(tls) != 1;) {
        flush(fake, tls, client);
        length = recv(client, bytes, sizeof bytes, 0);
        if (length <= 0)
            break;
        BIO_write(SSL_get_rbio(tls), bytes, (int)length);
    }
    flush(fake, tls, client);
    SSL_free(tls);
}

void fake_serves_tls(struct fake *fake, int client)
{
    if (!take_request(client))
        return;
    send_in_pieces(fake, client, confirm_tls, sizeof confirm_tls);
    serve_tls(fake, client);
    wait_for_end(client);
}

void fake_says_back(struct fake *fake, int client)
{
    char bytes[4096];
    if (!take_request(client))
        return;
    send_in_pieces(fake, client, confirm_tls, sizeof confirm_tls);
    SSL *tls = SSL_new(fake->tls);
    SSL_set_fd(tls, client);
    int length = SSL_accept(tls);
    while (length > 0 && (length = SSL_read(tls, bytes, sizeof bytes)) > 0)
        length = SSL_write(tls, bytes, length);
    SSL_free(tls);
}

void fake_says(struct fake *fake, int client)
{
    take_request(client);
    send_in_pieces(fake, client, fake->bytes, fake->length);
    wait_for_end(client);
}

void fake_says_and_resets(struct fake *fake, int client)
{
    take_request(client);
    send_in_pieces(fake, client, fake->bytes, fake->length);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
}

void fake_leaves_after_confirm(struct fake *fake, int client)
{
    take_request(client);
    send_in_pieces(fake, client, confirm_tls, sizeof confirm_tls);
}

void fake_babbles_after_confirm(struct fake *fake, int client)
{
    take_request(client);
    send_in_pieces(fake, client, confirm_tls, sizeof confirm_tls);
    char noise[4096];
    memset(noise, 'x', sizeof noise);
    while (send(client, noise, sizeof noise, MSG_NOSIGNAL) > 0)
        ;
}
