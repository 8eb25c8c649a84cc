// SPDX-License-Identifier: EUPL-1.2
// Many devices that come back at once, as fast as they are let, each with its own certificate: one thread, a stated
// number of them on their way at a time.
//   bench_return link COUNT HOST PORT CA FOLDER   device links (WebSocket) to the broker; FOLDER is bench_enrol's.
//                                                 A line on standard input, "drop" or "come", is answered when it is
//                                                 done: by "dropped", or the seconds until all were linked, and how
//                                                 many of them by a resumed TLS session. "end" ends
//   bench_return tls COUNT HOST PORT CA FOLDER    full handshakes with a server that then hangs up: "come" alone
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/net/tls_policy.h"
#include "tests/bench/https.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ON_THEIR_WAY = 64, EVENTS = 64, ANSWER_SIZE = 2048 };
enum stage { AWAY, SHAKES_HANDS, UPGRADES, SAYS_HELLO, THERE };

static const char upgrade[] =
    "GET /v1/devices/link HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: pult\r\n\r\n";
static const char hello[] = "{\"type\":\"hello\",\"protocol\":1,\"program\":\"bench\",\"version\":\"0\"}";

struct device {
    int number;
    X509 *certificate;
    EVP_PKEY *key;
    SSL_SESSION *ticket; // NULL: none yet
    SSL *ssl;
    enum stage stage;
    char answer[ANSWER_SIZE];
    size_t length;
};

static char **words;
static bool is_link;
static int count, loop, on_their_way, there, resumed;
static struct addrinfo *server;
static SSL_CTX *context;
static struct device *devices;

static void must(bool right, const char *what, const struct device *device)
{
    if (right)
        return;
    fprintf(stderr, "bench_return: load%d: %s\n", device ? device->number : 0, what);
    exit(1);
}

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
    struct device *device = SSL_get_app_data(ssl);
    SSL_SESSION_free(device->ticket);
    device->ticket = SSL_SESSION_dup(session);
    return 0;
}

static FILE *open_file(const struct device *device, const char *kind)
{
    char path[400];
    snprintf(path, sizeof path, "%s/load%d.%s", words[6], device->number, kind);
    FILE *file = fopen(path, "re");
    must(file != NULL, path, device);
    return file;
}

static void load_device(struct device *device, int number)
{
    device->number = number;
    FILE *file = open_file(device, "crt");
    device->certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = open_file(device, "key");
    device->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    must(device->certificate && device->key, "no certificate, or no key", device);
}

static void prepare_tls(void)
{
    context = SSL_CTX_new(TLS_client_method());
    tls_policy_set(context);
    must(SSL_CTX_load_verify_file(context, words[5]) == 1, "no authority", NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    if (is_link)
        SSL_CTX_sess_set_new_cb(context, keep_ticket);
}

// ---- one device

static void hang_up(struct device *device)
{
    if (!device->ssl)
        return;
    int descriptor = SSL_get_fd(device->ssl);
    SSL_free(device->ssl);
    close(descriptor);
    device->ssl = NULL;
    device->stage = AWAY;
}

static void arrive(struct device *device)
{
    resumed += SSL_session_reused(device->ssl);
    there++;
    on_their_way--;
    device->stage = THERE;
    if (!is_link)
        hang_up(device);
}

static void ask_upgrade(struct device *device)
{
    char request[600];
    int length = snprintf(request, sizeof request, upgrade, words[3]);
    must(SSL_write(device->ssl, request, length) == length, "cannot write", device);
    device->stage = UPGRADES;
}

// A client masks what it sends; a mask of zeros changes nothing.
static void say_hello(struct device *device)
{
    unsigned char frame[128] = {0x81, 0x80 | (sizeof hello - 1)};
    memcpy(frame + 6, hello, sizeof hello - 1);
    must(SSL_write(device->ssl, frame, 6 + (int)sizeof hello - 1) > 0, "cannot write", device);
    device->stage = SAYS_HELLO;
    device->length = 0;
}

static void hear_upgrade(struct device *device)
{
    if (!strstr(device->answer, "\r\n\r\n"))
        return;
    must(strncmp(device->answer, "HTTP/1.1 101", 12) == 0, device->answer, device);
    say_hello(device);
}

static void hear(struct device *device)
{
    int got;
    size_t room = ANSWER_SIZE - 1 - device->length;
    while ((got = SSL_read(device->ssl, device->answer + device->length, (int)room)) > 0) {
        device->length += (size_t)got;
        device->answer[device->length] = 0;
        if (device->stage == UPGRADES)
            hear_upgrade(device);
        else if (device->stage == SAYS_HELLO)
            arrive(device);
        if (device->stage == THERE) // pings
            device->length = 0;
        room = ANSWER_SIZE - 1 - device->length;
    }
    if (SSL_get_error(device->ssl, got) == SSL_ERROR_WANT_READ)
        return;
    if (is_link)
        must(device->stage == THERE, "cut off", device);
    else
        arrive(device);
}

static void device_ready(struct device *device)
{
    if (device->stage == SHAKES_HANDS) {
        int rc = SSL_connect(device->ssl);
        must(rc == 1 || SSL_get_error(device->ssl, rc) == SSL_ERROR_WANT_READ, "no TLS", device);
        if (rc != 1)
            return;
        device->stage = SAYS_HELLO;
        if (is_link)
            ask_upgrade(device);
    }
    hear(device);
}

// A copy: a connection that ends without goodbye spoils what it was given.
static void offer_ticket(const struct device *device)
{
    SSL_SESSION *copy = device->ticket ? SSL_SESSION_dup(device->ticket) : NULL;
    if (copy)
        SSL_set_session(device->ssl, copy);
    SSL_SESSION_free(copy);
}

static void dial(struct device *device)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = device};
    int one = 1, descriptor = socket(server->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    // On this machine the other side's kernel answers at once.
    must(connect(descriptor, server->ai_addr, server->ai_addrlen) == 0, "cannot connect", device);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(descriptor, F_SETFL, O_NONBLOCK);
    device->ssl = SSL_new(context);
    SSL_set_app_data(device->ssl, device);
    SSL_use_certificate(device->ssl, device->certificate);
    SSL_use_PrivateKey(device->ssl, device->key);
    SSL_set1_host(device->ssl, words[3]);
    SSL_set_fd(device->ssl, descriptor);
    offer_ticket(device);
    epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event);
    device->stage = SHAKES_HANDS;
    device->length = 0;
    on_their_way++;
    device_ready(device);
}

// ---- all of them

// Nothing is heard of standard input while they come.
static void come(void)
{
    struct epoll_event events[EVENTS];
    int next = 0;
    int64_t began_us = clock_steady_us();
    there = resumed = 0;
    while (there < count) {
        while (next < count && on_their_way < ON_THEIR_WAY)
            dial(&devices[next++]);
        int ready = epoll_wait(loop, events, EVENTS, 30000);
        must(ready > 0, "nothing happens any more", NULL);
        for (int i = 0; i < ready; i++)
            device_ready(events[i].data.ptr);
    }
    printf("%.6f %d\n", (double)(clock_steady_us() - began_us) / 1e6, resumed);
}

static void drop(void)
{
    for (int i = 0; i < count; i++)
        hang_up(&devices[i]);
    puts("dropped");
}

int main(int argc, char **argv)
{
    char line[16];
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct rlimit files;
    must(argc == 7, "usage: see the head of tests/bench/return.c", NULL);
    words = argv;
    is_link = strcmp(argv[1], "link") == 0;
    count = (int)strtol(argv[2], NULL, 10);
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    must(getaddrinfo(argv[3], argv[4], &hints, &server) == 0, "the server's name is not known", NULL);
    loop = epoll_create1(EPOLL_CLOEXEC);
    prepare_tls();
    devices = mem_new((size_t)count, sizeof *devices);
    for (int i = 0; i < count; i++)
        load_device(&devices[i], i + 1);
    while (fgets(line, sizeof line, stdin) && strcmp(line, "end\n") != 0) {
        if (strcmp(line, "drop\n") == 0)
            drop();
        else
            come();
        fflush(stdout);
    }
    return 0;
}
