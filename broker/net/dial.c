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
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { IDLE_S = 5, EVERY_S = 3, PROBES = 3, UNANSWERED_MS = 12000 };
// Bytes of a packet that are not its head. Tunnels leave at least the first through, and seldom say so when they leave
// no more (path MTU black holes, RFC 2923): it costs less than a hundredth to ask for no larger ones. The other is for
// ways that are narrower still.
enum { SEGMENT = 1160, SMALL_SEGMENT = 500 };
enum { NEXT_MS = 250 }; // RFC 8305, section 5: how long the addresses behind it wait for one that is silent

// All addresses of a name, one begun after the other; the first that answers wins.
struct race {
    struct resolver_answer answer;
    size_t begun; // of its addresses
    size_t open;  // begun and undecided
    int descriptors[RESOLVER_ADDRESSES_MAX];
    int epoll; // of those undecided
    int winner;
    int port;
    bool small_packets;
    int64_t deadline_ms, until_ms, next_ms;
    struct fault why; // of the last one that failed
    dial_may *may;    // NULL: all
    void *may_arg;
};

enum dial_step { DIAL_ASK, DIAL_RESOLVE, DIAL_CONNECT, DIAL_DONE };

struct dial {
    struct loop *loop;
    struct resolver *resolver, *own_resolver;
    char name[256];
    enum dial_step step;
    struct loop_timer *timer;
    struct resolver_wait wait;
    struct race race;
    struct loop_watch *watch; // of the race
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
    set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, idle_s > 0);
    if (idle_s > 0) {
        set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, idle_s);
        set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, every_s);
        set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    }
    // What was sent and not acknowledged: keep-alive does not look at a line on which we still wait for an answer.
    set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)unanswered_ms);
}

// Writable once it stands. -1 with errno when it cannot be tried at all.
static int begin_connect(union resolver_address address, int port, bool small_packets)
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
    // Told to the other side as well.
    set_option(descriptor, IPPROTO_TCP, TCP_MAXSEG, small_packets ? SMALL_SEGMENT : SEGMENT);
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

// ---- faults

static void set_no_address(struct fault *why, const struct resolver_answer *answer)
{
    fault_set(why, FAULT_UNAVAILABLE, "its name has no address: %s", answer->problem);
}

static void set_no_allowed(struct fault *why)
{
    fault_set(why, FAULT_UNAVAILABLE, "its address is not allowed");
}

static void set_too_late(struct fault *why, int64_t deadline_ms, const char *meanwhile)
{
    fault_set(why, FAULT_UNAVAILABLE, "no answer within %lld ms, while %s", (long long)deadline_ms, meanwhile);
}

static void set_refused(struct fault *why, int port, int error)
{
    fault_set(why, FAULT_UNAVAILABLE, "cannot connect to port %d: %s", port, strerror(error));
}

// ---- the race

static void init_race(struct race *race, int port, int64_t deadline_ms)
{
    *race = (struct race){.port = port, .deadline_ms = deadline_ms, .winner = -1};
    race->until_ms = clock_steady_ms() + deadline_ms;
    race->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert(race->epoll >= 0);
    for (size_t i = 0; i < RESOLVER_ADDRESSES_MAX; i++)
        race->descriptors[i] = -1;
}

static void fini_race(struct race *race)
{
    for (size_t i = 0; i < race->begun; i++)
        if (race->descriptors[i] >= 0)
            close(race->descriptors[i]);
    if (race->winner >= 0)
        close(race->winner);
    close(race->epoll);
}

static bool has_address(const struct resolver_answer *answer, const union resolver_address *address)
{
    for (size_t i = 0; i < answer->count; i++)
        if (resolver_same_address(&answer->addresses[i], address))
            return true;
    return false;
}

// What the name server says anew comes behind what is being tried.
static void add_addresses(struct race *race, const struct resolver_answer *answer)
{
    for (size_t i = 0; i < answer->count && race->answer.count < RESOLVER_ADDRESSES_MAX; i++)
        if (!has_address(&race->answer, &answer->addresses[i]) &&
            (!race->may || race->may(race->may_arg, &answer->addresses[i].any)))
            race->answer.addresses[race->answer.count++] = answer->addresses[i];
}

static void begin_next(struct race *race, int64_t now_ms)
{
    size_t at = race->begun++;
    struct epoll_event event = {.events = EPOLLOUT, .data.u64 = at};
    race->next_ms = now_ms + NEXT_MS;
    race->descriptors[at] = begin_connect(race->answer.addresses[at], race->port, race->small_packets);
    if (race->descriptors[at] < 0) {
        set_refused(&race->why, race->port, errno);
        race->next_ms = 0;
        return;
    }
    race->open++;
    if (epoll_ctl(race->epoll, EPOLL_CTL_ADD, race->descriptors[at], &event) != 0)
        assert(!"a new socket cannot be watched");
}

// One that failed makes room for the next at once.
static void decide_one(struct race *race, size_t at)
{
    int descriptor = race->descriptors[at], error = error_of(descriptor);
    assert(race->open && descriptor >= 0);
    race->descriptors[at] = -1;
    race->open--;
    if (error == 0 && race->winner < 0) {
        epoll_ctl(race->epoll, EPOLL_CTL_DEL, descriptor, NULL);
        race->winner = descriptor;
        return;
    }
    close(descriptor);
    race->next_ms = 0;
    if (error)
        set_refused(&race->why, race->port, error);
}

// False: decided, with a winner or with why.
static bool run_race(struct race *race)
{
    struct epoll_event ready[RESOLVER_ADDRESSES_MAX];
    int count = epoll_wait(race->epoll, ready, RESOLVER_ADDRESSES_MAX, 0);
    for (int i = 0; i < count; i++)
        decide_one(race, (size_t)ready[i].data.u64);
    int64_t now_ms = clock_steady_ms();
    if (race->winner >= 0)
        return false;
    if (now_ms >= race->until_ms) {
        set_too_late(&race->why, race->deadline_ms, "connecting");
        return false;
    }
    while (race->begun < race->answer.count && (race->open == 0 || now_ms >= race->next_ms))
        begin_next(race, now_ms);
    return race->open > 0;
}

static int64_t race_wait_ms(const struct race *race)
{
    bool has_more = race->begun < race->answer.count;
    int64_t next_ms = has_more && race->next_ms < race->until_ms ? race->next_ms : race->until_ms;
    int64_t wait_ms = next_ms - clock_steady_ms();
    return wait_ms > 0 ? wait_ms : 0;
}

static int take_winner(struct race *race)
{
    int descriptor = race->winner;
    race->winner = -1;
    return descriptor;
}

// ---- in the loop

// Told by the timer: whoever is told may free the dial and the resolver, which may be at work above us.
static void finish_dial(struct dial *dial)
{
    assert(dial->step != DIAL_DONE);
    dial->step = DIAL_DONE;
    resolver_leave(&dial->wait);
    loop_watch_free(take(dial->watch));
    loop_timer_start(dial->timer, 0);
}

// Where every old address failed, the name server may be about to say a new one.
static void go_on(struct dial *dial)
{
    bool undecided = run_race(&dial->race);
    bool is_lost = !undecided && dial->race.winner < 0;
    if (undecided || (is_lost && dial->wait.waiting && clock_steady_ms() < dial->race.until_ms)) {
        loop_timer_start(dial->timer, race_wait_ms(&dial->race));
        return;
    }
    if (is_lost)
        resolver_doubt(dial->resolver, dial->name);
    finish_dial(dial);
}

static void address_decided(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    go_on(arg);
}

// Comes again when the first answer was an old one.
static void name_found(void *arg, const struct resolver_answer *answer)
{
    struct dial *dial = arg;
    if (dial->step == DIAL_RESOLVE && answer->count == 0) {
        set_no_address(&dial->race.why, answer);
        finish_dial(dial);
        return;
    }
    add_addresses(&dial->race, answer);
    if (dial->step == DIAL_RESOLVE && dial->race.answer.count == 0) {
        set_no_allowed(&dial->race.why);
        finish_dial(dial);
        return;
    }
    if (dial->step == DIAL_RESOLVE) {
        dial->step = DIAL_CONNECT;
        dial->watch = loop_watch_new(dial->loop, dial->race.epoll, address_decided, dial);
        loop_watch_set(dial->watch, true, false);
    }
    go_on(dial);
}

static void ask_name(struct dial *dial)
{
    dial->step = DIAL_RESOLVE;
    loop_timer_start(dial->timer, dial->race.deadline_ms);
    const struct resolver_answer *answer = resolver_ask(dial->resolver, dial->name, &dial->wait);
    if (answer)
        name_found(dial, answer);
}

static void deliver(struct dial *dial)
{
    struct fault why = dial->race.why; // `done` may free the dial
    dial->done(dial->arg, take_winner(&dial->race), &why);
}

static void timer_fired(void *arg)
{
    struct dial *dial = arg;
    switch (dial->step) {
    case DIAL_ASK:
        ask_name(dial);
        return;
    case DIAL_RESOLVE:
        set_too_late(&dial->race.why, dial->race.deadline_ms, "looking up its name");
        finish_dial(dial);
        return;
    case DIAL_CONNECT:
        go_on(dial);
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
    init_race(&dial->race, port, deadline_ms);
    dial->wait = (struct resolver_wait){.done = name_found, .arg = dial};
    dial->done = done;
    dial->arg = arg;
    dial->timer = loop_timer_new(loop, timer_fired, dial);
    loop_timer_start(dial->timer, 0);
    return dial;
}

void dial_restrict(struct dial *dial, dial_may *may, void *arg)
{
    assert(dial->step == DIAL_ASK);
    dial->race.may = may;
    dial->race.may_arg = arg;
}

void dial_use_small_packets(struct dial *dial)
{
    assert(dial->step == DIAL_ASK);
    dial->race.small_packets = true;
}

void dial_free(struct dial *dial)
{
    if (!dial)
        return;
    resolver_leave(&dial->wait);
    loop_watch_free(dial->watch);
    fini_race(&dial->race);
    resolver_free(dial->own_resolver);
    loop_timer_free(dial->timer);
    free(dial);
}

// ---- in a thread

int dial_now(const char *name, int port, int64_t deadline_ms, struct fault *why)
{
    struct resolver_answer answer = {0};
    resolver_ask_now(name, &answer);
    if (answer.count == 0) {
        set_no_address(why, &answer);
        return -1;
    }
    struct race race;
    init_race(&race, port, deadline_ms);
    add_addresses(&race, &answer);
    struct pollfd decided = {.fd = race.epoll, .events = POLLIN};
    while (run_race(&race))
        poll(&decided, 1, (int)race_wait_ms(&race));
    int descriptor = take_winner(&race);
    if (descriptor < 0 && why)
        *why = race.why;
    fini_race(&race);
    return descriptor;
}
