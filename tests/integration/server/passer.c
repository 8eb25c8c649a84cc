// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/server/passer.h"
#include "broker/net/proxy_header.h"
#include "broker/net/proxy_voucher.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 50, PIECE = 16 * 1024 };

static struct sockaddr_in address_here(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void vouch(int descriptor, int64_t number)
{
    unsigned char header[PROXY_HEADER_MAX];
    char text[PROXY_VOUCHER_SIZE];
    struct address caller;
    const struct proxy_voucher voucher = {.way = PROXY_TO_PORTAL, .gateway = PASSER_GATEWAY, .number = number};
    if (!address_read(&caller, PASSER_CALLER))
        _exit(1);
    proxy_voucher_write(text, &voucher, PASSER_KEY, &caller, 4711);
    size_t length = proxy_header_write(header, &caller, 4711, text);
    if (send(descriptor, header, length, MSG_NOSIGNAL) != (ssize_t)length)
        _exit(1);
}

// False: this direction is at its end.
static bool pass_some(int from, int to)
{
    char bytes[PIECE];
    ssize_t got = recv(from, bytes, sizeof bytes, 0);
    if (got <= 0)
        shutdown(to, SHUT_WR);
    for (ssize_t at = 0, sent = 1; at < got && sent > 0; at += sent)
        sent = send(to, bytes + at, (size_t)(got - at), MSG_NOSIGNAL);
    return got > 0;
}

static void pass_connection(int caller, int gateway_port, int64_t number)
{
    struct sockaddr_in address = address_here(gateway_port);
    int broker = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(broker, (struct sockaddr *)&address, sizeof address) != 0)
        _exit(1);
    vouch(broker, number);
    struct pollfd sides[2] = {{caller, POLLIN, 0}, {broker, POLLIN, 0}};
    while (sides[0].fd >= 0 || sides[1].fd >= 0) {
        poll(sides, 2, -1);
        for (int i = 0; i < 2; i++)
            if (sides[i].fd >= 0 && sides[i].revents && !pass_some(sides[i].fd, i ? caller : broker))
                sides[i].fd = -1;
    }
    _exit(0);
}

static void pass_all(int listening, int gateway_port)
{
    signal(SIGCHLD, SIG_IGN); // nobody waits for them
    for (int64_t number = 1;; number++) {
        int caller = accept(listening, NULL, NULL);
        if (caller >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            pass_connection(caller, gateway_port, number);
        }
        close(caller);
    }
}

pid_t passer_start(int port, int gateway_port)
{
    int on = 1, listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = address_here(port);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    cr_assert_eq(bind(listening, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listening, BACKLOG), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pass_all(listening, gateway_port);
    }
    close(listening);
    return pid;
}
