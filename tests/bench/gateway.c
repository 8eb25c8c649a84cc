// SPDX-License-Identifier: EUPL-1.2
// Sessions through a gateway, or through a TLS relay: those who call and the session host, in one thread. Everything
// that passes is compared with what it has to be, and each caller has to come out at a connection of their own.
//   bench_gateway KIND PORT COUNT HOST_PORT CA     KIND: channel or device (to a gateway), relay (by TLS), direct
// A line on standard input is answered when it is done:
//   open N        N more tunnels, 64 on their way at a time: "opened"
//   settle        until each tunnel had a ping of the gateway: "settled"
//   stream N R    in each of the N newest tunnels R times a key press and the picture that follows, in all at once:
//                 how many bytes that were
//   press R       R times in the newest, one after the other: the median, in microseconds
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ON_THEIR_WAY = 64,
    EVENTS = 256,
    NAME = 8,               // what a caller says first, and hears back
    INPUT = 60,             // a key press: its record, as RDP clients send it
    PIECE = 16 * 1024,      // the longest that a session host sends at once
    PAGE = 64 * 1024,       // what pictures are made of
    ONE_PICTURE = 8 * 1024, // when the time of one is measured
    ROOM = 64 * 1024,
    DEADLINE_MS = 30 * 1000,
};
enum stage { CONNECTS, SHAKES_HANDS, UPGRADES, SAYS_NAME, OPEN };

// Generated, in the proportions of office work: mostly letters and a cursor, now and then a window.
static const size_t pictures[] = {420, 380,  900,   1300, 520,   2600, 640,  8100,
                                  450, 1100, 16000, 700,  36000, 980,  5200, 64000};

struct end {
    struct tunnel *tunnel; // NULL: a session host that does not know yet whose it is
    int descriptor;        // of that one
};

struct tunnel {
    int number;
    enum stage stage;
    struct end near, far;
    struct tls_line line;
    struct websocket_frame_reader frames;
    bool pinged;
    size_t answer_length; // of the upgrade
    char answer[400];
    size_t rounds, round;            // key presses still to come; of pictures
    size_t awaited;                  // bytes of the present picture
    size_t heard, sent, owed, input; // owed by the session host; input: bytes of a key press that is not whole
    size_t host_round;
};

static char **words;
static bool is_web, is_device, one_picture;
static int loop, listening, count, there, on_their_way, pinged, busy;
static SSL_CTX *context;
static struct tunnel *tunnels;
static unsigned char page[2 * PAGE];
static struct end listener;

static void must(bool right, const char *what, const struct tunnel *tunnel)
{
    if (right)
        return;
    fprintf(stderr, "bench_gateway: %s tunnel %d: %s\n", words ? words[1] : "", tunnel ? tunnel->number : -1, what);
    exit(1);
}

static void watch(int descriptor, struct end *end, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = end};
    int operation = EPOLL_CTL_MOD;
    if (epoll_ctl(loop, operation, descriptor, &event) != 0)
        must(epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event) == 0, "cannot be watched", end->tunnel);
}

// ---- what passes

static const unsigned char *content(const struct tunnel *tunnel, size_t at)
{
    return page + ((size_t)tunnel->number * 4099 + at) % PAGE;
}

static void name_of(const struct tunnel *tunnel, char name[NAME + 1])
{
    snprintf(name, NAME + 1, "%08d", tunnel->number);
}

static size_t picture(size_t round)
{
    return one_picture ? (size_t)ONE_PICTURE : pictures[round % (sizeof pictures / sizeof *pictures)];
}

// ---- the session host

static void host_writes(struct tunnel *tunnel)
{
    while (tunnel->owed > 0) {
        size_t size = tunnel->owed < PIECE ? tunnel->owed : (size_t)PIECE;
        ssize_t sent = send(tunnel->far.descriptor, content(tunnel, tunnel->sent), size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        tunnel->sent += (size_t)sent;
        tunnel->owed -= (size_t)sent;
    }
    watch(tunnel->far.descriptor, &tunnel->far, tunnel->owed ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void host_hears(struct tunnel *tunnel)
{
    char bytes[INPUT * 16];
    ssize_t got = recv(tunnel->far.descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    must(got != 0, "the session host is cut off", tunnel);
    for (tunnel->input += got > 0 ? (size_t)got : 0; tunnel->input >= INPUT; tunnel->input -= INPUT)
        tunnel->owed += picture(tunnel->host_round++);
    host_writes(tunnel);
}

static void host_is_called(struct end *end)
{
    char name[NAME + 1] = "", expected[NAME + 1];
    must(recv(end->descriptor, name, NAME, MSG_DONTWAIT) == NAME, "no name came", NULL);
    int number = (int)strtol(name, NULL, 10);
    must(number >= 0 && number < count, "a name of nobody", NULL);
    struct tunnel *tunnel = &tunnels[number];
    name_of(tunnel, expected);
    must(strcmp(name, expected) == 0 && tunnel->far.descriptor < 0, "came out twice", tunnel);
    tunnel->far.descriptor = end->descriptor;
    free(end);
    watch(tunnel->far.descriptor, &tunnel->far, EPOLLIN);
    must(send(tunnel->far.descriptor, name, NAME, MSG_NOSIGNAL) == NAME, "cannot answer", tunnel);
}

static void take_callers(void)
{
    int descriptor, one = 1;
    while ((descriptor = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct end *end = mem_new(1, sizeof *end);
        setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        end->descriptor = descriptor;
        watch(descriptor, end, EPOLLIN);
    }
}

// ---- who calls

static void say_frame(struct tunnel *tunnel, enum websocket_opcode opcode, const void *payload, size_t length)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char bytes[WEBSOCKET_HEAD_MAX + WEBSOCKET_CONTROL_MAX];
    size_t size = websocket_frame_head(bytes, opcode, length, mask);
    memcpy(bytes + size, payload, length);
    websocket_frame_mask(bytes + size, length, mask, 0);
    must(tls_line_write(&tunnel->line, bytes, size + length) == (ssize_t)(size + length), "cannot write", tunnel);
}

static void say(struct tunnel *tunnel, const void *bytes, size_t length)
{
    if (is_web)
        say_frame(tunnel, WEBSOCKET_BINARY, bytes, length);
    else
        must(tls_line_write(&tunnel->line, bytes, length) == (ssize_t)length, "cannot write", tunnel);
}

static void press(struct tunnel *tunnel)
{
    static const char input[INPUT];
    tunnel->awaited = picture(tunnel->round++);
    tunnel->rounds--;
    say(tunnel, input, sizeof input);
}

static void is_open(struct tunnel *tunnel)
{
    tunnel->stage = OPEN;
    there++;
    on_their_way--;
}

static void hear_name(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    char name[NAME + 1];
    name_of(tunnel, name);
    must(length == NAME && memcmp(bytes, name, NAME) == 0, "somebody else's name came back", tunnel);
    is_open(tunnel);
}

static void hear(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    if (tunnel->stage == SAYS_NAME) {
        hear_name(tunnel, bytes, length);
        return;
    }
    must(length <= tunnel->awaited, "more came than was sent", tunnel);
    for (size_t at = 0; at < length;) {
        size_t part = length - at < PAGE ? length - at : (size_t)PAGE;
        must(memcmp(bytes + at, content(tunnel, tunnel->heard), part) == 0, "it is not what was sent", tunnel);
        tunnel->heard += part;
        at += part;
    }
    tunnel->awaited -= length;
    if (tunnel->awaited > 0)
        return;
    if (tunnel->rounds > 0)
        press(tunnel);
    else
        busy--;
}

static void hear_frames(struct tunnel *tunnel, unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        enum websocket_event event;
        at += websocket_frame_read(&tunnel->frames, bytes + at, length - at, &event);
        must(event != WEBSOCKET_IS_BROKEN && (event != WEBSOCKET_CONTROL || tunnel->frames.opcode == WEBSOCKET_PING),
             "it has ended", tunnel);
        if (event == WEBSOCKET_DATA)
            hear(tunnel, tunnel->frames.data, tunnel->frames.length);
        if (event != WEBSOCKET_CONTROL)
            continue;
        say_frame(tunnel, WEBSOCKET_PONG, tunnel->frames.data, tunnel->frames.length);
        pinged += !tunnel->pinged;
        tunnel->pinged = true;
    }
}

static void say_name(struct tunnel *tunnel)
{
    char name[NAME + 1];
    name_of(tunnel, name);
    tunnel->stage = SAYS_NAME;
    if (is_device)
        is_open(tunnel);
    else
        say(tunnel, name, NAME);
}

static void ask_upgrade(struct tunnel *tunnel)
{
    char request[500];
    int length = snprintf(request, sizeof request,
                          "GET /v1/%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Authorization: Bearer abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ\r\n"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          words[1]);
    must(tls_line_write(&tunnel->line, request, (size_t)length) == length, "cannot write", tunnel);
    tunnel->stage = UPGRADES;
}

// Nothing comes after its end until something was said.
static void hear_answer(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    must(tunnel->answer_length + length < sizeof tunnel->answer, "a long answer", tunnel);
    memcpy(tunnel->answer + tunnel->answer_length, bytes, length);
    tunnel->answer_length += length;
    if (!strstr(tunnel->answer, "\r\n\r\n"))
        return;
    must(strncmp(tunnel->answer, "HTTP/1.1 101", 12) == 0, tunnel->answer, tunnel);
    say_name(tunnel);
}

static void caller_hears(struct tunnel *tunnel)
{
    static unsigned char room[ROOM];
    ssize_t got;
    while ((got = tls_line_read(&tunnel->line, room, sizeof room)) > 0)
        if (tunnel->stage == UPGRADES)
            hear_answer(tunnel, room, (size_t)got);
        else if (is_web)
            hear_frames(tunnel, room, (size_t)got);
        else
            hear(tunnel, room, (size_t)got);
    must(got == 0, "cut off", tunnel);
}

static void caller_ready(struct tunnel *tunnel)
{
    if (tunnel->stage == SHAKES_HANDS) {
        int done = tls_line_handshake(&tunnel->line);
        must(done >= 0, "no TLS", tunnel);
        if (!done)
            return;
        tls_line_settle(&tunnel->line);
        if (is_web)
            ask_upgrade(tunnel);
        else
            say_name(tunnel);
    }
    caller_hears(tunnel);
}

static void call(int number)
{
    int one = 1, descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct tunnel *tunnel = &tunnels[number];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(words[2], NULL, 10))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *tunnel = (struct tunnel){.number = number, .near.tunnel = tunnel, .far = {tunnel, -1}, .stage = SHAKES_HANDS};
    // On this machine the other side's kernel answers at once.
    must(connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0, "cannot connect", tunnel);
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    must(fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0, "blocks", tunnel);
    tls_line_init(&tunnel->line, descriptor, context, false);
    watch(descriptor, &tunnel->near, EPOLLIN);
    on_their_way++;
    caller_ready(tunnel);
}

// ---- all of them

static void turn(void)
{
    struct epoll_event events[EVENTS];
    int ready = epoll_wait(loop, events, EVENTS, DEADLINE_MS);
    must(ready > 0, "nothing happens any more", NULL);
    for (int i = 0; i < ready; i++) {
        struct end *end = events[i].data.ptr;
        if (end == &listener)
            take_callers();
        else if (!end->tunnel)
            host_is_called(end);
        else if (end == &end->tunnel->near)
            caller_ready(end->tunnel);
        else if (events[i].events & EPOLLIN)
            host_hears(end->tunnel);
        else
            host_writes(end->tunnel);
    }
}

static void open_more(int more)
{
    int next = there, wanted = there + more;
    must(wanted <= count, "so many were not announced", NULL);
    while (there < wanted) {
        while (next < wanted && on_their_way < ON_THEIR_WAY)
            call(next++);
        turn();
    }
    puts("opened");
}

static void settle(void)
{
    while (is_web && pinged < there)
        turn();
    puts("settled");
}

static size_t play(int newest, size_t rounds)
{
    size_t bytes = 0;
    busy = newest;
    for (int i = there - newest; i < there; i++) {
        tunnels[i].rounds = rounds;
        for (size_t round = 0; round < rounds; round++)
            bytes += INPUT + picture(tunnels[i].round + round);
        press(&tunnels[i]);
    }
    while (busy > 0)
        turn();
    return bytes;
}

static int by_size(const void *one, const void *other)
{
    int64_t left = *(const int64_t *)one, right = *(const int64_t *)other;
    return left < right ? -1 : left > right;
}

static void press_one_by_one(int times)
{
    int64_t *took_us = mem_new((size_t)times, sizeof *took_us);
    one_picture = true;
    for (int i = 0; i < times; i++) {
        int64_t began_us = clock_steady_us();
        play(1, 1);
        took_us[i] = clock_steady_us() - began_us;
    }
    one_picture = false;
    qsort(took_us, (size_t)times, sizeof *took_us, by_size);
    printf("%lld\n", (long long)took_us[times / 2]);
    free(took_us);
}

static void listen_behind(void)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(words[4], NULL, 10))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    must(bind(listening, (struct sockaddr *)&address, sizeof address) == 0 && listen(listening, SOMAXCONN) == 0,
         "cannot listen for the session host", NULL);
    watch(listening, &listener, EPOLLIN);
}

static void prepare(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    is_device = strcmp(words[1], "device") == 0;
    is_web = is_device || strcmp(words[1], "channel") == 0;
    count = (int)strtol(words[3], NULL, 10);
    tunnels = mem_new((size_t)count, sizeof *tunnels);
    arc4random_buf(page, PAGE);
    memcpy(page + PAGE, page, PAGE);
    loop = epoll_create1(EPOLL_CLOEXEC);
    if (strcmp(words[1], "direct") == 0)
        return;
    context = tls_line_context(TLS_client_method());
    must(SSL_CTX_load_verify_file(context, words[5]) == 1, "no authority", NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
}

int main(int argc, char **argv)
{
    char line[64];
    must(argc == 6, "usage: see the head of tests/bench/gateway.c", NULL);
    words = argv;
    prepare();
    listen_behind();
    while (fgets(line, sizeof line, stdin)) {
        int number = 0;
        size_t rounds = 0;
        if (sscanf(line, "open %d", &number) == 1)
            open_more(number);
        else if (sscanf(line, "stream %d %zu", &number, &rounds) == 2)
            printf("%zu\n", play(number, rounds));
        else if (sscanf(line, "press %d", &number) == 1)
            press_one_by_one(number);
        else
            settle();
        fflush(stdout);
    }
    return 0;
}
