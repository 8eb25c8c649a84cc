// SPDX-License-Identifier: EUPL-1.2
// RDP programs at the port of a gateway, by MS-TSGU in a WebSocket: who gets in, what passes, and how it ends.
#include "broker/pult-gateway/tsgu.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/rdp.h"
#include "tests/integration/hosts/fake.h"
#include "tests/integration/pult-gateway/gate_client.h"
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "tests/log_kept.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

// As FreeRDP 2 sends it: its key is no base64.
#define UPGRADE                                                                                                        \
    "RDG_OUT_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: gw\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"        \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: K@_LNVI_VDLE_TZ\r\nRDG-Auth-Scheme: PAA\r\n\r\n"

enum { STREAM = GATE_CLIENT_STREAM, PIECE = 16000, MALFORMED = 150, MALFORMED_LONG = 10 * 1000, OFTEN = 100 };

// ---- its packets

static size_t put_packet(unsigned char *to, enum tsgu_type type, const void *body, size_t length)
{
    memset(to, 0, TSGU_HEAD_SIZE);
    to[0] = (unsigned char)type;
    to[4] = (unsigned char)(TSGU_HEAD_SIZE + length);
    if (length)
        memcpy(to + TSGU_HEAD_SIZE, body, length);
    return TSGU_HEAD_SIZE + length;
}

static size_t put_handshake(unsigned char *to)
{
    static const unsigned char body[] = {1, 0, 0, 0, TSGU_METHOD_PAA, 0};
    return put_packet(to, TSGU_TYPE_HANDSHAKE_REQUEST, body, sizeof body);
}

static size_t put_tunnel_create(unsigned char *to)
{
    static const char token[] = TOKEN;
    unsigned char body[10 + 2 * sizeof token] = {0x0d, 0, 0, 0, 1, 0, 0, 0, 2 * sizeof token};
    for (size_t i = 0; i < sizeof token; i++)
        body[10 + 2 * i] = (unsigned char)token[i];
    return put_packet(to, TSGU_TYPE_TUNNEL_CREATE, body, sizeof body);
}

static size_t put_tunnel_auth(unsigned char *to)
{
    static const unsigned char body[] = {0, 0, 6, 0, 'p', 0, 'c', 0, 0, 0};
    return put_packet(to, TSGU_TYPE_TUNNEL_AUTH, body, sizeof body);
}

// Names a host that there is not.
static size_t put_channel_create(unsigned char *to)
{
    static const unsigned char body[] = {1, 0, 7, 0, 3, 0, 4, 0, 'x', 0, 0, 0};
    return put_packet(to, TSGU_TYPE_CHANNEL_CREATE, body, sizeof body);
}

static enum tsgu_type awaited;

static uint32_t number_at(const unsigned char *at, size_t count)
{
    uint32_t number = 0;
    while (count--)
        number = number << 8 | at[count];
    return number;
}

// One packet is there as a whole.
static bool packet_is_there(void)
{
    gate_client_goes_on();
    size_t left = gate_client.heard_length - gate_client.heard_at;
    if (left < TSGU_HEAD_SIZE || left < number_at(gate_client.heard + gate_client.heard_at + 4, 4))
        return false;
    cr_assert_eq(number_at(gate_client.heard + gate_client.heard_at, 2), (uint32_t)awaited, "%u came",
                 number_at(gate_client.heard + gate_client.heard_at, 2));
    return true;
}

// The body of the next packet, which is of this type.
static const unsigned char *hears(enum tsgu_type type)
{
    awaited = type;
    await_at_gate(packet_is_there);
    const unsigned char *packet = gate_client.heard + gate_client.heard_at;
    gate_client.heard_at += number_at(packet + 4, 4);
    return packet + TSGU_HEAD_SIZE;
}

static unsigned char packet[1024];

static void gets_tunnel(void)
{
    gate_client_calls(UPGRADE);
    gate_client_says(packet, put_handshake(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_HANDSHAKE_RESPONSE), 4), 0);
    gate_client_says(packet, put_tunnel_create(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_TUNNEL_RESPONSE) + 2, 4), 0);
}

static void asks_for_channel(void)
{
    gate_client_says(packet, put_tunnel_auth(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_TUNNEL_AUTH_RESPONSE), 4), 0);
    gate_client_says(packet, put_channel_create(packet));
}

static void gets_channel(void)
{
    gets_tunnel();
    asks_for_channel();
    cr_assert_eq(number_at(hears(TSGU_TYPE_CHANNEL_RESPONSE), 4), 0);
}

static void say_data(const void *data, size_t length)
{
    static unsigned char whole[TSGU_PACKET_MAX];
    tsgu_packet_data_head(whole, length);
    memcpy(whole + TSGU_DATA_HEAD_SIZE, data, length);
    gate_client_says(whole, TSGU_DATA_HEAD_SIZE + length);
}

// ---- the fixture

static void open_program(void)
{
    gate_fixture_open();
    gate_client_open();
}

static void close_program(void)
{
    gate_client_close();
    gate_fixture_close();
}

TestSuite(tsgu_way, .init = open_program, .fini = close_program, .timeout = 120);

// Its patience is longer than a test has.
static void open_at_patient_gate(void)
{
    fixture.config.patience_s = 600;
    open_program();
}

TestSuite(tsgu_and_patience, .init = open_at_patient_gate, .fini = close_program, .timeout = 120);

static bool is_welcome(void)
{
    gate_client_goes_on();
    return gate_client.is_welcome;
}

// Else the gateway would be with them alone for as long as they like.
Test(tsgu_and_patience, whoever_never_comes_to_the_point_is_sent_away)
{
    static const unsigned char ping[] = {0x89, 0x80, 1, 2, 3, 4};
    gate_client_calls(UPGRADE);
    await_at_gate(is_welcome);
    for (size_t said = 0; said <= 64 * 1024; said += sizeof ping)
        gate_client_says_bytes(ping, sizeof ping);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.asked, 0);
}

// ---- who gets in

Test(tsgu_way, a_token_leads_where_the_broker_says)
{
    fixture.answer.clipboard = true;
    fixture.answer.idle_minutes = 20;
    gets_tunnel();
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
    cr_assert_eq(fixture.last_question.way, CHANNEL_TSGU);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
    cr_assert_eq(fixture.host_visits, 0);
    gate_client_says(packet, put_tunnel_auth(packet));
    const unsigned char *terms = hears(TSGU_TYPE_TUNNEL_AUTH_RESPONSE);
    cr_assert_eq(number_at(terms + 8, 4), TSGU_NO_DRIVES | TSGU_NO_PRINTERS | TSGU_NO_PORTS | TSGU_NO_PLUG_AND_PLAY);
    cr_assert_eq(number_at(terms + 12, 4), 20);
    gate_client_says(packet, put_channel_create(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_CHANNEL_RESPONSE), 4), 0);
    cr_assert_eq(fixture.host_visits, 1);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

Test(tsgu_way, whoever_the_broker_refuses_is_told_so)
{
    fixture.refusal = "channel-refused";
    gate_client_calls(UPGRADE);
    gate_client_says(packet, put_handshake(packet));
    hears(TSGU_TYPE_HANDSHAKE_RESPONSE);
    gate_client_says(packet, put_tunnel_create(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_TUNNEL_RESPONSE) + 2, 4), 0x80070000u | TSGU_ERROR_COOKIE_DENIED);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.host_visits, 0);
    cr_assert_eq(fixture.ended, 0);
}

Test(tsgu_way, nobody_gets_in_without_the_broker)
{
    fixture.broker_is_away = true;
    gate_client_calls(UPGRADE);
    gate_client_says(packet, put_handshake(packet));
    hears(TSGU_TYPE_HANDSHAKE_RESPONSE);
    gate_client_says(packet, put_tunnel_create(packet));
    cr_assert_eq(number_at(hears(TSGU_TYPE_TUNNEL_RESPONSE) + 2, 4), 0x80070000u | TSGU_ERROR_INTERNAL);
    await_at_gate(gate_client_has_ended);
}

Test(tsgu_way, nobody_gets_in_while_it_is_drained)
{
    gate_set(fixture.gate, true, true);
    gate_client_calls(UPGRADE);
    await_at_gate(gate_client_has_ended);
    cr_assert(text_starts(gate_client.answer, "HTTP/1.1 503 "), "%s", gate_client.answer);
}

static bool one_has_ended(void)
{
    gate_client_goes_on();
    return fixture.ended == 1;
}

Test(tsgu_way, a_host_that_does_not_answer_is_an_end_that_is_told)
{
    echo_host_refuses();
    gets_tunnel();
    asks_for_channel();
    cr_assert_eq(number_at(hears(TSGU_TYPE_CHANNEL_RESPONSE), 4), 0x80070000u | TSGU_ERROR_CONNECT_FAILED);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_UNREACHABLE);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.ended, 1);
}

Test(tsgu_way, a_channel_that_nobody_comes_for_is_an_end_that_is_told)
{
    gets_tunnel();
    tls_line_fini(&gate_client.line);
    await_at_gate(one_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_str_eq(fixture.last_end.channel.channel, "neustadt/c-1");
}

// It is asked every 22 seconds in its own words, for it may have none for a WebSocket's ping, and is there after 50.
Test(tsgu_way, an_idle_program_that_answers_stays)
{
    gets_channel();
    for (int i = 0; i < 3; i++) {
        hears(TSGU_TYPE_KEEPALIVE);
        gate_client_says(packet, put_packet(packet, TSGU_TYPE_KEEPALIVE, NULL, 0));
    }
    gate_client_goes_on();
    cr_assert_not(gate_client.has_ended);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

// ---- who speaks otherwise

Test(tsgu_way, who_speaks_before_they_are_answered_is_sent_away)
{
    gate_client_calls(UPGRADE);
    size_t length = put_handshake(packet);
    length += put_tunnel_create(packet + length);
    length += put_tunnel_auth(packet + length);
    gate_client_says(packet, length);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.asked, 0);
    cr_assert_eq(fixture.ended, 0);
}

Test(tsgu_way, who_speaks_before_the_host_answers_is_sent_away)
{
    gets_tunnel();
    size_t length = put_tunnel_auth(packet);
    length += put_channel_create(packet + length);
    length += put_packet(packet + length, TSGU_TYPE_KEEPALIVE, NULL, 0);
    gate_client_says(packet, length);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.host_visits, 0);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_BROKEN);
}

Test(tsgu_way, another_order_is_an_end)
{
    gate_client_calls(UPGRADE);
    gate_client_says(packet, put_tunnel_create(packet));
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.asked, 0);
}

Test(tsgu_way, an_open_channel_takes_no_second_one)
{
    gets_channel();
    gate_client_says(packet, put_channel_create(packet));
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_BROKEN);
    cr_assert_eq(fixture.host_visits, 1);
}

static uint32_t roll(uint32_t sides)
{
    static uint64_t seed = 20261130;
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % sides;
}

// One of the packets that are due now, or another.
static size_t put_any(unsigned char *to, uint32_t due)
{
    static const unsigned char data[] = {4, 0, 'd', 'a', 't', 'a'};
    switch (roll(4) ? due : roll(6)) {
    case 0:
        return put_handshake(to);
    case 1:
        return put_tunnel_create(to);
    case 2:
        return put_tunnel_auth(to);
    case 3:
        return put_channel_create(to);
    case 4:
        return put_packet(to, TSGU_TYPE_DATA, data, sizeof data);
    }
    return put_packet(to, TSGU_TYPE_CLOSE_CHANNEL, data, sizeof(uint32_t));
}

static void says_malformed(uint32_t due)
{
    size_t length = put_any(packet, due);
    for (uint32_t i = 0, count = 1 + roll(4); i < count; i++)
        packet[roll((uint32_t)length)] = (unsigned char)roll(256);
    gate_client_says(packet, length - roll(8));
    gate_client_says_goodbye();
}

Test(tsgu_way, malformed_packets_harm_nobody, .timeout = 3600)
{
    for (int i = 0, count = getenv("PULT_LONG") ? MALFORMED_LONG : MALFORMED; i < count; i++) {
        uint32_t due = roll(5);
        if (due == 4) {
            gets_channel();
        } else if (due >= 2) {
            gets_tunnel();
        } else {
            gate_client_calls(UPGRADE);
            if (due == 1)
                gate_client_says(packet, put_handshake(packet));
        }
        says_malformed(due);
        await_at_gate(gate_client_has_ended);
        if (fixture.host_visits > CALLERS / 2)
            echo_host_ends_all();
    }
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
    cr_assert_gt(fixture.asked, 0);
    cr_assert_eq(fixture.ended, fixture.asked, "each channel that was opened is told as ended, once");
    gets_channel();
}

Test(tsgu_way, two_connections_instead_of_a_websocket_are_not_served)
{
    static const char *const requests[] = {
        "RPC_IN_DATA /rpc/rpcproxy.dll?localhost:3388 HTTP/1.1\r\nHost: gw\r\n\r\n",
        "RPC_OUT_DATA /rpc/rpcproxy.dll?localhost:3388 HTTP/1.1\r\nHost: gw\r\n\r\n",
        "RDG_IN_DATA /remoteDesktopGateway/ HTTP/1.1\r\nHost: gw\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        gate_client_calls(requests[i]);
        await_at_gate(gate_client_has_ended);
        cr_assert(text_starts(gate_client.answer, "HTTP/1.1 404 "), "%s", gate_client.answer);
    }
}

// Who asks again and again is a few lines; the one line of somebody else is there all the same.
Test(tsgu_way, whoever_is_not_served_fills_no_log)
{
    static const char request[] = "RPC_IN_DATA /rpc/rpcproxy.dll?localhost:3388 HTTP/1.1\r\nHost: gw\r\n\r\n";
    log_set_level(LOG_LEVEL_INFO);
    log_kept_begin();
    for (int i = 0; i <= OFTEN; i++) {
        gate_client.address = i < OFTEN ? "127.0.0.2" : "127.0.0.3";
        gate_client_calls(request);
        await_at_gate(gate_client_has_ended);
    }
    const char *said = log_kept_end();
    cr_assert_lt(log_kept_lines("127.0.0.2 asks for RPC_IN_DATA"), OFTEN / 2, "%s", said);
    cr_assert_eq(log_kept_lines("127.0.0.3 asks for RPC_IN_DATA"), 1, "%s", said);
}

// ---- what passes

static unsigned char stream[STREAM], echoed[STREAM];
static size_t echoed_length;

static bool stream_has_come_back(void)
{
    gate_client_goes_on();
    while (gate_client.heard_length - gate_client.heard_at >= TSGU_DATA_HEAD_SIZE) {
        const unsigned char *data = gate_client.heard + gate_client.heard_at;
        size_t length = number_at(data + 8, 2);
        if (gate_client.heard_length - gate_client.heard_at < TSGU_DATA_HEAD_SIZE + length)
            break;
        cr_assert_eq(number_at(data, 2), TSGU_TYPE_DATA);
        cr_assert_eq(number_at(data + 4, 4), TSGU_DATA_HEAD_SIZE + length);
        cr_assert_leq(echoed_length + length, sizeof echoed);
        memcpy(echoed + echoed_length, data + TSGU_DATA_HEAD_SIZE, length);
        echoed_length += length;
        gate_client.heard_at += TSGU_DATA_HEAD_SIZE + length;
    }
    return echoed_length == sizeof stream;
}

Test(tsgu_way, what_is_said_comes_back_as_it_was_and_is_counted)
{
    for (size_t i = 0; i < sizeof stream; i++)
        stream[i] = (unsigned char)(i * 7 + i / 1000);
    gets_channel();
    for (size_t at = 0, some; at < sizeof stream; at += some) {
        some = sizeof stream - at < PIECE ? sizeof stream - at : PIECE;
        say_data(stream + at, some);
    }
    await_at_gate(stream_has_come_back);
    cr_assert_eq(memcmp(stream, echoed, sizeof stream), 0);
    static const unsigned char status[4];
    gate_client_says(packet, put_packet(packet, TSGU_TYPE_CLOSE_CHANNEL, status, sizeof status));
    hears(TSGU_TYPE_CLOSE_CHANNEL_RESPONSE);
    await_at_gate(one_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_eq(fixture.last_end.channel.way, CHANNEL_TSGU);
    cr_assert_eq(fixture.last_end.bytes_to_host, (int64_t)sizeof stream);
    cr_assert_eq(fixture.last_end.bytes_to_person, (int64_t)sizeof stream);
}

Test(tsgu_way, a_message_of_the_brokers_is_passed_on)
{
    gets_channel();
    tunnels_notice(fixture.tunnels, "neustadt/c-none", "other");
    tunnels_notice(fixture.tunnels, "neustadt/c-1", "Hi");
    static const unsigned char expected[] = {6, 0, 'H', 0, 'i', 0, 0, 0};
    cr_assert_eq(memcmp(hears(TSGU_TYPE_SERVICE_MESSAGE), expected, sizeof expected), 0);
}

// ---- where the RDP connection ends at the gateway

static struct fake *host;
static SSL *inner; // the program's TLS with whom it takes for the host; NULL: bare
static unsigned char inside[64 * 1024];
static size_t inside_length;

static void host_takes_one_time_passwords(void)
{
    host = fake_new(fake_says_back);
    fixture.answer.port = host->port;
    fixture.answer.clipboard = true;
    TEXT_PUT(fixture.answer.fingerprint, host->fingerprint);
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, "otp-1-secret");
}

static size_t recorded(const char *name, unsigned char *to, size_t size)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s", name);
    FILE *file = fopen(path, "rbe");
    cr_assert_not_null(file, "%s", path);
    size_t length = fread(to, 1, size, file);
    fclose(file);
    return length;
}

// Takes what the packets carry out of them.
static void take_data_out(void)
{
    unsigned char bytes[1024];
    gate_client_goes_on();
    for (const unsigned char *data; gate_client.heard_length - gate_client.heard_at >= TSGU_DATA_HEAD_SIZE;) {
        data = gate_client.heard + gate_client.heard_at;
        size_t whole = number_at(data + 4, 4);
        if (gate_client.heard_length - gate_client.heard_at < whole || number_at(data, 2) != TSGU_TYPE_DATA)
            break;
        if (inner)
            BIO_write(SSL_get_rbio(inner), data + TSGU_DATA_HEAD_SIZE, (int)(whole - TSGU_DATA_HEAD_SIZE));
        else
            inside_length += whole - TSGU_DATA_HEAD_SIZE;
        gate_client.heard_at += whole;
    }
    for (int got = 1; inner && got > 0;) {
        got = SSL_read(inner, inside + inside_length, (int)(sizeof inside - inside_length));
        inside_length += got > 0 ? (size_t)got : 0;
    }
    for (int got; inner && (got = BIO_read(SSL_get_wbio(inner), bytes, sizeof bytes)) > 0;)
        say_data(bytes, (size_t)got);
}

static bool host_has_confirmed(void)
{
    take_data_out();
    return inside_length == RDP_CONFIRM_MAX;
}

static bool inner_tls_is_there(void)
{
    take_data_out();
    return SSL_is_init_finished(inner);
}

static bool host_has_heard_the_one_time_password(void)
{
    static const unsigned char wide[] = "o\0t\0p\0-\0001\0-\0s\0e\0c\0r\0e\0t";
    take_data_out();
    return memmem(inside, inside_length, wide, sizeof wide);
}

Test(tsgu_way, a_person_logs_on_who_gives_no_password)
{
    static unsigned char flight[8 * 1024];
    host_takes_one_time_passwords();
    gets_channel();
    say_data(flight, recorded("x224/client-freerdp-3.10", flight, sizeof flight));
    await_at_gate(host_has_confirmed);
    inside_length = 0;
    inner = SSL_new(gate_client.context);
    SSL_set_bio(inner, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(inner);
    await_at_gate(inner_tls_is_there);
    X509 *outer_certificate = SSL_get0_peer_certificate(gate_client.line.tls);
    cr_assert_eq(X509_cmp(SSL_get0_peer_certificate(inner), outer_certificate), 0, "the gateway's, as outside");
    int length = (int)recorded("rdp_first_flight/freerdp-3.10", flight, sizeof flight);
    cr_assert_eq(SSL_write(inner, flight, length), length);
    await_at_gate(host_has_heard_the_one_time_password);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
    SSL_free(inner);
    tls_line_fini(&gate_client.line);
    await_at_gate(one_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
}

Test(tsgu_way, another_host_than_the_brokers_ends_it)
{
    static unsigned char request[RDP_CLIENT_REQUEST_MAX];
    host_takes_one_time_passwords();
    fixture.answer.fingerprint[0] = fixture.answer.fingerprint[0] == '0' ? '1' : '0';
    gets_channel();
    say_data(request, recorded("x224/client-freerdp-3.10", request, sizeof request));
    cr_assert_eq(number_at(hears(TSGU_TYPE_CLOSE_CHANNEL), 4), 0x80070000u | TSGU_ERROR_CONNECT_FAILED);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_WRONG_CERTIFICATE);
    cr_assert_eq(fixture.ended, 1);
    await_at_gate(gate_client_has_ended);
}

// ---- how it ends

Test(tsgu_way, what_the_broker_closes_is_closed_with_its_reason)
{
    gets_channel();
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_IDLE);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(number_at(hears(TSGU_TYPE_CLOSE_CHANNEL), 4), 0x80070000u | TSGU_ERROR_TIMEOUT);
    await_at_gate(gate_client_has_ended);
}

Test(tsgu_way, a_host_that_ends_closes_the_channel)
{
    gets_channel();
    echo_host_ends_all();
    cr_assert_eq(number_at(hears(TSGU_TYPE_CLOSE_CHANNEL), 4), 0);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_CLOSED);
}
