// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/dial.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/base/worker.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct lookup {
    char address[256], port[8];
    struct addrinfo *found; // NULL unless result is 0
    int result;
    struct dial *dial; // for the loop's thread only
};

struct dial {
    struct loop *loop;
    struct worker *resolver; // holds what `next` points to
    struct addrinfo *next;
    int descriptor;
    struct loop_watch *watch;
    struct loop_timer *deadline;
    int64_t until_ms;
    struct fault why; // of the last address
    dial_done *done;
    void *arg;
};

static void try_next(struct dial *dial);

static void drop_descriptor(struct dial *dial)
{
    loop_watch_free(take(dial->watch));
    if (dial->descriptor >= 0)
        close(dial->descriptor);
    dial->descriptor = -1;
}

static void finish(struct dial *dial)
{
    worker_free(take(dial->resolver));
    loop_timer_stop(dial->deadline);
    loop_watch_free(take(dial->watch));
    int descriptor = dial->descriptor;
    struct fault why = dial->why; // `done` may free the dial
    dial->descriptor = -1;
    dial->done(dial->arg, descriptor, &why);
}

static void deadline_passed(void *arg)
{
    struct dial *dial = arg;
    drop_descriptor(dial);
    if (dial->resolver)
        fault_set(&dial->why, FAULT_UNAVAILABLE, "no answer within the deadline");
    try_next(dial);
}

static void set_option(int descriptor, int level, int option, int value)
{
    setsockopt(descriptor, level, option, &value, sizeof value);
}

static void set_options(int descriptor)
{
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 5);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 3);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
    // What was sent and not acknowledged: keep-alive does not look at a line on which we still wait for an answer.
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, 12000);
}

static void connected(void *arg, bool readable, bool writable)
{
    struct dial *dial = arg;
    (void)readable;
    if (!writable)
        return;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(dial->descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0) {
        finish(dial);
        return;
    }
    fault_set(&dial->why, FAULT_UNAVAILABLE, "%s", strerror(error));
    drop_descriptor(dial);
    try_next(dial);
}

static bool begin(struct dial *dial, const struct addrinfo *to)
{
    int kind = to->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK;
    dial->descriptor = socket(to->ai_family, kind, to->ai_protocol);
    if (dial->descriptor < 0)
        return false;
    set_options(dial->descriptor);
    if (connect(dial->descriptor, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
        return false;
    dial->watch = loop_watch_new(dial->loop, dial->descriptor, connected, dial);
    loop_watch_set(dial->watch, false, true);
    return true;
}

// Each address gets its share of the time left, so that a silent one leaves some.
static void limit_time(struct dial *dial, const struct addrinfo *to)
{
    int64_t left_ms = dial->until_ms - clock_steady_ms(), count = 0;
    for (; to; to = to->ai_next)
        count++;
    loop_timer_start(dial->deadline, left_ms > 0 ? left_ms / count : 0);
}

static void try_next(struct dial *dial)
{
    while (dial->next) {
        const struct addrinfo *to = dial->next;
        dial->next = to->ai_next;
        if (begin(dial, to)) {
            limit_time(dial, to);
            return;
        }
        fault_set(&dial->why, FAULT_UNAVAILABLE, "%s", strerror(errno));
        drop_descriptor(dial);
    }
    finish(dial);
}

static void resolve(void *arg)
{
    struct lookup *lookup = arg;
    struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    lookup->result = getaddrinfo(lookup->address, lookup->port, &wanted, &lookup->found);
}

static void resolved(void *arg)
{
    struct lookup *lookup = arg;
    struct dial *dial = lookup->dial;
    dial->next = lookup->found;
    if (lookup->result != 0)
        fault_set(&dial->why, FAULT_UNAVAILABLE, "%.100s: %s", lookup->address, gai_strerror(lookup->result));
    try_next(dial);
}

static void drop_lookup(void *arg)
{
    struct lookup *lookup = arg;
    if (lookup->found)
        freeaddrinfo(lookup->found);
    free(lookup);
}

struct dial *dial_new(struct loop *loop, const char *address, int port, int64_t deadline_ms, dial_done *done, void *arg)
{
    struct dial *dial = mem_new(1, sizeof *dial);
    dial->loop = loop;
    dial->descriptor = -1;
    dial->done = done;
    dial->arg = arg;
    dial->deadline = loop_timer_new(loop, deadline_passed, dial);
    struct lookup *lookup = mem_new(1, sizeof *lookup);
    lookup->dial = dial;
    TEXT_PUT(lookup->address, address);
    snprintf(lookup->port, sizeof lookup->port, "%d", port);
    dial->resolver = worker_new(loop, resolve, resolved, drop_lookup, lookup, &dial->why);
    if (!dial->resolver)
        drop_lookup(lookup);
    dial->until_ms = clock_steady_ms() + deadline_ms;
    loop_timer_start(dial->deadline, dial->resolver ? deadline_ms : 0);
    return dial;
}

void dial_free(struct dial *dial)
{
    if (!dial)
        return;
    drop_descriptor(dial);
    worker_free(dial->resolver);
    loop_timer_free(dial->deadline);
    free(dial);
}
