// SPDX-License-Identifier: EUPL-1.2
// Browsers at the port of a gateway, as IronRDP 0.7.0 speaks: who gets in, what the session host hears, how it ends.
#include "broker/base/text.h"
#include "broker/pult-gateway/byte_span.h"
#include "broker/pult-gateway/guest.h"
#include "tests/integration/hosts/fake.h"
#include "tests/integration/pult-gateway/gate_client.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ORIGIN "Origin: https://localhost\r\n"
#define COOKIE "Cookie: lang=de; __Host-pult=abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE\r\n"
#define HOLDER "a03b414407017e8d16690b17bfcab3e69d3f7bb04fd59b112f1a305cb7b463b9"
#define REQUEST(fields)                                                                                                \
    "GET /v1/browser HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"                     \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" fields "\r\n"
#define RIGHT REQUEST(ORIGIN COOKIE)

// As it is in the files of the corpus.
static const char token[] = "qqqqqqqqqqqqqqqqqqqqq_-77777777777777777777";

enum { FILE_MAX = 8192, MALFORMED = 1000, MALFORMED_LONG = 10 * 1000 };

static struct fake *host;

static void open_with_host(fake_play *play)
{
    gate_fixture_open();
    gate_client_open();
    gate_name(fixture.gate, "localhost", GATE_PORT);
    host = fake_new(play);
    fixture.answer.port = host->port;
    fixture.answer.clipboard = true;
    TEXT_PUT(fixture.answer.fingerprint, host->fingerprint);
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, "otp-1");
}

static void close_browser(void)
{
    gate_client_close();
    gate_fixture_close();
}

static void open_browser(void)
{
    open_with_host(fake_says_back);
}

TestSuite(browser_way, .init = open_browser, .fini = close_browser, .timeout = 300);

// ---- what it says

static unsigned char file[FILE_MAX];

static size_t load(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fuzz/corpus/%s/%s", folder, name);
    FILE *stream = fopen(path, "rbe");
    cr_assert_not_null(stream, "%s", path);
    size_t length = fread(file, 1, sizeof file, stream);
    fclose(stream);
    return length;
}

static void asks(const char *request, const char *name)
{
    gate_client_calls(request);
    gate_client_says(file, load("cleanpath", name));
}

// ---- what it hears

static size_t awaited;

static bool has_heard(void)
{
    gate_client_goes_on();
    return gate_client.heard_length - gate_client.heard_at >= awaited;
}

static const unsigned char *hears(size_t length)
{
    awaited = length;
    await_at_gate(has_heard);
    const unsigned char *bytes = gate_client.heard + gate_client.heard_at;
    gate_client.heard_at += length;
    return bytes;
}

// A message of RDCleanPath: what is in it.
static struct byte_span hears_pdu(void)
{
    struct byte_span all = {hears(4), 4}, content;
    size_t size = byte_span_element_size(all.at, 4);
    cr_assert_geq(size, 4);
    hears(size - 4);
    all.left = size;
    cr_assert(byte_span_element(&all, 0x30, &content));
    return content;
}

static bool pdu_has(const struct byte_span *pdu, const void *bytes, size_t length)
{
    return memmem(pdu->at, pdu->left, bytes, length) != NULL;
}

// [1] INTEGER of two bytes, within the error.
static void is_told_status(int status)
{
    const unsigned char field[] = {0xa1, 4, 2, 2, (unsigned char)(status >> 8), (unsigned char)status};
    const struct byte_span pdu = hears_pdu();
    cr_assert(pdu_has(&pdu, field, sizeof field), "it is not %d", status);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.ended, 0);
}

static void is_answered(const char *start)
{
    await_at_gate(gate_client_has_ended);
    cr_assert(text_starts(gate_client.answer, start), "%s", gate_client.answer);
    cr_assert_eq(fixture.asked, 0);
}

static bool one_has_ended(void)
{
    gate_client_goes_on();
    return fixture.ended == 1;
}

// ---- who gets in

// The host that the client names is not there, and nobody looks for it.
Test(browser_way, a_token_leads_where_the_broker_says)
{
    asks(RIGHT, "token");
    cr_assert(memmem(file, sizeof file, "neustadt", 8));
    const struct byte_span pdu = hears_pdu();
    cr_assert(pdu_has(&pdu, "\x03\x00\x00\x13\x0e\xd0", 6), "the host's answer");
    cr_assert_str_eq(fixture.last_question.token, token);
    cr_assert_str_eq(fixture.last_question.holder, HOLDER);
    cr_assert_eq(fixture.last_question.way, CHANNEL_BROWSER);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

Test(browser_way, a_page_of_another_site_gets_nowhere)
{
    static const char *const requests[] = {
        REQUEST(COOKIE),
        REQUEST("Origin: null\r\n" COOKIE),
        REQUEST("Origin: http://localhost\r\n" COOKIE),
        REQUEST("Origin: https://localhost:8443\r\n" COOKIE),
        REQUEST("Origin: https://localhost.example\r\n" COOKIE),
        REQUEST(ORIGIN "Origin: https://other.example\r\n" COOKIE),
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        gate_client_calls(requests[i]);
        is_answered("HTTP/1.1 403 ");
    }
    gate_name(fixture.gate, "", GATE_PORT);
    gate_client_calls(RIGHT);
    is_answered("HTTP/1.1 403 ");
    gate_name(fixture.gate, "localhost", 8443);
    gate_client_calls(RIGHT);
    is_answered("HTTP/1.1 403 ");
    asks(REQUEST("Origin: https://localhost:8443\r\n" COOKIE), "token");
    hears_pdu();
}

Test(browser_way, who_is_not_logged_on_at_the_portal_gets_nowhere)
{
    static const char *const requests[] = {
        REQUEST(ORIGIN),
        REQUEST(ORIGIN "Cookie: pult=abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE\r\n"),
        REQUEST(ORIGIN "Cookie: __Host-pult=short\r\n"),
        REQUEST(ORIGIN "Cookie: __Host-pult=abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE-longer\r\n"),
        REQUEST(ORIGIN "Cookie: __Host-pult=abcdefghijklmnopqrstuvwxyz0123456789_-ABCDE; "
                       "__Host-pult=abcdefghijklmnopqrstuvwxyz0123456789_-ABCDF\r\n"),
        REQUEST(ORIGIN COOKIE COOKIE),
    };
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        gate_client_calls(requests[i]);
        is_answered("HTTP/1.1 403 ");
    }
}

Test(browser_way, whoever_the_broker_refuses_is_told_so)
{
    fixture.refusal = "channel-refused";
    asks(RIGHT, "token");
    is_told_status(403);
    cr_assert_eq(fixture.asked, 1);
    fixture.refusal = NULL;
    asks(RIGHT, "no-token");
    is_told_status(403);
    asks(RIGHT, "iron-0.7.0"); // with one that is none of ours
    is_told_status(403);
    cr_assert_eq(fixture.asked, 1);
    fixture.broker_is_away = true;
    asks(RIGHT, "token");
    is_told_status(503);
    gate_set(fixture.gate, true, true);
    asks(RIGHT, "token");
    await_at_gate(gate_client_has_ended);
    cr_assert(text_starts(gate_client.answer, "HTTP/1.1 503 "), "%s", gate_client.answer);
}

Test(browser_way, who_speaks_before_they_are_answered_is_sent_away)
{
    size_t length = load("cleanpath", "token");
    gate_client_calls(RIGHT);
    file[length] = 3;
    gate_client_says(file, length + 1);
    is_told_status(400);
    gate_client_calls(RIGHT);
    gate_client_says(file, length);
    gate_client_says(file, 1);
    is_told_status(400);
    cr_assert_eq(fixture.asked, 0);
}

// ---- session hosts that are not as they should be

Test(browser_way, a_host_with_another_certificate_is_an_end_that_is_told)
{
    static const unsigned char alert[] = {0xa3, 3, 2, 1, 46};
    memset(fixture.answer.fingerprint, '0', DIGEST_SIZE - 1);
    asks(RIGHT, "token");
    const struct byte_span pdu = hears_pdu();
    cr_assert(pdu_has(&pdu, alert, sizeof alert));
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(gate_client.goodbye, TUNNEL_GOODBYE + CHANNEL_WRONG_CERTIFICATE);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_WRONG_CERTIFICATE);
    cr_assert_str_eq(fixture.last_end.channel.channel, "neustadt/c-1");
}

static void open_with_refusing_host(void)
{
    static const unsigned char refusal[] = {3, 0, 0, 19, 14, 0xd0, 0, 0, 0, 0, 0, 3, 0, 8, 0, 5, 0, 0, 0};
    open_with_host(fake_says);
    host->bytes = refusal;
    host->length = sizeof refusal;
}

TestSuite(browser_and_refusal, .init = open_with_refusing_host, .fini = close_browser, .timeout = 120);

Test(browser_and_refusal, what_a_host_refuses_with_is_passed_on)
{
    asks(RIGHT, "token");
    const struct byte_span pdu = hears_pdu();
    cr_assert(pdu_has(&pdu, host->bytes, host->length));
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_UNREACHABLE);
    cr_assert_eq(fixture.ended, 1);
}

static void open_with_silent_host(void)
{
    open_with_host(fake_says);
    host->bytes = "";
}

TestSuite(browser_and_silence, .init = open_with_silent_host, .fini = close_browser, .timeout = 120);

static bool host_is_dialled(void)
{
    const struct guest *guest = gate_next_with_channel(fixture.gate, NULL);
    gate_client_goes_on();
    return guest && !guest->dial;
}

Test(browser_and_silence, a_channel_is_closed_while_its_host_is_asked)
{
    asks(RIGHT, "token");
    await_at_gate(host_is_dialled);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_MOVED);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_MOVED);
}

// ---- what the host hears

static size_t utf16(unsigned char *to, const char *from)
{
    size_t length = strlen(from);
    for (size_t i = 0; i < length; i++)
        byte_put_u16(to + 2 * i, (unsigned char)from[i]);
    return 2 * length;
}

static bool host_hears(const char *ascii)
{
    unsigned char wide[256];
    return memmem(gate_client.heard, gate_client.heard_length, wide, utf16(wide, ascii)) != NULL;
}

static void says_flight(void)
{
    gate_client_says(file, load("rdp_first_flight", "iron-0.7.0"));
    gate_client_says("the end", 7);
}

static bool end_has_come_back(void)
{
    gate_client_goes_on();
    return gate_client.heard_length >= 7 && memcmp(gate_client.heard + gate_client.heard_length - 7, "the end", 7) == 0;
}

Test(browser_way, its_person_is_logged_on_with_the_brokers_one_time_password)
{
    asks(RIGHT, "token");
    hears_pdu();
    says_flight();
    await_at_gate(end_has_come_back);
    cr_assert(host_hears("anna"));
    cr_assert(host_hears("otp-1"));
    const unsigned char *core = memmem(gate_client.heard, gate_client.heard_length, "\x01\xc0\xea\x00", 4);
    cr_assert_not_null(core);
    cr_assert_eq(byte_u32(core + 16), 0x407);
    cr_assert_eq(byte_u16(core + 140), 24);
    cr_assert(memmem(gate_client.heard, gate_client.heard_length, "\x1e\x00\x08\x00\x02\x00\x00\x00", 8), "frames");
    tls_line_fini(&gate_client.line);
    await_at_gate(one_has_ended);
    cr_assert_eq(fixture.last_end.channel.way, CHANNEL_BROWSER);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_gt(fixture.last_end.bytes_to_host, 1000);
}

Test(browser_way, without_one_the_client_says_who_logs_on)
{
    static const unsigned char information_head[] = {3, 0xeb, 0x70, 0x81, 0x2c};
    fixture.answer.one_time_password[0] = 0;
    asks(RIGHT, "token");
    hears_pdu();
    says_flight();
    await_at_gate(end_has_come_back);
    cr_assert_not(host_hears("anna"));
    const unsigned char *information = memmem(file, sizeof file, information_head, sizeof information_head);
    cr_assert_not_null(information);
    cr_assert(memmem(gate_client.heard, gate_client.heard_length, information, sizeof information_head + 0x12c));
}

Test(browser_way, what_is_no_rdp_is_an_end)
{
    asks(RIGHT, "token");
    hears_pdu();
    gate_client_says("GET / HTTP/1.1\r\n\r\n", 18);
    await_at_gate(one_has_ended);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_BROKEN);
    cr_assert_eq(fixture.last_end.bytes_to_host, 0);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(gate_client.goodbye, TUNNEL_GOODBYE + CHANNEL_BROKEN);
}

Test(browser_way, what_the_broker_closes_is_closed_with_its_reason)
{
    asks(RIGHT, "token");
    hears_pdu();
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_MOVED);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(gate_client.goodbye, TUNNEL_GOODBYE + CHANNEL_MOVED);
    cr_assert_eq(fixture.ended, 1);
}

// ---- whose host ends it

static atomic_int at_host;

static void note_visitor(struct fake *fake, int client)
{
    at_host = client;
    fake_says_back(fake, client);
}

static void open_with_leaving_host(void)
{
    open_with_host(note_visitor);
}

TestSuite(browser_and_leaving_host, .init = open_with_leaving_host, .fini = close_browser, .timeout = 300);

static int looks;

static bool has_looked_again(void)
{
    return ++looks > 3;
}

static void is_left_by_host(void)
{
    asks(RIGHT, "token");
    hears_pdu();
    cr_assert_eq(shutdown(at_host, SHUT_RDWR), 0);
    await_at_gate(has_looked_again);
}

// The host is told to close by the broker, too, and may be the quicker one.
Test(browser_and_leaving_host, the_brokers_word_may_come_after_the_hosts_end)
{
    is_left_by_host();
    cr_assert_eq(fixture.ended, 0);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_LOCKED);
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(gate_client.goodbye, TUNNEL_GOODBYE + CHANNEL_LOCKED);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_LOCKED);
    cr_assert_eq(fixture.ended, 1);
}

Test(browser_and_leaving_host, a_host_that_ends_of_itself_is_said_to_have_ended)
{
    is_left_by_host();
    await_at_gate(gate_client_has_ended);
    cr_assert_eq(gate_client.goodbye, TUNNEL_GOODBYE + CHANNEL_HOST_CLOSED);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_CLOSED);
    cr_assert_eq(fixture.ended, 1);
}

// ---- what is no request

static uint32_t dice = 1;

static uint32_t roll(uint32_t sides)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % sides;
}

static void says_malformed(size_t length)
{
    static unsigned char bytes[FILE_MAX];
    memcpy(bytes, file, length);
    for (uint32_t i = 0, count = 1 + roll(4); i < count; i++)
        bytes[roll((uint32_t)length)] = (unsigned char)roll(256);
    gate_client_calls(RIGHT);
    gate_client_says(bytes, length - roll(8));
    gate_client_says_goodbye();
}

Test(browser_way, malformed_requests_harm_nobody, .timeout = 3600)
{
    fixture.refusal = "channel-refused";
    size_t length = load("cleanpath", "token");
    for (int i = 0, count = getenv("PULT_LONG") ? MALFORMED_LONG : MALFORMED; i < count; i++) {
        says_malformed(length);
        await_at_gate(gate_client_has_ended);
    }
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
    cr_assert_eq(fixture.ended, 0);
    fixture.refusal = NULL;
    asks(RIGHT, "token");
    hears_pdu();
}
