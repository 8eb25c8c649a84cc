// SPDX-License-Identifier: EUPL-1.2
// Sessions through a gateway, or through a TLS relay: those who call and the session host, in one thread. Everything
// that passes is compared with what it has to be, and each caller has to come out at a connection of their own.
//   bench_gateway KIND PORT COUNT HOST_PORT CERTIFICATE KEY     both sides show that certificate, and callers believe
//   it
// KIND: channel, device, browser or tsgu (to a gateway), relay or relay-to-tls (by TLS), direct.
// A line on standard input is answered when it is done:
//   open N        N more tunnels, 64 on their way at a time: "opened"
//   settle        until each tunnel had a ping of the gateway: "settled"
//   stream N R    in each of the N newest tunnels R times a key press and the picture that follows, in all at once:
//                 how many bytes that were
//   press R       R times in the newest, one after the other: the median, in microseconds
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "tests/bench/gateway_load.h"

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
    ONE_PICTURE = 8 * 1024, // when the time of one is measured
    ROOM = 64 * 1024,
    SAY_MAX = 4096, // in a frame
    DEADLINE_MS = 30 * 1000,
};

// Generated, in the proportions of office work: mostly letters and a cursor, now and then a window.
static const size_t pictures[] = {420, 380,  900,   1300, 520,   2600, 640,  8100,
                                  450, 1100, 16000, 700,  36000, 980,  5200, 64000};

int count;
struct tunnel *tunnels;
const struct kind *kind;

static char **words;
static bool one_picture;
static int loop, there, on_their_way, pinged, busy;
static SSL_CTX *context;
static unsigned char page[2 * PAGE];

void must(bool right, const char *what, const struct tunnel *tunnel)
{
    if (right)
        return;
    fprintf(stderr, "bench_gateway: %s tunnel %d: %s\n", words ? words[1] : "", tunnel ? tunnel->number : -1, what);
    exit(1);
}

void watch(int descriptor, struct end *end, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = end};
    int operation = EPOLL_CTL_MOD;
    if (epoll_ctl(loop, operation, descriptor, &event) != 0)
        must(epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &event) == 0, "cannot be watched", end->tunnel);
}

// ---- what passes

const unsigned char *content(const struct tunnel *tunnel, size_t at)
{
    return page + ((size_t)tunnel->number * 4099 + at) % PAGE;
}

void name_of(const struct tunnel *tunnel, char name[NAME + 1])
{
    snprintf(name, NAME + 1, "%08d", tunnel->number);
}

size_t picture(size_t round)
{
    return one_picture ? (size_t)ONE_PICTURE : pictures[round % (sizeof pictures / sizeof *pictures)];
}

// ---- who calls

static void say_frame(struct tunnel *tunnel, enum websocket_opcode opcode, const void *payload, size_t length)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char bytes[WEBSOCKET_HEAD_MAX + SAY_MAX];
    must(length <= SAY_MAX, "a long frame", tunnel);
    size_t size = websocket_frame_head(bytes, opcode, length, mask);
    memcpy(bytes + size, payload, length);
    websocket_frame_mask(bytes + size, length, mask, 0);
    must(tls_line_write(&tunnel->line, bytes, size + length) == (ssize_t)(size + length), "cannot write", tunnel);
}

void say_payload(struct tunnel *tunnel, const void *bytes, size_t length)
{
    say_frame(tunnel, WEBSOCKET_BINARY, bytes, length);
}

static void say(struct tunnel *tunnel, const void *bytes, size_t length)
{
    unsigned char packet[TSGU_DATA_HEAD_SIZE + INPUT];
    if (kind->in_packets) {
        must(length <= INPUT, "a long packet", tunnel);
        tsgu_packet_data_head(packet, length);
        memcpy(packet + TSGU_DATA_HEAD_SIZE, bytes, length);
        say_payload(tunnel, packet, TSGU_DATA_HEAD_SIZE + length);
    } else if (kind->request) {
        say_payload(tunnel, bytes, length);
    } else {
        must(tls_line_write(&tunnel->line, bytes, length) == (ssize_t)length, "cannot write", tunnel);
    }
}

static void press(struct tunnel *tunnel)
{
    static const char input[INPUT];
    tunnel->awaited = picture(tunnel->round++);
    tunnel->rounds--;
    say(tunnel, input, sizeof input);
}

void is_open(struct tunnel *tunnel)
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

static void hear_packets(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        enum tsgu_packet_event event;
        at += tsgu_packet_read(&tunnel->packets, bytes + at, length - at, &event);
        bool is_whole = event == TSGU_PACKET_WHOLE;
        must(event == TSGU_PACKET_DATA || event == TSGU_PACKET_MORE ||
                 (is_whole && tunnel->packets.type == TSGU_TYPE_KEEPALIVE),
             "that is no packet of data", tunnel);
        if (event == TSGU_PACKET_DATA)
            hear(tunnel, tunnel->packets.data, tunnel->packets.length);
    }
}

static void hear_payload(struct tunnel *tunnel, const unsigned char *bytes, size_t length)
{
    if (tunnel->stage == AGREES)
        kind->agree(tunnel, bytes, length);
    else if (kind->in_packets)
        hear_packets(tunnel, bytes, length);
    else
        hear(tunnel, bytes, length);
}

static void hear_frames(struct tunnel *tunnel, unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        enum websocket_event event;
        at += websocket_frame_read(&tunnel->frames, bytes + at, length - at, &event);
        must(event != WEBSOCKET_IS_BROKEN && (event != WEBSOCKET_CONTROL || tunnel->frames.opcode == WEBSOCKET_PING),
             "it has ended", tunnel);
        if (event == WEBSOCKET_DATA)
            hear_payload(tunnel, tunnel->frames.data, tunnel->frames.length);
        if (event != WEBSOCKET_CONTROL)
            continue;
        say_frame(tunnel, WEBSOCKET_PONG, tunnel->frames.data, tunnel->frames.length);
        pinged += !tunnel->pinged;
        tunnel->pinged = true;
    }
}

void say_name(struct tunnel *tunnel)
{
    char text[sizeof NAME_MARK + NAME] = NAME_MARK;
    name_of(tunnel, text + sizeof NAME_MARK - 1);
    tunnel->stage = SAYS_NAME;
    say(tunnel, text, sizeof NAME_MARK - 1 + NAME);
}

static void ask_upgrade(struct tunnel *tunnel)
{
    char request[500];
    int length = snprintf(request, sizeof request,
                          "%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n%s"
                          "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          kind->request, kind->fields);
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
    tunnel->stage = AGREES;
    tunnel->answer_length = 0;
    if (kind->begin)
        kind->begin(tunnel);
    else
        say_name(tunnel);
}

static void caller_hears(struct tunnel *tunnel)
{
    static unsigned char room[ROOM];
    ssize_t got;
    while ((got = tls_line_read(&tunnel->line, room, sizeof room)) > 0)
        if (tunnel->stage == UPGRADES)
            hear_answer(tunnel, room, (size_t)got);
        else if (kind->request)
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
        if (kind->request)
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
    *tunnel = (struct tunnel){.number = number, .near.tunnel = tunnel, .stage = SHAKES_HANDS};
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
        if (host_is_its(end))
            host_takes();
        else if (end->tunnel && end == &end->tunnel->near)
            caller_ready(end->tunnel);
        else
            host_ready(end, events[i].events);
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
    while (kind->request && pinged < there)
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

static void prepare(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    kind = kind_of(words[1]);
    count = (int)strtol(words[3], NULL, 10);
    tunnels = mem_new((size_t)count, sizeof *tunnels);
    arc4random_buf(page, PAGE);
    memcpy(page + PAGE, page, PAGE);
    loop = epoll_create1(EPOLL_CLOEXEC);
    host_listens((int)strtol(words[4], NULL, 10), words[5], words[6]);
    if (!kind->is_tls)
        return;
    context = tls_line_context(TLS_client_method());
    must(SSL_CTX_load_verify_file(context, words[5]) == 1, "no authority", NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
}

int main(int argc, char **argv)
{
    char line[64];
    must(argc == 7, "usage: see the head of tests/bench/gateway.c", NULL);
    words = argv;
    prepare();
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
