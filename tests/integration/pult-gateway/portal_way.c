// SPDX-License-Identifier: EUPL-1.2
// Browsers at the port of a gateway, which passes them on to the broker's portal. The gateway is a process of its own,
// so that what it remembers can be looked at; browsers and broker are the test.
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/net/proxy_header.h"
#include "broker/net/tls_line.h"
#include "tests/await.h"
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    BROKER_PORT = 8446,
    BROKER_ROOM = 64 * 1024, // of a socket's buffer
    BROWSER_ROOM = 4096,
    LARGE = 4 * 1024 * 1024,
    PIECE = 16 * 1024,
    BROWSERS = 24, // whose pages are more than the gateway may keep for tunnels
    STUCK_MS = 200,
};

static pid_t gateway;
static int broker_port = -1;
static SSL_CTX *of_broker, *of_browsers;
static char secret[40];

// ---- the gateway

static void be_gateway(void)
{
    struct fault why = {0};
    const struct tls_trust_config config = {.host = "localhost", .ca_file = fixture.config.certificate};
    struct tls_trust *trust = tls_trust_new(&config, &why);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!trust)
        _exit(1);
    gate_serve_portal(fixture.gate, trust);
    gate_vouch(fixture.gate, "neustadt/gw", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    loop_run(fixture.loop);
    _exit(0);
}

static void listen_as_broker(void)
{
    int on = 1, room = BROKER_ROOM;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(BROKER_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    broker_port = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(broker_port, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(broker_port, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    cr_assert(bind(broker_port, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(broker_port, BROWSERS) == 0);
}

static void open_way(int64_t patience_s)
{
    TEXT_PUT(fixture.config.broker, "127.0.0.1");
    fixture.config.gateway_port = BROKER_PORT;
    fixture.config.patience_s = patience_s;
    gate_fixture_open();
    listen_as_broker();
    of_broker = tls_line_context(TLS_server_method());
    of_browsers = tls_line_context(TLS_client_method());
    cr_assert(SSL_CTX_use_certificate_file(of_broker, fixture.config.certificate, SSL_FILETYPE_PEM) == 1 &&
              SSL_CTX_use_PrivateKey_file(of_broker, fixture.config.key, SSL_FILETYPE_PEM) == 1);
    gateway = fork();
    if (gateway == 0)
        be_gateway();
    snprintf(secret, sizeof secret, "%08x%08x", arc4random(), arc4random());
}

// Its patience is longer than a test has.
static void open_portal_way(void)
{
    open_way(600);
}

static void close_portal_way(void)
{
    program_kill(gateway);
    SSL_CTX_free(of_broker);
    SSL_CTX_free(of_browsers);
    close(broker_port);
    gate_fixture_close();
}

TestSuite(portal_way, .init = open_portal_way, .fini = close_portal_way, .timeout = 120);

// ---- browsers and broker

static int left_ms(void)
{
    int64_t left = await_until_ms() - clock_steady_ms();
    return left > 1 ? (int)left : 1;
}

// For what is said and heard next.
static void limit_waiting(int descriptor)
{
    int ms = left_ms();
    const struct timeval left = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &left, sizeof left);
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &left, sizeof left);
}

static SSL *tls_on(SSL_CTX *context, int descriptor)
{
    SSL *tls = SSL_new(context);
    limit_waiting(descriptor);
    SSL_set_mode(tls, SSL_MODE_AUTO_RETRY);
    SSL_set_fd(tls, descriptor);
    return tls;
}

static SSL *browser_calls(void)
{
    SSL *tls = tls_on(of_browsers, connect_to_port(GATE_PORT));
    cr_assert_eq(SSL_connect(tls), 1);
    return tls;
}

// Whom it is told of, and no byte of TLS yet.
static SSL *broker_is_called(void)
{
    unsigned char header[PROXY_HEADER_MAX];
    struct proxy_header said;
    size_t size = 0;
    struct pollfd one = {.fd = broker_port, .events = POLLIN};
    cr_assert_eq(poll(&one, 1, left_ms()), 1, "nobody is passed on");
    int descriptor = accept(broker_port, NULL, NULL);
    SSL *tls = tls_on(of_broker, descriptor);
    cr_assert_eq(recv(descriptor, header, PROXY_HEADER_HEAD, MSG_PEEK | MSG_WAITALL), PROXY_HEADER_HEAD);
    cr_assert_eq(proxy_header_read(&said, header, PROXY_HEADER_HEAD, &size), PROXY_HEADER_PARTIAL);
    cr_assert_eq(recv(descriptor, header, size, MSG_WAITALL), (ssize_t)size);
    cr_assert_eq(proxy_header_read(&said, header, size, &size), PROXY_HEADER_WHOLE);
    cr_assert(said.names_caller && said.voucher);
    return tls;
}

static SSL *broker_accepts(void)
{
    SSL *tls = broker_is_called();
    cr_assert_eq(SSL_accept(tls), 1);
    return tls;
}

static void says(SSL *tls, const char *text)
{
    cr_assert_eq(SSL_write(tls, text, (int)strlen(text)), (int)strlen(text));
}

// Reads until this has come.
static void hears(SSL *tls, const char *end)
{
    static char heard[2 * PIECE + 1];
    size_t length = 0;
    for (heard[0] = 0; !strstr(heard, end);) {
        limit_waiting(SSL_get_fd(tls));
        if (length > PIECE) { // what came long ago
            memmove(heard, heard + length - PIECE / 2, PIECE / 2 + 1);
            length = PIECE / 2;
        }
        int got = SSL_read(tls, heard + length, PIECE);
        cr_assert_gt(got, 0, "it does not say %s", end);
        length += (size_t)got;
        heard[length] = 0;
    }
}

static void hangs_up(SSL *tls)
{
    int descriptor = SSL_get_fd(tls);
    SSL_free(tls);
    close(descriptor);
}

#define HEAD(length) "POST /logon HTTP/1.1\r\nHost: gw\r\nContent-Length: " length "\r\n\r\n"
#define ANSWER "HTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n"

static void print_form(char form[100])
{
    snprintf(form, 100, "name=anna&password=%s&code=123456", secret);
}

// Both are still there, and could be written to.
static void is_answered_and_forgotten(SSL *browser, SSL *broker)
{
    says(broker, ANSWER);
    hears(browser, "303");
    cr_assert_not(program_remembers(gateway, secret));
    hangs_up(browser);
    hangs_up(broker);
}

Test(portal_way, a_form_is_forgotten_once_it_is_sent_on)
{
    char form[100], request[300];
    print_form(form);
    snprintf(request, sizeof request, HEAD("%zu") "%s", strlen(form), form);
    SSL *browser = browser_calls();
    says(browser, request);
    SSL *broker = broker_is_called();
    cr_assert(program_remembers(gateway, secret), "as long as it is not");
    cr_assert_eq(SSL_accept(broker), 1);
    hears(broker, "code=123456");
    is_answered_and_forgotten(browser, broker);
}

Test(portal_way, a_form_that_comes_behind_its_head_is_forgotten)
{
    char form[100];
    print_form(form);
    SSL *browser = browser_calls();
    says(browser, HEAD("52"));
    SSL *broker = broker_accepts();
    hears(broker, "\r\n\r\n");
    says(browser, form);
    hears(broker, "code=123456");
    is_answered_and_forgotten(browser, broker);
}

static void *say_it_often(void *arg)
{
    char form[100];
    print_form(form);
    for (size_t said = 0; said < LARGE; said += strlen(form))
        if (SSL_write(arg, form, (int)strlen(form)) <= 0)
            return NULL;
    SSL_write(arg, "the end", 7);
    return NULL;
}

// What the broker does not take at once is kept for a while.
Test(portal_way, a_form_that_has_to_wait_is_forgotten)
{
    pthread_t writer;
    SSL *browser = browser_calls();
    says(browser, HEAD("4194304"));
    SSL *broker = broker_accepts();
    hears(broker, "\r\n\r\n");
    cr_assert_eq(pthread_create(&writer, NULL, say_it_often, browser), 0);
    hears(broker, "the end");
    pthread_join(writer, NULL);
    is_answered_and_forgotten(browser, broker);
}

// ---- who does not read

static SSL *browser_with_little_room(void)
{
    int room = BROWSER_ROOM, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(GATE_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    cr_assert_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    SSL *tls = tls_on(of_browsers, descriptor);
    cr_assert_eq(SSL_connect(tls), 1);
    says(tls, "GET /assets/large HTTP/1.1\r\nHost: gw\r\n\r\n");
    return tls;
}

static void open_impatient_way(void)
{
    open_way(3);
}

TestSuite(impatient_portal_way, .init = open_impatient_way, .fini = close_portal_way, .timeout = 120);

Test(impatient_portal_way, whoever_takes_nothing_of_a_page_is_cut_off)
{
    static char page[PIECE];
    SSL *browser = browser_with_little_room(), *broker = broker_accepts();
    hears(broker, "\r\n\r\n");
    signal(SIGPIPE, SIG_IGN);
    while (SSL_write(broker, page, sizeof page) > 0)
        ;
    cr_assert(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
    hangs_up(browser);
    hangs_up(broker);
}

// No more goes in, and nobody takes it out.
static void fill(SSL *broker)
{
    static char page[PIECE];
    struct pollfd one = {.fd = SSL_get_fd(broker), .events = POLLOUT};
    struct timeval briefly = {.tv_usec = STUCK_MS * 1000};
    setsockopt(one.fd, SOL_SOCKET, SO_SNDTIMEO, &briefly, sizeof briefly);
    SSL_set_mode(broker, SSL_MODE_ENABLE_PARTIAL_WRITE);
    while (poll(&one, 1, STUCK_MS) == 1 && SSL_write(broker, page, sizeof page) > 0)
        ;
}

// A frame goes to the session host, which says it back.
static void works_in_a_tunnel(void)
{
    static const unsigned char frame[] = {0x82, 0x85, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
    SSL *desk = browser_calls();
    says(desk, "GET /v1/channel HTTP/1.1\r\nHost: gw\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Authorization: Bearer " TOKEN "\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    hears(desk, "\r\n\r\n");
    cr_assert_eq(SSL_write(desk, frame, sizeof frame), (int)sizeof frame);
    hears(desk, "hello");
    hangs_up(desk);
}

// Of each that is stuck some kilobytes are kept, as they came: together more than tunnels may keep.
static void open_crowded_way(void)
{
    fixture.tunnel_buffer = 64 * 1024;
    open_portal_way();
}

TestSuite(crowded_portal_way, .init = open_crowded_way, .fini = close_portal_way, .timeout = 120);

Test(crowded_portal_way, nobody_in_a_tunnel_waits_for_who_reads_no_page)
{
    SSL *browsers[BROWSERS], *brokers[BROWSERS];
    for (int i = 0; i < BROWSERS; i++) {
        browsers[i] = browser_with_little_room();
        brokers[i] = broker_accepts();
        hears(brokers[i], "\r\n\r\n");
        fill(brokers[i]);
    }
    works_in_a_tunnel();
    for (int i = 0; i < BROWSERS; i++) {
        hangs_up(browsers[i]);
        hangs_up(brokers[i]);
    }
}

static void open_narrow_way(void)
{
    fixture.config.network_tunnels = 2;
    open_portal_way();
}

TestSuite(narrow_portal_way, .init = open_narrow_way, .fini = close_portal_way, .timeout = 120);

Test(narrow_portal_way, of_one_network_there_are_so_many_and_no_more)
{
    SSL *browsers[3], *brokers[2];
    for (int i = 0; i < 2; i++) {
        browsers[i] = browser_calls();
        says(browsers[i], "GET / HTTP/1.1\r\nHost: gw\r\n\r\n");
        brokers[i] = broker_accepts();
    }
    browsers[2] = browser_calls();
    says(browsers[2], "GET / HTTP/1.1\r\nHost: gw\r\n\r\n");
    hears(browsers[2], "HTTP/1.1 503 ");
    for (int i = 0; i < 2; i++) {
        hangs_up(browsers[i]);
        hangs_up(brokers[i]);
    }
    hangs_up(browsers[2]);
}
