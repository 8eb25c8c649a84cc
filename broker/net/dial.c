// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/dial.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE_S = 5, EVERY_S = 3, PROBES = 3, UNANSWERED_MS = 12000 };

enum dial_step { DIAL_ASK, DIAL_RESOLVE, DIAL_CONNECT, DIAL_DONE };

struct dial {
    struct loop *loop;
    struct resolver *resolver, *own_resolver;
    char name[256];
    int port;
    enum dial_step step;
    struct loop_timer *timer;
    int64_t deadline_ms, until_ms;
    struct resolver_wait wait;
    struct resolver_answer answer;
    size_t tried; // addresses of `answer`
    int descriptor;
    struct loop_watch *watch;
    struct fault why; // of the last address
    dial_done *done;
    void *arg;
};

// ---- one address

static void set_option(int descriptor, int level, int option, int value)
{
    setsockopt(descriptor, level, option, &value, sizeof value); // without it: slower or later, never wrong
}

void dial_watch_over(int descriptor, int idle_s, int every_s, int64_t unanswered_ms)
{
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, every_s);
    set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    // What was sent and not acknowledged: keep-alive does not look at a line on which we still wait for an answer.
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)unanswered_ms);
}

// Writable once it stands. -1 with errno when it cannot be tried at all.
static int begin_connect(union resolver_address address, int port)
{
    socklen_t length = address.any.sa_family == AF_INET6 ? sizeof address.v6 : sizeof address.v4;
    if (address.any.sa_family == AF_INET6)
        address.v6.sin6_port = htons((uint16_t)port);
    else
        address.v4.sin_port = htons((uint16_t)port);
    int descriptor = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    set_option(descriptor, IPPROTO_TCP, TCP_NODELAY, 1);
    dial_watch_over(descriptor, IDLE_S, EVERY_S, UNANSWERED_MS);
    if (connect(descriptor, &address.any, length) == 0 || errno == EINPROGRESS)
        return descriptor;
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static int error_of(int descriptor)
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

// So that a silent address leaves some for those behind it.
static int64_t share_ms(int64_t until_ms, const struct resolver_answer *answer, size_t tried)
{
    int64_t left_ms = until_ms - clock_steady_ms();
    return left_ms > 0 ? left_ms / (int64_t)(answer->count - tried) : 0;
}

// ---- faults

static void set_no_address(struct fault *why, const struct resolver_answer *answer)
{
    fault_set(why, FAULT_UNAVAILABLE, "its name has no address: %s", answer->problem);
}

static void set_too_late(struct fault *why, int64_t deadline_ms, const char *meanwhile)
{
    fault_set(why, FAULT_UNAVAILABLE, "no answer within %lld ms, while %s", (long long)deadline_ms, meanwhile);
}

static void set_refused(struct fault *why, int port, int error)
{
    fault_set(why, FAULT_UNAVAILABLE, "cannot connect to port %d: %s", port, strerror(error));
}

// ---- in the loop

static void drop_descriptor(struct dial *dial)
{
    loop_watch_free(take(dial->watch));
    if (dial->descriptor >= 0)
        close(dial->descriptor);
    dial->descriptor = -1;
}

// Told by the timer: whoever is told may free the dial and the resolver, which may be at work above us.
static void finish_dial(struct dial *dial)
{
    assert(dial->step != DIAL_DONE);
    dial->step = DIAL_DONE;
    resolver_leave(&dial->wait);
    loop_watch_free(take(dial->watch));
    loop_timer_start(dial->timer, 0);
}

static void try_next(struct dial *dial);

static void connected(void *arg, bool readable, bool writable)
{
    struct dial *dial = arg;
    (void)readable;
    if (!writable)
        return;
    int error = error_of(dial->descriptor);
    if (error == 0) {
        finish_dial(dial);
        return;
    }
    set_refused(&dial->why, dial->port, error);
    try_next(dial);
}

static void try_next(struct dial *dial)
{
    dial->step = DIAL_CONNECT;
    drop_descriptor(dial);
    while (dial->tried < dial->answer.count) {
        int64_t limit_ms = share_ms(dial->until_ms, &dial->answer, dial->tried);
        dial->descriptor = begin_connect(dial->answer.addresses[dial->tried++], dial->port);
        if (dial->descriptor >= 0) {
            dial->watch = loop_watch_new(dial->loop, dial->descriptor, connected, dial);
            loop_watch_set(dial->watch, false, true);
            loop_timer_start(dial->timer, limit_ms);
            return;
        }
        set_refused(&dial->why, dial->port, errno);
    }
    finish_dial(dial);
}

static void name_found(void *arg, const struct resolver_answer *answer)
{
    struct dial *dial = arg;
    dial->answer = *answer;
    if (answer->count) {
        try_next(dial);
        return;
    }
    set_no_address(&dial->why, answer);
    finish_dial(dial);
}

static void ask_name(struct dial *dial)
{
    dial->step = DIAL_RESOLVE;
    loop_timer_start(dial->timer, dial->deadline_ms);
    const struct resolver_answer *answer = resolver_ask(dial->resolver, dial->name, &dial->wait);
    if (answer)
        name_found(dial, answer);
}

static void deliver(struct dial *dial)
{
    int descriptor = dial->descriptor;
    struct fault why = dial->why; // `done` may free the dial
    dial->descriptor = -1;
    dial->done(dial->arg, descriptor, &why);
}

static void timer_fired(void *arg)
{
    struct dial *dial = arg;
    switch (dial->step) {
    case DIAL_ASK:
        ask_name(dial);
        return;
    case DIAL_RESOLVE:
        set_too_late(&dial->why, dial->deadline_ms, "looking up its name");
        finish_dial(dial);
        return;
    case DIAL_CONNECT:
        set_too_late(&dial->why, dial->deadline_ms, "connecting");
        try_next(dial);
        return;
    case DIAL_DONE:
        deliver(dial);
        return;
    }
}

struct dial *dial_new(struct loop *loop, struct resolver *resolver, const char *name, int port, int64_t deadline_ms,
                      dial_done *done, void *arg)
{
    struct dial *dial = mem_new(1, sizeof *dial);
    dial->loop = loop;
    dial->own_resolver = resolver ? NULL : resolver_new(loop);
    dial->resolver = resolver ? resolver : dial->own_resolver;
    TEXT_PUT(dial->name, name);
    dial->port = port;
    dial->deadline_ms = deadline_ms;
    dial->until_ms = clock_steady_ms() + deadline_ms;
    dial->wait = (struct resolver_wait){.done = name_found, .arg = dial};
    dial->descriptor = -1;
    dial->done = done;
    dial->arg = arg;
    dial->timer = loop_timer_new(loop, timer_fired, dial);
    loop_timer_start(dial->timer, 0);
    return dial;
}

void dial_free(struct dial *dial)
{
    if (!dial)
        return;
    resolver_leave(&dial->wait);
    drop_descriptor(dial);
    resolver_free(dial->own_resolver);
    loop_timer_free(dial->timer);
    free(dial);
}

// ---- in a thread

// 0, or an errno.
static int await_connected(int descriptor, int64_t until_ms)
{
    for (;;) {
        int64_t left_ms = until_ms - clock_steady_ms();
        struct pollfd wait = {.fd = descriptor, .events = POLLOUT};
        int ready = poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        return ready < 0 ? errno : ready == 0 ? ETIMEDOUT : error_of(descriptor);
    }
}

int dial_now(const char *name, int port, int64_t deadline_ms, struct fault *why)
{
    struct resolver_answer answer = {0};
    resolver_ask_now(name, &answer);
    if (answer.count == 0)
        set_no_address(why, &answer);
    int64_t until_ms = clock_steady_ms() + deadline_ms;
    for (size_t i = 0; i < answer.count; i++) {
        int64_t limit_ms = share_ms(until_ms, &answer, i);
        int descriptor = begin_connect(answer.addresses[i], port);
        int error = descriptor < 0 ? errno : await_connected(descriptor, clock_steady_ms() + limit_ms);
        if (error == 0)
            return descriptor;
        if (descriptor >= 0)
            close(descriptor);
        if (error == ETIMEDOUT)
            set_too_late(why, deadline_ms, "connecting");
        else
            set_refused(why, port, error);
    }
    return -1;
}
