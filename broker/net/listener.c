// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/listener.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BACKLOG = 4096,
    ACCEPT_TURN = 64, // so many at once, then it is the others' turn
    BEGIN_TURN = 16,  // the same for handshakes, which take a third of a millisecond each
    TURN_MS = 1,
    PAUSE_MS = 100, // no descriptors
    // RFC 8446, section 5.1: the head of a record; a handshake's; the longest that may follow.
    RECORD_HEAD = LISTENER_HEAD,
    RECORD_HANDSHAKE = 22,
    RECORD_MAX = 16384,
};

// A connection that has not yet said the first thing that it has to say.
struct arrival {
    struct listener *listener;
    struct unproven *unproven;
    struct loop_watch *watch;
    struct arrival *next, **before; // of all, or of those that have
    int descriptor;
    bool ready;                   // it has
    bool in_header;               // what comes first may be a header, and its bytes are what is needed
    int needed;                   // bytes until that is complete; RECORD_HEAD as long as its length is not known
    struct passed_caller *caller; // NULL: whose connection it is
};

struct arrivals {
    struct arrival *first, **last;
};

struct listener {
    struct listener_config config;
    int descriptor;
    struct loop_watch *watch;
    struct loop_timer *pause, *turn;
    struct arrivals waiting, ready;
    int begun; // handshakes in this turn
};

// ---- arrivals

static void put_last(struct arrivals *arrivals, struct arrival *arrival)
{
    arrival->next = NULL;
    arrival->before = arrivals->last;
    *arrivals->last = arrival;
    arrivals->last = &arrival->next;
}

static void take_out(struct arrivals *arrivals, struct arrival *arrival)
{
    *arrival->before = arrival->next;
    *(arrival->next ? &arrival->next->before : &arrivals->last) = arrival->before;
}

// Its descriptor, now the caller's.
static int arrival_end(struct arrival *arrival)
{
    struct listener *listener = arrival->listener;
    int descriptor = arrival->descriptor;
    take_out(arrival->ready ? &listener->ready : &listener->waiting, arrival);
    loop_watch_free(arrival->watch);
    --*listener->config.open;
    free(arrival->caller);
    free(arrival);
    return descriptor;
}

static bool drop_arrival(void *arg)
{
    close(arrival_end(arg));
    return true;
}

static void close_arrival(struct arrival *arrival)
{
    unproven_remove(take(arrival->unproven));
    drop_arrival(arrival);
}

static void wait_for_bytes(int descriptor, int count)
{
    setsockopt(descriptor, SOL_SOCKET, SO_RCVLOWAT, &count, sizeof count);
}

static void begin_handshake(struct arrival *arrival)
{
    struct listener *listener = arrival->listener;
    struct unproven *unproven = take(arrival->unproven);
    owned(bytes) struct passed_caller *caller = take(arrival->caller);
    int descriptor = arrival_end(arrival);
    listener->begun++;
    wait_for_bytes(descriptor, 1);
    listener->config.begin(listener->config.arg, descriptor, unproven, caller);
}

static void begin_handshakes(void *arg)
{
    struct listener *listener = arg;
    listener->begun = 0;
    while (listener->ready.first && listener->begun < BEGIN_TURN)
        begin_handshake(listener->ready.first);
    if (listener->begun)
        loop_timer_start(listener->turn, TURN_MS);
}

static void hello_complete(struct arrival *arrival)
{
    struct listener *listener = arrival->listener;
    take_out(&listener->waiting, arrival);
    loop_watch_free(take(arrival->watch));
    put_last(&listener->ready, arrival);
    arrival->ready = true;
    unproven_step(arrival->unproven, true, clock_steady_ms());
    if (!listener->begun)
        loop_timer_start(listener->turn, TURN_MS);
    if (listener->begun < BEGIN_TURN)
        begin_handshake(listener->ready.first);
}

static int measure_hello(const unsigned char head[LISTENER_HEAD])
{
    int length = head[3] << 8 | head[4];
    bool is_hello = head[0] == RECORD_HANDSHAKE && head[1] == 3 && length > 0 && length <= RECORD_MAX;
    return is_hello ? RECORD_HEAD + length : 0;
}

// False: it is no such message, or ended.
static bool read_length(struct arrival *arrival)
{
    listener_measure *measure = arrival->listener->config.measure;
    unsigned char head[RECORD_HEAD];
    if (recv(arrival->descriptor, head, sizeof head, MSG_PEEK) != RECORD_HEAD)
        return false;
    arrival->needed = (measure ? measure : measure_hello)(head);
    return arrival->needed > RECORD_HEAD;
}

static int bytes_there(const struct arrival *arrival)
{
    int available = 0;
    ioctl(arrival->descriptor, FIONREAD, &available);
    return available;
}

// ---- a header before TLS

static bool is_admitted(struct arrival *arrival, const struct proxy_header *header, struct passed_caller *caller)
{
    const struct listener_config *config = &arrival->listener->config;
    struct sockaddr_storage from = {0};
    return getpeername(arrival->descriptor, (struct sockaddr *)&from, &(socklen_t){sizeof from}) == 0 &&
           config->admit(config->arg, &from, header, caller);
}

// From here on it counts for whoever really calls.
static void count_for_caller(struct arrival *arrival, const struct passed_caller *caller)
{
    struct sockaddr_storage from;
    address_to_socket(&from, &caller->address, caller->port);
    arrival->caller = mem_copy(caller, sizeof *caller);
    unproven_move(arrival->unproven, &from, clock_steady_ms());
}

// The header is whole, and `size` bytes of what has come. False: it may not go on.
static bool end_header(struct arrival *arrival, const struct proxy_header *header, size_t size)
{
    unsigned char bytes[PROXY_HEADER_MAX];
    struct passed_caller caller = {.address = header->caller, .port = header->port};
    if (!is_admitted(arrival, header, header->names_caller ? &caller : NULL) ||
        recv(arrival->descriptor, bytes, size, 0) != (ssize_t)size)
        return false;
    if (header->names_caller)
        count_for_caller(arrival, &caller);
    arrival->in_header = false;
    arrival->needed = RECORD_HEAD;
    wait_for_bytes(arrival->descriptor, RECORD_HEAD);
    return true;
}

// False: it may not go on. As long as `in_header` stays, more bytes are needed than there were.
static bool read_header(struct arrival *arrival)
{
    unsigned char bytes[PROXY_HEADER_MAX];
    struct proxy_header header;
    size_t size = 0;
    ssize_t got = recv(arrival->descriptor, bytes, sizeof bytes, MSG_PEEK);
    if (got < arrival->needed)
        return false;
    switch (proxy_header_read(&header, bytes, (size_t)got, &size)) {
    case PROXY_HEADER_PARTIAL:
        arrival->needed = (int)size;
        wait_for_bytes(arrival->descriptor, arrival->needed);
        return true;
    case PROXY_HEADER_WHOLE:
        return end_header(arrival, &header, size);
    case PROXY_HEADER_ABSENT:
        arrival->in_header = false;
        arrival->needed = RECORD_HEAD;
        return is_admitted(arrival, NULL, NULL);
    case PROXY_HEADER_BROKEN:
        return false;
    }
    return false;
}

// ---- TLS

// As many bytes have come as were asked for, or no more will come. False: it does not wait any more, and may be gone.
static bool goes_on_waiting(struct arrival *arrival)
{
    bool had_header = arrival->in_header;
    if (had_header && !read_header(arrival)) {
        close_arrival(arrival);
        return false;
    }
    // For more of the header or for what comes after it.
    if (had_header && (arrival->in_header || bytes_there(arrival) < RECORD_HEAD))
        return true;
    bool is_news = arrival->needed == RECORD_HEAD;
    if (is_news && !read_length(arrival)) {
        close_arrival(arrival);
        return false;
    }
    bool is_whole = bytes_there(arrival) >= arrival->needed;
    if (is_whole)
        hello_complete(arrival);
    else if (is_news)
        wait_for_bytes(arrival->descriptor, arrival->needed);
    else
        close_arrival(arrival);
    return !is_whole && is_news;
}

static void arrival_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    goes_on_waiting(arg);
}

static void take_arrival(struct listener *listener, int descriptor, const struct sockaddr_storage *from)
{
    const struct listener_config *config = &listener->config;
    struct arrival *arrival = mem_new(1, sizeof *arrival);
    arrival->listener = listener;
    arrival->descriptor = descriptor;
    arrival->needed = RECORD_HEAD;
    arrival->in_header = config->admit != NULL;
    put_last(&listener->waiting, arrival);
    ++*config->open;
    arrival->unproven =
        unproven_add(config->unproven, config->unproven_port, from, drop_arrival, arrival, clock_steady_ms());
    // Where much is to be done the message has come with the connection.
    if (bytes_there(arrival) >= RECORD_HEAD && !goes_on_waiting(arrival))
        return;
    arrival->watch = loop_watch_new(config->loop, descriptor, arrival_ready, arrival);
    loop_watch_set(arrival->watch, true, false);
}

// ---- the listening socket

static void go_on(void *arg)
{
    struct listener *listener = arg;
    loop_watch_set(listener->watch, true, false);
}

// What is dropped is closed by the next turn. With all proven there is nobody to drop: they wait in the kernel.
static void make_room(struct listener *listener)
{
    if (unproven_make_room(listener->config.unproven, clock_steady_ms()))
        return;
    loop_watch_set(listener->watch, false, false);
    loop_timer_start(listener->pause, PAUSE_MS);
}

static bool is_want_of_room(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Somebody waits when this is called. After the first one nobody knows, and accept4() says that there is no descriptor
// before it looks: room is made at the next turn, if at all.
static void accept_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct listener *listener = arg;
    for (int i = 0; i < ACCEPT_TURN; i++) {
        struct sockaddr_storage from;
        bool is_full = *listener->config.open >= listener->config.open_max;
        int descriptor = is_full ? -1
                                 : accept4(listener->descriptor, (struct sockaddr *)&from, &(socklen_t){sizeof from},
                                           SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            take_arrival(listener, descriptor, &from);
        } else if (is_full || is_want_of_room(errno)) {
            if (i == 0)
                make_room(listener);
            return;
        } else if (errno == EAGAIN) {
            return;
        } // any other error is the connection's, which is gone
    }
}

static int open_socket(const struct sockaddr_storage *address)
{
    int on = 1, off = 0;
    int descriptor = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0)
        return -1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); // what is accepted inherits it, and the next
    wait_for_bytes(descriptor, RECORD_HEAD);
    if (address->ss_family == AF_INET6)
        setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(descriptor, (const struct sockaddr *)address, sizeof *address) == 0 && listen(descriptor, BACKLOG) == 0)
        return descriptor;
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

static int open_at(const char *text, int port)
{
    struct sockaddr_storage address;
    errno = EINVAL;
    if (!address_to_listen(&address, text, port))
        return -1;
    int descriptor = open_socket(&address);
    bool has_no_ipv6 = descriptor < 0 && !text[0] && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
    return has_no_ipv6 && address_to_listen(&address, "0.0.0.0", port) ? open_socket(&address) : descriptor;
}

static int open_or_say(const char *address, int port, struct fault *why)
{
    int descriptor = open_at(address, port);
    if (descriptor < 0)
        fault_set(why, FAULT_UNAVAILABLE, "cannot listen on %s port %d: %s", address, port, strerror(errno));
    return descriptor;
}

bool listener_is_possible(const char *address, int port, struct fault *why)
{
    int descriptor = open_or_say(address, port, why);
    if (descriptor >= 0)
        close(descriptor);
    return descriptor >= 0;
}

// What open_socket() does before it binds; whoever opened it had no reason to.
static int complete_passed(int descriptor)
{
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    wait_for_bytes(descriptor, RECORD_HEAD);
    listen(descriptor, BACKLOG);
    return descriptor;
}

// ---- beginning and end

struct listener *listener_new(const struct listener_config *config, struct fault *why)
{
    int descriptor =
        config->passed ? complete_passed(config->passed) : open_or_say(config->listen_address, config->port, why);
    if (descriptor < 0)
        return NULL;
    struct listener *listener = mem_new(1, sizeof *listener);
    assert(config->unproven && config->begin && config->open);
    listener->config = *config;
    listener->descriptor = descriptor;
    listener->waiting.last = &listener->waiting.first;
    listener->ready.last = &listener->ready.first;
    listener->watch = loop_watch_new(config->loop, descriptor, accept_ready, listener);
    listener->pause = loop_timer_new(config->loop, go_on, listener);
    listener->turn = loop_timer_new(config->loop, begin_handshakes, listener);
    go_on(listener);
    return listener;
}

void listener_free(struct listener *listener)
{
    if (!listener)
        return;
    while (listener->waiting.first)
        close_arrival(listener->waiting.first);
    while (listener->ready.first)
        close_arrival(listener->ready.first);
    loop_watch_free(listener->watch);
    loop_timer_free(listener->pause);
    loop_timer_free(listener->turn);
    close(listener->descriptor);
    free(listener);
}
