// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_dial.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEEPALIVE_IDLE_S = 30, KEEPALIVE_EVERY_S = 5, KEEPALIVE_PROBES = 3 };

struct ldap_place {
    char host[256];
    char port[8];
};

static bool split_host(struct ldap_place *place, const char *rest)
{
    const char *start = rest[0] == '[' ? rest + 1 : rest;
    size_t length = strcspn(start, rest[0] == '[' ? "]" : ":/");
    const char *behind = start + length + (rest[0] == '[' && start[length] == ']');
    if (length == 0 || length >= sizeof place->host || (rest[0] == '[' && behind == start + length))
        return false;
    memcpy(place->host, start, length);
    place->host[length] = 0;
    if (*behind == ':') {
        int64_t port = 0;
        if (!text_number(behind + 1, 1, 65535, &port))
            return false;
        text_put(place->port, sizeof place->port, behind + 1);
        return true;
    }
    return *behind == 0;
}

static bool split_uri(struct ldap_place *place, const char *uri)
{
    bool tls = text_starts(uri, "ldaps://");
    if (!tls && !text_starts(uri, "ldap://"))
        return false;
    text_put(place->port, sizeof place->port, tls ? "636" : "389");
    return split_host(place, uri + (tls ? 8 : 7));
}

void ldap_dial_host(const char *uri, char host[256])
{
    struct ldap_place place;
    host[0] = 0;
    if (split_uri(&place, uri))
        text_put(host, 256, place.host);
}

static void set_number(int descriptor, int level, int option, int number)
{
    setsockopt(descriptor, level, option, &number, sizeof number); // without it: slower or later, never wrong
}

// A firewall may forget a quiet connection; the first who then uses it must not wait for its deadline.
static void notice_death(int descriptor, int64_t wait_ms)
{
    set_number(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_number(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_number(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
    set_number(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S);
    set_number(descriptor, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES);
    set_number(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)wait_ms);
}

static bool await_connected(int descriptor, int64_t until_ms)
{
    int error = 0;
    socklen_t length = sizeof error;
    for (;;) {
        int64_t left_ms = until_ms - clock_steady_ms();
        struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
        int ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            errno = ETIMEDOUT;
        if (ready <= 0 || getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
            return false;
        errno = error;
        return error == 0;
    }
}

static int dial_address(const struct addrinfo *address, int64_t until_ms)
{
    int descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    if (connect(descriptor, address->ai_addr, address->ai_addrlen) != 0 &&
        (errno != EINPROGRESS || !await_connected(descriptor, until_ms))) {
        int error = errno;
        close(descriptor);
        errno = error;
        return -1;
    }
    return descriptor;
}

int ldap_dial(const char *uri, int64_t wait_ms, struct fault *why)
{
    struct ldap_place place;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *all = NULL;
    if (!split_uri(&place, uri)) {
        fault_set(why, FAULT_UNAVAILABLE, "not an address of a directory");
        return -1;
    }
    int rc = getaddrinfo(place.host, place.port, &hints, &all);
    if (rc != 0) {
        fault_set(why, FAULT_UNAVAILABLE, "%s", gai_strerror(rc));
        return -1;
    }
    int descriptor = -1;
    int64_t until_ms = clock_steady_ms() + wait_ms;
    for (struct addrinfo *one = all; one && descriptor < 0; one = one->ai_next)
        descriptor = dial_address(one, until_ms);
    if (descriptor < 0)
        fault_set(why, FAULT_UNAVAILABLE, "%s", strerror(errno));
    else
        notice_death(descriptor, wait_ms);
    freeaddrinfo(all);
    return descriptor;
}
