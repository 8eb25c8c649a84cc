// SPDX-License-Identifier: EUPL-1.2
// Many at the front door of a gateway at a time: what FreeRDP says, recorded, against a broker that the test is.
#include "broker/base/text.h"
#include "broker/net/rdp.h"
#include "broker/net/tls_line.h"
#include "broker/pult-gateway/rdp_host_answer.h"
#include "tests/integration/hosts/fake.h"
#include "tests/integration/pult-gateway/door_broker.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DOOR_PORT = 3390, CROWD = DOOR_LOGONS_MAX + 6, NETWORKS = 2, ROOM = 8192 };

static const char *const networks[NETWORKS] = {"127.0.0.1", "127.0.0.2"};

// ---- the broker

static struct {
    bool has_host_of_first;   // or it is waking
    int asked[NETWORKS], now; // questions; how many are held
} broker;

static void hear(struct door_logon *logon, const char *name, const struct secret *password, const char *network)
{
    (void)name, (void)password;
    logon->network = text_equal(network, networks[0]) ? 0 : 1;
    broker.asked[logon->network]++;
    broker.now++;
}

static void answer(const struct door_logon *logon, struct door_logon_result *result)
{
    if (logon->network == 0 && !broker.has_host_of_first)
        *result = (struct door_logon_result){.refusal = REFUSAL_HOST_WAKING, .retry_after_s = 1};
    broker.now--;
}

// ---- the programs

static struct visitor {
    int descriptor; // -1: not there
    struct tls_line line;
    bool is_secured;
    unsigned char heard[ROOM];
    size_t length;
} crowd[CROWD + 1];
static unsigned char said[ROOM];
static size_t said_length;
static SSL_CTX *context;

static void open_door(void)
{
    FILE *file = fopen("tests/fuzz/corpus/rdp_logon/freerdp-3.10", "rbe");
    cr_assert(file);
    said_length = fread(said, 1, sizeof said, file);
    fclose(file);
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        crowd[i].descriptor = -1;
    context = tls_line_context(TLS_client_method());
    fixture.config.front_door_port = DOOR_PORT;
    fixture.door = &door_broker_port;
    door_broker.hears = hear;
    door_broker.answers = answer;
    gate_fixture_open();
}

static void close_door(void)
{
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        if (crowd[i].line.tls)
            tls_line_fini(&crowd[i].line);
        else if (crowd[i].descriptor >= 0)
            close(crowd[i].descriptor);
    gate_fixture_close();
    SSL_CTX_free(context);
}

TestSuite(front_door_crowd, .init = open_door, .fini = close_door, .timeout = 120);

static void visitor_comes(struct visitor *visitor, const char *from)
{
    unsigned char request[RDP_REQUEST_SIZE];
    visitor->descriptor = connect_from(from, DOOR_PORT);
    rdp_request_write(request, RDP_PROTOCOL_SSL);
    cr_assert_eq(send(visitor->descriptor, request, sizeof request, 0), (ssize_t)sizeof request);
    cr_assert_eq(fcntl(visitor->descriptor, F_SETFL, O_NONBLOCK), 0);
}

// Sent on, with the token that it was given.
static void visitor_returns(struct visitor *visitor)
{
    static const char cookie[] = "Cookie: msts=" TOKEN "\r\n";
    const unsigned char negotiation[8] = {1, 0, 8, 0, RDP_PROTOCOL_SSL};
    enum { LINE = sizeof cookie - 1, LENGTH = 11 + LINE + sizeof negotiation };
    unsigned char request[LENGTH] = {3, 0, 0, LENGTH, LENGTH - 5, 0xe0};
    memcpy(request + 11, cookie, LINE);
    memcpy(request + 11 + LINE, negotiation, sizeof negotiation);
    visitor->descriptor = connect_from(networks[0], DOOR_PORT);
    cr_assert_eq(send(visitor->descriptor, request, LENGTH, 0), (ssize_t)LENGTH);
    cr_assert_eq(fcntl(visitor->descriptor, F_SETFL, O_NONBLOCK), 0);
}

static void visitor_goes_on(struct visitor *visitor)
{
    unsigned char confirm[RDP_CONFIRM_MAX];
    if (!visitor->line.tls) {
        if (recv(visitor->descriptor, confirm, sizeof confirm, 0) == (ssize_t)sizeof confirm)
            tls_line_init(&visitor->line, visitor->descriptor, context, false);
    } else if (!visitor->is_secured) {
        int done = tls_line_handshake(&visitor->line);
        cr_assert_geq(done, 0);
        visitor->is_secured = done;
        if (done)
            cr_assert_eq(tls_line_write(&visitor->line, said, said_length), (ssize_t)said_length);
    } else {
        unsigned char *end = visitor->heard + visitor->length;
        ssize_t got = tls_line_read(&visitor->line, end, sizeof visitor->heard - visitor->length);
        visitor->length += got > 0 ? (size_t)got : 0;
    }
}

static void all_go_on(void)
{
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        if (crowd[i].descriptor >= 0)
            visitor_goes_on(&crowd[i]);
}

// What is said in such a packet; NULL: there is none.
static const unsigned char *hears_data(const struct visitor *visitor, unsigned char kind)
{
    const unsigned char *heard = visitor->heard;
    size_t size;
    for (size_t at = 0; at + 4 <= visitor->length && heard[at] == 3; at += size) {
        size = (size_t)(heard[at + 2] << 8 | heard[at + 3]);
        if (size > 29 && at + size <= visitor->length && heard[at + 17] == 0x17 && heard[at + 29] == kind)
            return heard + at + 33;
    }
    return NULL;
}

enum { FONT_MAP = 40, ERROR_INFO = 47 };

static bool is_sent_on(const struct visitor *visitor)
{
    static const char cookie[] = "Cookie: msts=" TOKEN;
    return memmem(visitor->heard, visitor->length, cookie, sizeof cookie - 1);
}

static bool everybody_waits_for_the_broker(void)
{
    all_go_on();
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        if (crowd[i].descriptor >= 0 && !hears_data(&crowd[i], FONT_MAP))
            return false;
    return true;
}

static bool everybody_is_sent_on(void)
{
    all_go_on();
    for (size_t i = 0; i < sizeof crowd / sizeof *crowd; i++)
        if (crowd[i].descriptor >= 0 && !is_sent_on(&crowd[i]))
            return false;
    return true;
}

static bool each_has_been_asked_for(void)
{
    all_go_on();
    return broker.asked[0] >= CROWD;
}

static bool last_one_is_answered(void)
{
    all_go_on();
    return is_sent_on(&crowd[CROWD]) || hears_data(&crowd[CROWD], ERROR_INFO);
}

// ---- what comes of it

Test(front_door_crowd, of_a_network_a_few_ask_at_a_time)
{
    door_broker.holds = broker.has_host_of_first = true;
    for (int i = 0; i < DOOR_NETWORK_LOGONS_MAX + 4; i++)
        visitor_comes(&crowd[i], networks[0]);
    visitor_comes(&crowd[CROWD], networks[1]);
    await_at_gate(everybody_waits_for_the_broker);
    cr_assert_eq(broker.asked[0], DOOR_NETWORK_LOGONS_MAX);
    cr_assert_eq(broker.asked[1], 1);
    door_broker.holds = false;
    await_at_gate(everybody_is_sent_on);
    cr_assert_eq(broker.asked[0], DOOR_NETWORK_LOGONS_MAX + 4);
}

Test(front_door_crowd, who_waits_for_a_host_keeps_nobody_out)
{
    for (int i = 0; i < CROWD; i++)
        visitor_comes(&crowd[i], networks[0]);
    await_at_gate(each_has_been_asked_for);
    visitor_comes(&crowd[CROWD], networks[1]);
    await_at_gate(last_one_is_answered);
    cr_assert(is_sent_on(&crowd[CROWD]));
    broker.has_host_of_first = true;
    await_at_gate(everybody_is_sent_on);
    cr_assert_eq(broker.now, 0);
}

// ---- nothing comes of the second connection

static bool last_one_is_confirmed(void)
{
    unsigned char confirm[RDP_CONFIRM_MAX];
    return recv(crowd[CROWD].descriptor, confirm, sizeof confirm, MSG_PEEK) == (ssize_t)sizeof confirm;
}

static void first_one_is_sent_on(void)
{
    broker.has_host_of_first = true;
    visitor_comes(&crowd[0], networks[0]);
    await_at_gate(everybody_is_sent_on);
}

static void last_one_hears_that_it_failed(void)
{
    await_at_gate(last_one_is_answered);
    const unsigned char *code = hears_data(&crowd[CROWD], ERROR_INFO);
    cr_assert(code);
    cr_assert_eq(code[0] | code[1] << 8, RDP_ERROR_REDIRECTING);
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
}

Test(front_door_crowd, whom_the_broker_lets_in_once_only_is_told)
{
    first_one_is_sent_on();
    fixture.refusal = "channel-refused";
    visitor_returns(&crowd[CROWD]);
    last_one_hears_that_it_failed();
    cr_assert_eq(fixture.ended, 0);
}

// The session host has answered, and the program is about to begin TLS.
Test(front_door_crowd, whose_channel_ends_before_they_are_in_it_are_told)
{
    struct fake *host = fake_new(fake_serves_tls);
    fixture.answer.port = host->port;
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, "einmal");
    TEXT_PUT(fixture.answer.fingerprint, host->fingerprint);
    first_one_is_sent_on();
    visitor_returns(&crowd[CROWD]);
    await_at_gate(last_one_is_confirmed);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_LOCKED);
    cr_assert_eq(fixture.ended, 1);
    last_one_hears_that_it_failed();
    cr_assert_eq(fixture.ended, 1);
}
