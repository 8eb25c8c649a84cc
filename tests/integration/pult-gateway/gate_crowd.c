// SPDX-License-Identifier: EUPL-1.2
// Many at the port of a gateway, most of them rude: connections reset at any moment, by callers and by session hosts,
// while others find whom they asked for; and those who take their time. A thousand; 10,000 with PULT_LONG.
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    AT_ONCE = 100,
    ROUNDS = 10,
    ROUNDS_LONG = 100,
    PORT = 4000,
    LAST_BYTE_MAX = 250, // of an address
    GREETING = 4,        // the address that the session host was called at
    WORDS = 16,
    LOOKS = 6, // within so many of which the rude have gone
};
enum fate { STAYS, RESETS, HOST_RESETS, SAYS_NOISE, FATES };

static struct stranger {
    int number;
    enum fate fate;
    int looks; // until they go
    struct tls_line line;
    bool is_shaken, is_welcome, has_spoken, is_done;
    struct websocket_frame_reader frames;
    char answer[400];
    size_t answer_length;
    unsigned char heard[GREETING + WORDS];
    size_t heard_length;
} strangers[AT_ONCE];

static struct visit {
    int descriptor, number;
    struct loop_watch *watch;
} visits[2 * AT_ONCE];
static int visit_count;

static SSL_CTX *context;
static struct loop_watch *port_watch;
static int port;
static unsigned chance_state = 20261130;

static unsigned chance(unsigned choices)
{
    chance_state = chance_state * 1103515245u + 12345u;
    return (chance_state >> 16) % choices;
}

static void reset(int descriptor)
{
    struct linger at_once = {.l_onoff = 1};
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(descriptor);
}

// ---- the session hosts: one for each number, by its address

static void address_of(int number, unsigned char address[GREETING])
{
    address[0] = 127;
    address[1] = 2;
    address[2] = (unsigned char)(number / LAST_BYTE_MAX);
    address[3] = (unsigned char)(number % LAST_BYTE_MAX + 1);
}

static void lead(const struct gateway_message *question, struct gateway_message *answer)
{
    unsigned char address[GREETING];
    address_of((int)strtol(question->token, NULL, 10), address);
    snprintf(answer->address, sizeof answer->address, "%d.%d.%d.%d", address[0], address[1], address[2], address[3]);
    answer->port = PORT;
}

static void end_visit(struct visit *visit, void (*end)(int descriptor))
{
    loop_watch_free(visit->watch);
    end(visit->descriptor);
    visit->watch = NULL;
}

static void just_close(int descriptor)
{
    close(descriptor);
}

static void visit_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct visit *visit = arg;
    char words[WORDS];
    ssize_t got = recv(visit->descriptor, words, sizeof words, MSG_DONTWAIT);
    if (got <= 0) {
        end_visit(visit, just_close);
        return;
    }
    send(visit->descriptor, words, (size_t)got, MSG_NOSIGNAL);
    loop_watch_set(visit->watch, true, false); // the line may have been reset behind these words
}

static void host_is_called(void *arg, bool readable, bool writable)
{
    (void)arg, (void)readable, (void)writable;
    struct sockaddr_in called;
    int descriptor = accept4(port, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return;
    cr_assert_eq(getsockname(descriptor, (struct sockaddr *)&called, &(socklen_t){sizeof called}), 0);
    unsigned char *greeting = (unsigned char *)&called.sin_addr.s_addr;
    send(descriptor, greeting, GREETING, MSG_NOSIGNAL);
    int number = greeting[2] * LAST_BYTE_MAX + greeting[3] - 1;
    cr_assert_lt((size_t)visit_count, sizeof visits / sizeof *visits);
    struct visit *visit = &visits[visit_count++];
    *visit = (struct visit){descriptor, number, loop_watch_new(fixture.loop, descriptor, visit_ready, visit)};
    loop_watch_set(visit->watch, true, false);
    if (strangers[number % AT_ONCE].fate == HOST_RESETS)
        end_visit(visit, reset);
}

static void host_listens(void)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    port = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(port, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    cr_assert(bind(port, (struct sockaddr *)&address, sizeof address) == 0 && listen(port, AT_ONCE) == 0);
    port_watch = loop_watch_new(fixture.loop, port, host_is_called, NULL);
    loop_watch_set(port_watch, true, false);
}

// ---- strangers

static void go_away(struct stranger *stranger, void (*end)(int descriptor))
{
    SSL_free(stranger->line.tls);
    end(stranger->line.descriptor);
    websocket_frame_fini(&stranger->frames);
    stranger->is_done = true;
}

static bool stranger_says(struct stranger *stranger, const char *bytes, size_t length)
{
    return tls_line_write(&stranger->line, bytes, length) == (ssize_t)length;
}

static bool ask_for_host(struct stranger *stranger)
{
    char request[600];
    int length = snprintf(request, sizeof request,
                          "GET /v1/channel HTTP/1.1\r\nHost: gw\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Authorization: Bearer %043d\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          stranger->number);
    return stranger_says(stranger, request, (size_t)length);
}

static void words_of(const struct stranger *stranger, char words[WORDS + 1])
{
    snprintf(words, WORDS + 1, "I am no %08d", stranger->number);
}

static bool say_who(struct stranger *stranger)
{
    static const unsigned char mask[WEBSOCKET_MASK_SIZE] = {7, 8, 9, 10};
    unsigned char frame[WEBSOCKET_HEAD_MAX + WORDS];
    char words[WORDS + 1];
    words_of(stranger, words);
    size_t size = websocket_frame_head(frame, WEBSOCKET_BINARY, WORDS, mask);
    memcpy(frame + size, words, WORDS);
    websocket_frame_mask(frame + size, WORDS, mask, 0);
    stranger->has_spoken = true;
    return stranger_says(stranger, (char *)frame, size + WORDS);
}

static void hear_host(struct stranger *stranger, unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        enum websocket_event event;
        at += websocket_frame_read(&stranger->frames, bytes + at, length - at, &event);
        cr_assert_neq(event, WEBSOCKET_IS_BROKEN);
        if (event != WEBSOCKET_DATA)
            continue;
        cr_assert_leq(stranger->heard_length + stranger->frames.length, sizeof stranger->heard, "%d hears more",
                      stranger->number);
        memcpy(stranger->heard + stranger->heard_length, stranger->frames.data, stranger->frames.length);
        stranger->heard_length += stranger->frames.length;
    }
}

// The head of the answer comes by a byte at a time.
static bool hear_gateway(struct stranger *stranger)
{
    unsigned char bytes[200];
    ssize_t got;
    while ((got = tls_line_read(&stranger->line, bytes, stranger->is_welcome ? sizeof bytes : 1)) > 0) {
        if (stranger->is_welcome) {
            hear_host(stranger, bytes, (size_t)got);
            continue;
        }
        cr_assert_lt(stranger->answer_length, sizeof stranger->answer - 1);
        stranger->answer[stranger->answer_length++] = (char)bytes[0];
        stranger->is_welcome = text_starts(stranger->answer, "HTTP/1.1 101 ") && strstr(stranger->answer, "\r\n\r\n");
    }
    return got == 0;
}

// False: it has ended.
static bool stranger_goes_on(struct stranger *stranger)
{
    int shaken = stranger->is_shaken ? 1 : tls_line_handshake(&stranger->line);
    if (shaken <= 0)
        return shaken == 0;
    if (!stranger->is_shaken && !ask_for_host(stranger))
        return false;
    stranger->is_shaken = true;
    if (!hear_gateway(stranger))
        return false;
    return !stranger->is_welcome || stranger->has_spoken || say_who(stranger);
}

static void heard_whom_they_asked_for(const struct stranger *stranger)
{
    unsigned char address[GREETING];
    char words[WORDS + 1];
    address_of(stranger->number, address);
    words_of(stranger, words);
    cr_assert_eq(memcmp(stranger->heard, address, GREETING), 0, "%d is with another host", stranger->number);
    cr_assert_eq(memcmp(stranger->heard + GREETING, words, WORDS), 0, "%d hears another", stranger->number);
}

static void say_noise(const struct stranger *stranger)
{
    char noise[64];
    arc4random_buf(noise, sizeof noise);
    send(stranger->line.descriptor, noise, 1 + chance(sizeof noise), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void look_at_stranger(struct stranger *stranger)
{
    bool is_rude = stranger->fate == RESETS || stranger->fate == SAYS_NOISE;
    bool goes_on = stranger_goes_on(stranger);
    if (stranger->heard_length == sizeof stranger->heard) {
        heard_whom_they_asked_for(stranger);
        go_away(stranger, chance(2) ? reset : just_close);
    } else if (is_rude && stranger->looks-- == 0) {
        if (stranger->fate == SAYS_NOISE)
            say_noise(stranger);
        go_away(stranger, reset);
    } else if (!goes_on) {
        cr_assert_neq(stranger->fate, STAYS, "%d is cut off: %s", stranger->number, stranger->answer);
        go_away(stranger, just_close);
    }
}

static void call_gate(struct stranger *stranger, int number)
{
    *stranger = (struct stranger){.number = number, .fate = chance(FATES), .looks = (int)chance(LOOKS)};
    int descriptor = connect_to_port(GATE_PORT);
    cr_assert_eq(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
    tls_line_init(&stranger->line, descriptor, context, false);
}

static bool all_are_done(void)
{
    bool are =
        tunnels_count(fixture.tunnels) == 0 && fixture.answers_given == fixture.asked && fixture.ended == fixture.asked;
    for (int i = 0; i < AT_ONCE; i++) {
        if (!strangers[i].is_done)
            look_at_stranger(&strangers[i]);
        are = are && strangers[i].is_done;
    }
    for (int i = 0; i < visit_count; i++)
        are = are && !visits[i].watch;
    return are;
}

static void open_crowded_gate(void)
{
    fixture.leads = lead;
    gate_fixture_open();
    context = tls_line_context(TLS_client_method());
    host_listens();
}

static void close_crowded_gate(void)
{
    for (int i = 0; i < visit_count; i++)
        if (visits[i].watch)
            end_visit(&visits[i], just_close);
    loop_watch_free(port_watch);
    close(port);
    SSL_CTX_free(context);
    gate_fixture_close();
}

TestSuite(gate_crowd, .init = open_crowded_gate, .fini = close_crowded_gate, .timeout = 600);

// And each channel that the broker has opened is told as ended, once.
Test(gate_crowd, nobody_is_taken_for_another)
{
    for (int round = 0, rounds = getenv("PULT_LONG") ? ROUNDS_LONG : ROUNDS; round < rounds; round++) {
        visit_count = 0;
        for (int i = 0; i < AT_ONCE; i++)
            call_gate(&strangers[i], round * AT_ONCE + i);
        await_at_gate(all_are_done);
    }
    cr_assert_eq(fixture.ended, fixture.asked);
}

// ---- who takes their time

static void open_impatient_gate(void)
{
    fixture.config.patience_s = 1;
    open_crowded_gate();
}

TestSuite(slow_crowd, .init = open_impatient_gate, .fini = close_crowded_gate, .timeout = 600);

static int64_t began_ms;
static const char *drip;

// A byte each time that it is looked at.
static bool drips_until_sent_away(void)
{
    struct stranger *stranger = &strangers[0];
    if (!stranger->is_shaken) {
        stranger->is_shaken = tls_line_handshake(&stranger->line) > 0;
        return false;
    }
    drip = *drip ? drip : "x";
    return tls_line_write(&stranger->line, drip++, 1) < 0 || !hear_gateway(stranger);
}

static void is_sent_away_for_being_slow(void)
{
    began_ms = clock_steady_ms();
    await_at_gate(drips_until_sent_away);
    cr_assert_geq(clock_steady_ms() - began_ms, fixture.config.patience_s * 1000);
    cr_assert_eq(fixture.asked, 0);
    go_away(&strangers[0], just_close);
}

Test(slow_crowd, whoever_says_a_request_byte_by_byte_is_sent_away)
{
    call_gate(&strangers[0], 0);
    drip = "GET /v1/channel HTTP/1.1\r\nX-Slow: ";
    is_sent_away_for_being_slow();
}

// What is said of its length is true, but for the time that it would take.
Test(slow_crowd, whoever_begins_tls_byte_by_byte_is_sent_away)
{
    call_gate(&strangers[0], 0);
    SSL_free(strangers[0].line.tls);
    strangers[0].line.tls = NULL;
    strangers[0].is_shaken = true;
    drip = "\x16\x03\x01\x3f\x01\x01";
    is_sent_away_for_being_slow();
}

static bool is_in(void)
{
    struct stranger *stranger = &strangers[0];
    cr_assert(stranger_goes_on(stranger));
    return stranger->heard_length == sizeof stranger->heard;
}

static bool is_cut_off(void)
{
    return !stranger_goes_on(&strangers[0]);
}

// Half open: its kernel takes what comes and nobody answers. Who does answer pings stays.
Test(gate_crowd, whoever_answers_no_ping_is_taken_for_gone)
{
    if (!getenv("PULT_LONG")) // it takes a minute
        return;
    fixture.leads = NULL;
    fixture.answer.port = PORT;
    caller_gets_in(&callers[0]);
    fixture.leads = lead;
    call_gate(&strangers[0], 0);
    strangers[0].fate = STAYS;
    await_at_gate(is_in);
    await_at_gate(is_cut_off);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
    go_away(&strangers[0], just_close);
}
