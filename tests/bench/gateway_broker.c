// SPDX-License-Identifier: EUPL-1.2
// A broker for a gateway that is measured: it says yes to each question at once, and names a session host.
//   bench_gateway_broker PORT CERTIFICATE KEY HOST_PORT     browsers are led to the port after that, and logged on
//   there
// The first to call is the gateway with its link. Whoever comes then is a desk on its way to the broker: taken, and
// told nothing.
#include "broker/api/gateway_link.h"
#include "broker/api/link_rows.h"
#include "broker/base/clock.h"
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"
#include "broker/net/websocket_pump.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 256 * 1024, HEAD = 2, LONG_HEAD = 4, LENGTH_IN_HEAD = 125, LONG_LENGTH = 126 };

static const struct link_row *row;
static struct tls_line line;
static unsigned char heard[ROOM + 1];
static size_t heard_length;
static bool is_upgraded;
static int host_port, channels;
static char fingerprint[DIGEST_SIZE];

static void must(bool right, const char *what)
{
    if (right)
        return;
    fprintf(stderr, "bench_gateway_broker: %s\n", what);
    exit(1);
}

static void await_link(short events)
{
    struct pollfd ready = {.fd = line.descriptor, .events = events};
    poll(&ready, 1, -1);
}

// ---- what it says

static void say(const void *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t sent = tls_line_write(&line, (const char *)bytes + at, length - at);
        must(sent >= 0, "the gateway has ended its link");
        if (sent == 0)
            await_link(POLLOUT);
        at += (size_t)sent;
    }
}

static void say_frame(enum websocket_opcode opcode, const char *payload, size_t length)
{
    unsigned char head[WEBSOCKET_HEAD_MAX];
    say(head, websocket_frame_head(head, opcode, length, NULL));
    say(payload, length);
}

static void say_message(const struct gateway_message *message)
{
    owned(text) struct text text = {0};
    link_print(&text, row, message);
    say_frame(WEBSOCKET_TEXT, text.bytes, text.length);
}

static void say_hello(void)
{
    owned(text) struct text text = {0};
    struct link_hello hello;
    struct gateway_message welcome = {.type = GATEWAY_WELCOME, .now_ms = clock_wall_ms()};
    link_introduce(&hello, row, LINK_BROKER);
    link_print_hello(&text, &hello);
    say_frame(WEBSOCKET_TEXT, text.bytes, text.length);
    TEXT_PUT(welcome.name, "localhost");
    welcome.port = 443;
    memset(welcome.key, 'a', sizeof welcome.key - 1);
    say_message(&welcome);
}

static void say_yes(const struct gateway_message *question)
{
    struct gateway_message answer = {
        .type = GATEWAY_OPENED, .request_id = question->request_id, .port = host_port, .fence = 1};
    int number = ++channels;
    snprintf(answer.channel, sizeof answer.channel, "neustadt/c-%032x", (unsigned)number);
    snprintf(answer.session, sizeof answer.session, "neustadt/s-%032x", (unsigned)number);
    snprintf(answer.person, sizeof answer.person, "neustadt/p-%032x", (unsigned)number);
    TEXT_PUT(answer.host, "neustadt/ts1");
    TEXT_PUT(answer.address, "127.0.0.1");
    if (question->way == CHANNEL_BROWSER) {
        answer.port++;
        TEXT_PUT(answer.fingerprint, fingerprint);
        TEXT_PUT(answer.user_name, "anna");
        TEXT_PUT(answer.one_time_password, "otp-1");
    }
    say_message(&answer);
}

// ---- what it hears

static void hear_message(const struct gateway_message *message)
{
    struct gateway_message counted = {.type = GATEWAY_COUNTED};
    if (message->type == GATEWAY_OPEN)
        say_yes(message);
    if (message->type != GATEWAY_ENDED)
        return;
    TEXT_PUT(counted.channel, message->channel);
    say_message(&counted);
}

static void hear_text(const char *bytes, size_t length)
{
    struct link_input input;
    link_read(&input, row, LINK_AGENT, bytes, length);
    if (input.kind == LINK_HELLO)
        say_hello();
    else if (input.kind == LINK_MESSAGE)
        hear_message(input.message);
    else
        must(false, "the gateway says what is not understood");
    link_input_fini(&input);
}

static void hear_frame(unsigned opcode, char *payload, size_t length)
{
    must(opcode != WEBSOCKET_CLOSE, "the gateway ends its link");
    if (opcode == WEBSOCKET_PING)
        say_frame(WEBSOCKET_PONG, payload, length);
    if (opcode == WEBSOCKET_TEXT)
        hear_text(payload, length);
}

// How many bytes the first frame has, of those that have come; 0: not all of it is there.
static size_t take_frame(unsigned char *bytes, size_t length)
{
    if (length < LONG_HEAD)
        return 0;
    size_t payload = bytes[1] & 0x7fu, head = HEAD;
    must((bytes[1] & 0x80) && payload <= LONG_LENGTH, "a frame that is not masked, or too long");
    if (payload == LONG_LENGTH) {
        payload = (size_t)bytes[2] << 8 | bytes[3];
        head = LONG_HEAD;
    }
    const unsigned char *mask = bytes + head;
    head += WEBSOCKET_MASK_SIZE;
    if (length < head + payload)
        return 0;
    websocket_frame_mask(bytes + head, payload, mask, 0);
    hear_frame(bytes[0] & 0xfu, (char *)bytes + head, payload);
    return head + payload;
}

static size_t take_upgrade(void)
{
    static const char field[] = "Sec-WebSocket-Key: ";
    char key[64], answer[WEBSOCKET_KEY_ANSWER_SIZE], text[300];
    heard[heard_length] = 0;
    const char *end = strstr((char *)heard, "\r\n\r\n"), *at = strcasestr((char *)heard, field);
    if (!end)
        return 0;
    must(at && sscanf(at + sizeof field - 1, "%63[^\r]", key) == 1, "no WebSocket is asked for");
    websocket_key_answer(answer, key);
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Protocol: pult\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                          answer);
    say(text, (size_t)length);
    is_upgraded = true;
    return (size_t)(end + 4 - (char *)heard);
}

static void hear_link(void)
{
    ssize_t got;
    while ((got = tls_line_read(&line, heard + heard_length, ROOM - heard_length)) > 0) {
        heard_length += (size_t)got;
        size_t at = 0;
        for (size_t taken = 1; taken > 0; at += taken)
            taken = is_upgraded ? take_frame(heard + at, heard_length - at) : take_upgrade();
        heard_length -= at;
        memmove(heard, heard + at, heard_length);
    }
    must(got == 0, "the gateway has ended its link");
}

// ---- beginning

static int listen_at(int port)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 && listen(descriptor, SOMAXCONN) == 0,
         "cannot listen");
    return descriptor;
}

static void take_link(int listening, const char *certificate, const char *key)
{
    SSL_CTX *context = tls_line_context(TLS_server_method());
    must(SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
         "no certificate, or no key");
    unsigned char digest[(DIGEST_SIZE - 1) / 2];
    must(X509_digest(SSL_CTX_get0_certificate(context), EVP_sha256(), digest, NULL) == 1, "no digest");
    text_hex(fingerprint, digest, sizeof digest);
    int descriptor = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), done;
    tls_line_init(&line, descriptor, context, true);
    while ((done = tls_line_handshake(&line)) == 0)
        await_link(POLLIN);
    must(done > 0, "the gateway's link is no TLS");
}

int main(int argc, char **argv)
{
    struct rlimit files;
    must(argc == 5, "usage: see the head of tests/bench/gateway_broker.c");
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    row = link_of(NOUN_GATEWAY);
    host_port = (int)strtol(argv[4], NULL, 10);
    int listening = listen_at((int)strtol(argv[1], NULL, 10));
    take_link(listening, argv[2], argv[3]);
    for (;;) {
        struct pollfd ready[] = {{.fd = line.descriptor, .events = POLLIN}, {.fd = listening, .events = POLLIN}};
        hear_link();
        poll(ready, 2, -1);
        if (ready[1].revents)
            must(accept4(listening, NULL, NULL, SOCK_CLOEXEC) >= 0, "no desk can be taken");
    }
}
