// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/mem.h"
#include "tests/bench/gateway_load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { PIECE = 16 * 1024 }; // the longest that it sends at once

static int listening;
static struct end listener;
static SSL_CTX *context;

static void host_writes(struct tunnel *tunnel)
{
    ssize_t sent = 1;
    while (tunnel->owed > 0 && sent > 0) {
        size_t size = tunnel->owed < PIECE ? tunnel->owed : (size_t)PIECE;
        sent = tls_line_write(&tunnel->far->line, content(tunnel, tunnel->sent), size);
        must(sent >= 0, "the session host cannot write", tunnel);
        tunnel->sent += (size_t)sent;
        tunnel->owed -= (size_t)sent;
    }
    watch(tunnel->far->line.descriptor, tunnel->far, tunnel->owed ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void host_hears(struct tunnel *tunnel)
{
    char bytes[INPUT * 16];
    ssize_t got;
    while ((got = tls_line_read(&tunnel->far->line, bytes, sizeof bytes)) > 0)
        for (tunnel->input += (size_t)got; tunnel->input >= INPUT; tunnel->input -= INPUT)
            tunnel->owed += picture(tunnel->host_round++);
    must(got == 0, "the session host is cut off", tunnel);
    host_writes(tunnel);
}

// The name is the last of what has come: what goes before it, if anything, is the client's first flight.
static void host_hears_name(struct end *end)
{
    char name[NAME + 1] = "", expected[NAME + 1];
    ssize_t got;
    while ((got = tls_line_read(&end->line, end->said + end->length, sizeof end->said - end->length)) > 0)
        end->length += (size_t)got;
    must(got == 0 && end->length < sizeof end->said, "no name came", NULL);
    const unsigned char *mark = memmem(end->said, end->length, NAME_MARK, sizeof NAME_MARK - 1);
    if (!mark || end->said + end->length < mark + sizeof NAME_MARK - 1 + NAME)
        return;
    memcpy(name, mark + sizeof NAME_MARK - 1, NAME);
    int number = (int)strtol(name, NULL, 10);
    must(number >= 0 && number < count, "a name of nobody", NULL);
    struct tunnel *tunnel = &tunnels[number];
    name_of(tunnel, expected);
    must(strcmp(name, expected) == 0 && !tunnel->far, "came out twice", tunnel);
    tunnel->far = end;
    end->tunnel = tunnel;
    end->stage = HOST_SERVES;
    must(tls_line_write(&end->line, name, NAME) == NAME, "cannot answer", tunnel);
}

static void host_shakes_hands(struct end *end)
{
    int done = tls_line_handshake(&end->line);
    must(done >= 0, "no TLS with the session host", NULL);
    if (!done)
        return;
    tls_line_settle(&end->line);
    end->stage = HOST_HEARS_NAME;
    host_hears_name(end);
}

// X.224: the client asks for what it knows; it gets TLS.
static void host_negotiates(struct end *end)
{
    static const unsigned char confirm[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0, 8, 0, 1, 0, 0, 0};
    ssize_t got = recv(end->line.descriptor, end->said + end->length, sizeof end->said - end->length, MSG_DONTWAIT);
    must(got > 0, "no RDP came", NULL);
    end->length += (size_t)got;
    if (end->length < 4 || end->length < (size_t)(end->said[2] << 8 | end->said[3]))
        return;
    must(send(end->line.descriptor, confirm, sizeof confirm, MSG_NOSIGNAL) == sizeof confirm, "cannot answer", NULL);
    end->length = 0;
    end->stage = HOST_SHAKES_HANDS;
    tls_line_init(&end->line, end->line.descriptor, context, true);
}

void host_takes(void)
{
    int descriptor, one = 1;
    while ((descriptor = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct end *end = mem_new(1, sizeof *end);
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        bool is_tls = kind->host_is_tls && !kind->host_negotiates;
        tls_line_init(&end->line, descriptor, is_tls ? context : NULL, is_tls);
        end->stage = kind->host_negotiates ? HOST_NEGOTIATES : is_tls ? HOST_SHAKES_HANDS : HOST_HEARS_NAME;
        watch(descriptor, end, EPOLLIN);
    }
}

void host_ready(struct end *end, uint32_t events)
{
    if (end->stage == HOST_NEGOTIATES)
        host_negotiates(end);
    else if (end->stage == HOST_SHAKES_HANDS)
        host_shakes_hands(end);
    else if (end->stage == HOST_HEARS_NAME)
        host_hears_name(end);
    else if (events & EPOLLIN)
        host_hears(end->tunnel);
    else
        host_writes(end->tunnel);
}

bool host_is_its(const struct end *end)
{
    return end == &listener;
}

void host_listens(int port, const char *certificate, const char *key)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    context = tls_line_context(TLS_server_method());
    must(SSL_CTX_use_certificate_chain_file(context, certificate) == 1 &&
             SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
         "no certificate, or no key", NULL);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, SOMAXCONN) == 0,
         "cannot listen for the session host", NULL);
    watch(listening, &listener, EPOLLIN);
}
