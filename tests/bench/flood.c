// SPDX-License-Identifier: EUPL-1.2
// Connections that say nothing, from some addresses of this machine.
//   bench_flood COUNT RATE HOST PORT...
// Opens COUNT to each port as fast as it can; those that are dropped come again, at most RATE a second and port. Says
// "settled" when all have been open once, and ends with its standard input: then it says how many came in all. A
// process for each few thousand, since there is a limit to what one may have open.
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SOURCES = 32, EVENTS = 512, TURN_MS = 20, OPEN_MAX = 12500 };

struct visit {
    int descriptor;
    uint16_t port;
    struct in_addr from;
    struct visit *next; // of those that are to come again
};

static int loop, dropped, came;
static struct in_addr host;
static struct visit *again, **again_last = &again;
struct totals {
    int dropped, came;
};
static struct totals *totals; // of all processes

static void fail(const char *what)
{
    fprintf(stderr, "flood: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void come_again(struct visit *visit)
{
    visit->next = NULL;
    *again_last = visit;
    again_last = &visit->next;
}

static void come(struct visit *visit)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = visit->from};
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr = host, .sin_port = htons(visit->port)};
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = visit};
    int one = 1;
    visit->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (visit->descriptor < 0)
        fail("socket");
    setsockopt(visit->descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    if (bind(visit->descriptor, (struct sockaddr *)&here, sizeof here) != 0)
        fail("bind");
    if (connect(visit->descriptor, (struct sockaddr *)&there, sizeof there) != 0 && errno != EINPROGRESS)
        fail("connect");
    if (epoll_ctl(loop, EPOLL_CTL_ADD, visit->descriptor, &event) != 0)
        fail("epoll");
    came++;
}

// False when the standard input has ended.
static bool hear(int wait_ms)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(loop, events, EVENTS, wait_ms);
    for (int i = 0; i < ready; i++) {
        struct visit *visit = events[i].data.ptr;
        if (!visit)
            return false;
        close(visit->descriptor);
        dropped++;
        come_again(visit);
    }
    return true;
}

// As many as their time has come for. Those that were dropped last come last.
static void let_come_again(int rate, int64_t *then_ms)
{
    int64_t now_ms = clock_steady_ms();
    for (int64_t most = (now_ms - *then_ms) * rate / 1000; most > 0 && again; most--) {
        struct visit *visit = again;
        again = visit->next;
        if (!again)
            again_last = &again;
        come(visit);
    }
    *then_ms = now_ms;
}

static void find_host(const char *name)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(name, NULL, &hints, &found) != 0)
        fail(name);
    host = ((struct sockaddr_in *)(void *)found->ai_addr)->sin_addr;
    freeaddrinfo(found);
}

static void raise_file_limit(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void flood(uint16_t port, int count, int rate, int settled)
{
    struct epoll_event input = {.events = EPOLLIN | EPOLLHUP};
    loop = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(loop, EPOLL_CTL_ADD, STDIN_FILENO, &input);
    struct visit *visits = mem_new((size_t)count, sizeof *visits);
    for (int i = 0; i < count; i++) {
        visits[i].port = port;
        visits[i].from.s_addr = htonl((127u << 24) + 256u + (unsigned)(i % SOURCES));
        come(&visits[i]);
        if (i % EVENTS == 0 && !hear(0))
            exit(1);
    }
    if (write(settled, "", 1) != 1)
        exit(1);
    int64_t then_ms = clock_steady_ms();
    while (hear(TURN_MS))
        let_come_again(rate, &then_ms);
    __atomic_fetch_add(&totals->dropped, dropped, __ATOMIC_RELAXED);
    __atomic_fetch_add(&totals->came, came, __ATOMIC_RELAXED);
    exit(0);
}

static int start_floods(uint16_t port, int count, int rate, int settled)
{
    int processes = (count + OPEN_MAX - 1) / OPEN_MAX;
    for (int i = 0; i < processes; i++)
        if (fork() == 0)
            flood(port, count / processes, rate / processes, settled);
    return processes;
}

int main(int argc, char **argv)
{
    int settled[2], processes = 0, status = 0, failed = 0;
    char byte;
    if (argc < 5 || pipe(settled) != 0) {
        fputs("usage: see the head of tests/bench/flood.c\n", stderr);
        return 2;
    }
    find_host(argv[3]);
    raise_file_limit();
    totals = mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED)
        fail("memory");
    for (int i = 4; i < argc; i++)
        processes += start_floods((uint16_t)strtol(argv[i], NULL, 10), (int)strtol(argv[1], NULL, 10),
                                  (int)strtol(argv[2], NULL, 10), settled[1]);
    close(settled[1]);
    for (int i = 0; i < processes; i++)
        if (read(settled[0], &byte, 1) != 1)
            return 1;
    puts("settled");
    fflush(stdout);
    while (wait(&status) > 0)
        failed += status != 0;
    printf("%d came, %d were dropped\n", totals->came, totals->dropped);
    return failed ? 1 : 0;
}
