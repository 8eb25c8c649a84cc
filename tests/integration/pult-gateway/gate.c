// SPDX-License-Identifier: EUPL-1.2
// Callers at the port of a gateway: who gets in, where to, what passes, and what they are shown.
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "broker/net/forwarded.h"
#include "broker/net/proxy_header.h"
#include "broker/net/proxy_voucher.h"
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "tests/integration/server/passer.h"
#include "tests/log_kept.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OFTEN = 100 };

TestSuite(gate, .init = gate_fixture_open, .fini = gate_fixture_close, .timeout = 120);

// ---- who gets in

Test(gate, a_token_leads_where_the_broker_says)
{
    caller_gets_in(&callers[0]);
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
    cr_assert_eq(fixture.last_question.way, CHANNEL_PLAIN);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
    cr_assert_eq(fixture.host_visits, 1);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

// A link that comes up meanwhile is told of it.
Test(gate, whose_host_is_dialled_has_a_channel)
{
    caller_gets_in(&callers[0]);
    cr_assert_str_eq(fixture.dialled, "neustadt/c-1");
    cr_assert_null(gate_next_with_channel(fixture.gate, NULL), "now it is a tunnel");
    fixture.refusal = "channel-refused";
    caller_is_refused("403", GATEWAY_TO_HOST, TOKEN);
    cr_assert_str_empty(fixture.dialled);
}

Test(gate, whoever_the_broker_refuses_gets_nowhere)
{
    fixture.refusal = "channel-refused";
    caller_is_refused("403", GATEWAY_TO_HOST, TOKEN);
    fixture.refusal = NULL;
    caller_is_refused("403", GATEWAY_TO_HOST, "too-short");
    caller_is_refused("403", GATEWAY_TO_HOST, NULL);
    caller_is_refused("404", "/v1/elsewhere", TOKEN);
    cr_assert_eq(fixture.host_visits, 0);
    cr_assert_eq(fixture.ended, 0);
}

Test(gate, nobody_gets_in_without_the_broker)
{
    fixture.broker_is_away = true;
    caller_is_refused("503", GATEWAY_TO_HOST, TOKEN);
    gate_set(fixture.gate, false, false);
    caller_is_refused("503", "/healthz", NULL);
    gate_set(fixture.gate, false, true);
    caller_is_refused("200", "/healthz", NULL);
    cr_assert_eq(fixture.host_visits, 0);
}

static void open_small_gate(void)
{
    fixture.config.tunnels = 1;
    gate_fixture_open();
}

TestSuite(small_gate, .init = open_small_gate, .fini = gate_fixture_close, .timeout = 120);

Test(small_gate, lets_no_more_in_than_it_may_when_they_dial_at_once)
{
    fixture.answers_at_once = 2;
    caller_calls(&callers[0], GATEWAY_TO_HOST, TOKEN);
    caller_calls(&callers[1], GATEWAY_TO_HOST, TOKEN);
    await_at_gate(callers_are_answered);
    cr_assert_neq(callers[0].descriptor < 0, callers[1].descriptor < 0);
    cr_assert(strstr(callers[callers[0].descriptor < 0 ? 0 : 1].why, "503"));
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
    await_at_gate(channel_has_ended_at_gate);
    fixture.answers_at_once = 1;
    caller_is_refused("503", GATEWAY_TO_HOST, TOKEN);
    cr_assert_eq(fixture.ended, 2);
}

// What a program of its own says and hears at the gate.
static char said_path[FOLDER_SIZE + 8];

static bool has_an_answer(void)
{
    return file_exists(said_path);
}

static void is_answered_with(const char *answer, const char *request)
{
    char line[600], heard_text[2000];
    struct fault why = {0};
    snprintf(said_path, sizeof said_path, "%s/said", fixture.folder);
    remove(said_path);
    snprintf(line, sizeof line,
             "{ printf '%s' | openssl s_client -quiet -connect localhost:%d > %s.part 2>/dev/null; mv %s.part %s; } &",
             request, GATE_PORT, said_path, said_path, said_path);
    program_shell(line);
    await_at_gate(has_an_answer);
    cr_assert(file_read_text(said_path, heard_text, sizeof heard_text, &why), "%s", why.text);
    cr_assert(text_starts(heard_text, answer), "%s", heard_text);
}

// As HAProxy asks when it is told nothing else.
Test(gate, checks_of_load_balancers_may_speak_http_1_0)
{
    is_answered_with("HTTP/1.1 200 ", "GET /healthz HTTP/1.0\\r\\n\\r\\n");
    is_answered_with("HTTP/1.1 426 ",
                     "GET " GATEWAY_TO_HOST " HTTP/1.0\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n\\r\\n");
    cr_assert_eq(fixture.asked, 0);
}

Test(gate, nobody_gets_in_while_it_is_drained_and_who_is_in_stays)
{
    caller_gets_in(&callers[0]);
    gate_set(fixture.gate, true, true);
    caller_calls(&callers[1], GATEWAY_TO_HOST, TOKEN);
    await_at_gate(callers_are_answered);
    cr_assert(strstr(callers[1].why, "503"), "%s", callers[1].why);
    cr_assert_eq(tunnels_count(fixture.tunnels), 1);
}

Test(gate, a_host_that_does_not_answer_is_an_end_that_is_told)
{
    echo_host_refuses();
    caller_is_refused("502", GATEWAY_TO_HOST, TOKEN);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_UNREACHABLE);
    cr_assert_str_eq(fixture.last_end.channel.channel, "neustadt/c-1");
}

// ---- what passes

static char sent[4 * 1024 * 1024], heard[sizeof sent];
static size_t sent_count, heard_count;

static bool has_come_back(void)
{
    int descriptor = callers[0].descriptor;
    for (ssize_t put = 1; put > 0 && sent_count < sizeof sent;) {
        put = send(descriptor, sent + sent_count, sizeof sent - sent_count, MSG_DONTWAIT | MSG_NOSIGNAL);
        sent_count += put > 0 ? (size_t)put : 0;
    }
    for (ssize_t got = 1; got > 0 && heard_count < sizeof heard;) {
        got = recv(descriptor, heard + heard_count, sizeof heard - heard_count, MSG_DONTWAIT);
        heard_count += got > 0 ? (size_t)got : 0;
    }
    return heard_count == sizeof heard;
}

Test(gate, what_is_said_comes_back_as_it_was_and_is_counted)
{
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (char)(i * 7 + i / 1000);
    caller_gets_in(&callers[0]);
    await_at_gate(has_come_back);
    cr_assert_eq(memcmp(sent, heard, sizeof sent), 0);
    close(callers[0].descriptor);
    callers[0].descriptor = -1;
    await_at_gate(channel_has_ended_at_gate);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_eq(fixture.last_end.bytes_to_host, (int64_t)sizeof sent);
    cr_assert_eq(fixture.last_end.bytes_to_person, (int64_t)sizeof sent);
}

static size_t last_count;
static int quiet_looks;

// It takes no more, for a while.
static bool takes_no_more(void)
{
    bool fine = true;
    while (fine) {
        ssize_t put = send(callers[0].descriptor, sent, sizeof sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        fine = put > 0;
        sent_count += fine ? (size_t)put : 0;
    }
    quiet_looks = sent_count == last_count ? quiet_looks + 1 : 0;
    last_count = sent_count;
    return quiet_looks > 100;
}

// The kernel's buffers on the way, and what the gateway may keep.
Test(gate, a_host_that_does_not_read_stops_its_caller)
{
    fixture.host_is_deaf = true;
    caller_gets_in(&callers[0]);
    await_at_gate(takes_no_more);
    cr_assert_lt(sent_count, 64 * 1024 * 1024);
}

static bool all_have_their_own(void)
{
    for (int i = 0; i < CALLERS; i++) {
        char expected[32], got[32];
        snprintf(expected, sizeof expected, "I am number %d", i);
        ssize_t length = recv(callers[i].descriptor, got, sizeof got, MSG_DONTWAIT | MSG_PEEK);
        if (length < (ssize_t)strlen(expected) + 1)
            return false;
        cr_assert_str_eq(got, expected);
    }
    return true;
}

Test(gate, each_caller_hears_what_is_theirs)
{
    for (int i = 0; i < CALLERS; i++)
        caller_calls(&callers[i], GATEWAY_TO_HOST, TOKEN);
    await_at_gate(callers_are_answered);
    for (int i = 0; i < CALLERS; i++) {
        char text[32];
        cr_assert_geq(callers[i].descriptor, 0, "%d: %s", i, callers[i].why);
        int length = snprintf(text, sizeof text, "I am number %d", i);
        cr_assert_eq(send(callers[i].descriptor, text, (size_t)length + 1, 0), length + 1);
    }
    await_at_gate(all_have_their_own);
}

// ---- behind a proxy

static void open_gate_behind_proxy(void)
{
    TEXT_PUT(fixture.config.proxies, "192.0.2.0/24 127.0.0.1");
    gate_fixture_open();
}

TestSuite(gate_behind_proxy, .init = open_gate_behind_proxy, .fini = gate_fixture_close, .timeout = 120);

static int proxied;

// Without a word: whoever is heard would be told what is wrong with that hello.
static bool is_closed(void)
{
    unsigned char byte;
    ssize_t got = recv(proxied, &byte, 1, MSG_DONTWAIT);
    cr_assert_leq(got, 0);
    return got == 0 || errno == ECONNRESET;
}

static void say_header(void)
{
    static const unsigned char hello[] = {0x16, 0x03, 0x01, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00};
    unsigned char header[PROXY_HEADER_MAX];
    struct address caller;
    cr_assert(address_read(&caller, "203.0.113.9"));
    proxied = connect_to_port(GATE_PORT);
    size_t length = proxy_header_write(header, &caller, 4711, "");
    cr_assert_eq(send(proxied, header, length, 0), (ssize_t)length);
    cr_assert_eq(send(proxied, hello, sizeof hello, 0), (ssize_t)sizeof hello);
}

static int asked_before;

static bool has_asked(void)
{
    return fixture.asked == asked_before + 1;
}

// A program of its own, which has these fields in its request for a channel.
static void somebody_asks(int port, const char *fields)
{
    char line[800];
    int length =
        snprintf(line, sizeof line,
                 "{ printf 'GET " GATEWAY_TO_HOST " HTTP/1.1\\r\\nHost: x\\r\\nConnection: Upgrade\\r\\nUpgrade: "
                 "websocket\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\nSec-WebSocket-Version: 13\\r\\n"
                 "Authorization: Bearer " TOKEN "\\r\\n%s\\r\\n' | openssl s_client -quiet -connect localhost:%d; } "
                 ">/dev/null 2>&1 &",
                 fields, port);
    cr_assert_lt((size_t)length, sizeof line);
    asked_before = fixture.asked;
    program_shell(line);
    await_at_gate(has_asked);
}

Test(gate_behind_proxy, believes_it_about_who_calls)
{
    enum { PROXY = 8443 };
    pid_t proxy = passer_start(PROXY, GATE_PORT);
    somebody_asks(PROXY, "X-Forwarded-For: 203.0.113.8\\r\\nForwarded: for=203.0.113.8\\r\\n");
    cr_assert_str_eq(fixture.last_question.network, PASSER_CALLER);
    kill(proxy, SIGKILL);
    waitpid(proxy, NULL, 0);
}

// In clear within its TLS; what the caller had said already stands before that.
#define TWO_LINES "X-Forwarded-For: 203.0.113.7\\r\\nForwarded: for=203.0.113.8\\r\\nX-Forwarded-For: 203.0.113.9\\r\\n"

static void open_gate_behind_http_proxy(void)
{
    fixture.config.proxy_field = FORWARDED_X_FOR;
    open_gate_behind_proxy();
}

TestSuite(gate_behind_http_proxy, .init = open_gate_behind_http_proxy, .fini = gate_fixture_close, .timeout = 120);

Test(gate_behind_http_proxy, believes_the_last_line_of_the_field_that_is_the_proxy_s)
{
    somebody_asks(GATE_PORT, TWO_LINES);
    cr_assert_str_eq(fixture.last_question.network, "203.0.113.9");
}

Test(gate_behind_http_proxy, counts_for_the_proxy_where_it_says_nobody)
{
    somebody_asks(GATE_PORT, "Forwarded: for=203.0.113.8\\r\\n");
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
}

Test(gate_behind_proxy, believes_no_field_that_it_is_not_told_to)
{
    somebody_asks(GATE_PORT, TWO_LINES);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
}

static void open_gate_for_one_of_a_network(void)
{
    fixture.config.network_unproven = 1;
    fixture.answers_at_once = 2;
    open_gate_behind_http_proxy();
}

TestSuite(gate_for_one_of_a_network, .init = open_gate_for_one_of_a_network, .fini = gate_fixture_close,
          .timeout = 120);

static bool both_are_in(void)
{
    return tunnels_count(fixture.tunnels) == 2;
}

Test(gate_for_one_of_a_network, has_room_for_each_caller_of_a_proxy)
{
    somebody_asks(GATE_PORT, "X-Forwarded-For: 203.0.113.8\\r\\n");
    somebody_asks(GATE_PORT, "X-Forwarded-For: 203.0.113.9\\r\\n");
    await_at_gate(both_are_in);
}

static void open_gate_of_another_proxy(void)
{
    fixture.config.proxy_field = FORWARDED_X_FOR;
    TEXT_PUT(fixture.config.proxies, "192.0.2.0/24");
    gate_fixture_open();
}

TestSuite(gate_of_another_proxy, .init = open_gate_of_another_proxy, .fini = gate_fixture_close, .timeout = 120);

Test(gate_of_another_proxy, does_not_read_what_anybody_says_about_who_calls)
{
    somebody_asks(GATE_PORT, TWO_LINES);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
}

static void open_gate_behind_standard_proxy(void)
{
    fixture.config.proxy_field = FORWARDED_STANDARD;
    open_gate_behind_proxy();
}

TestSuite(gate_behind_standard_proxy, .init = open_gate_behind_standard_proxy, .fini = gate_fixture_close,
          .timeout = 120);

Test(gate_behind_standard_proxy, believes_it_about_a_caller_by_ipv6)
{
    somebody_asks(GATE_PORT, "Forwarded: for=203.0.113.8, for=\"[2001:db8:9:1:2::3]:4711\";proto=https\\r\\n");
    cr_assert_str_eq(fixture.last_question.network, "2001:db8:9:1::/64");
}

Test(gate_behind_standard_proxy, refuses_whoever_would_hide_what_it_says)
{
    is_answered_with("HTTP/1.1 400 ", "GET /healthz HTTP/1.1\\r\\nForwarded: for=203.0.113.8;by=\"x, "
                                      "for=203.0.113.9\\r\\n\\r\\n");
    is_answered_with("HTTP/1.1 200 ", "GET /healthz HTTP/1.1\\r\\nForwarded: for=203.0.113.9\\r\\n\\r\\n");
}

Test(gate_behind_proxy, lets_in_who_comes_without_one)
{
    caller_gets_in(&callers[0]);
    cr_assert_str_eq(fixture.last_question.network, "127.0.0.1");
}

Test(gate, closes_whoever_only_says_to_be_a_proxy)
{
    say_header();
    await_at_gate(is_closed);
    close(proxied);
}

// ---- desks, to the broker: here that is the one who says back whatever it hears

#define LINK_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void open_gate_of_desks(void)
{
    TEXT_PUT(fixture.config.broker, "127.0.0.1");
    fixture.config.gateway_port = HOST_PORT;
    gate_fixture_open();
}

TestSuite(gate_of_desks, .init = open_gate_of_desks, .fini = gate_fixture_close, .timeout = 120);

static unsigned char header_bytes[PROXY_HEADER_MAX];

static bool header_has_come_back(void)
{
    ssize_t got = recv(callers[0].descriptor, header_bytes, sizeof header_bytes, MSG_DONTWAIT | MSG_PEEK);
    struct proxy_header header;
    size_t size;
    return got > 0 && proxy_header_read(&header, header_bytes, (size_t)got, &size) != PROXY_HEADER_PARTIAL;
}

// Before the first byte of the desk's own.
static int64_t number_of_desk(void)
{
    struct proxy_header header;
    struct proxy_voucher voucher;
    struct address here;
    size_t size;
    caller_calls(&callers[0], GATEWAY_TO_BROKER, NULL);
    await_at_gate(callers_are_answered);
    cr_assert_geq(callers[0].descriptor, 0, "%s", callers[0].why);
    await_at_gate(header_has_come_back);
    cr_assert_eq(proxy_header_read(&header, header_bytes, sizeof header_bytes, &size), PROXY_HEADER_WHOLE);
    cr_assert(header.names_caller && header.voucher && address_read(&here, "127.0.0.1"));
    cr_assert(address_equal(&header.caller, &here) && header.port > 0);
    cr_assert(proxy_voucher_read(&voucher, header.voucher, header.voucher_length));
    cr_assert(proxy_voucher_holds(&voucher, LINK_KEY, &here, header.port));
    cr_assert_eq(voucher.way, PROXY_TO_DEVICES);
    cr_assert_str_eq(voucher.gateway, "neustadt/gw");
    close(callers[0].descriptor);
    callers[0].descriptor = -1;
    return voucher.number;
}

Test(gate_of_desks, the_broker_is_told_who_calls)
{
    gate_vouch(fixture.gate, "neustadt/gw", LINK_KEY);
    cr_assert_eq(number_of_desk(), 1);
    cr_assert_eq(number_of_desk(), 2);
    gate_vouch(fixture.gate, "neustadt/gw", LINK_KEY);
    cr_assert_eq(number_of_desk(), 1, "each link counts anew");
}

static bool nobody_is_in_a_tunnel(void)
{
    return tunnels_count(fixture.tunnels) == 0;
}

Test(gate_of_desks, who_comes_and_goes_fills_no_log)
{
    gate_vouch(fixture.gate, "neustadt/gw", LINK_KEY);
    log_set_level(LOG_LEVEL_INFO);
    log_kept_begin();
    for (int i = 0; i < OFTEN; i++)
        number_of_desk();
    await_at_gate(nobody_is_in_a_tunnel);
    const char *said = log_kept_end();
    cr_assert_gt(log_kept_lines("127.0.0.1: the way of a desk has ended"), 0, "%s", said);
    cr_assert_lt(log_kept_lines("127.0.0.1: the way of a desk has ended"), OFTEN / 2, "%s", said);
}

// It has the key of the link, which is gone with it.
Test(gate_of_desks, without_a_link_nobody_can_be_vouched_for)
{
    gate_vouch(fixture.gate, "neustadt/gw", LINK_KEY);
    gate_set(fixture.gate, false, false);
    caller_is_refused("503", GATEWAY_TO_BROKER, NULL);
    gate_set(fixture.gate, false, true);
    caller_is_refused("503", GATEWAY_TO_BROKER, NULL);
    cr_assert_eq(fixture.ended, 0);
}

static void open_small_gate_of_desks(void)
{
    fixture.config.tunnels = 4;
    open_gate_of_desks();
}

TestSuite(small_gate_of_desks, .init = open_small_gate_of_desks, .fini = gate_fixture_close, .timeout = 120);

// The gateway cannot tell a desk from whoever says to be one.
Test(small_gate_of_desks, leaves_half_of_its_room_to_people)
{
    gate_vouch(fixture.gate, "neustadt/gw", LINK_KEY);
    for (int i = 0; i < 3; i++) {
        caller_calls(&callers[i], GATEWAY_TO_BROKER, NULL);
        await_at_gate(callers_are_answered);
        cr_assert_eq(callers[i].descriptor >= 0, i < 2, "%d: %s", i, callers[i].why);
    }
    cr_assert(strstr(callers[2].why, "503"), "%s", callers[2].why);
    caller_gets_in(&callers[2]);
    cr_assert_eq(tunnels_count(fixture.tunnels), 3);
}

// ---- what callers are shown

static bool health_is_fine(void)
{
    if (callers[0].dial)
        return false;
    if (callers[0].answered && strstr(callers[0].why, "200"))
        return true;
    caller_calls(&callers[0], "/healthz", NULL);
    return false;
}

static void shows_what_is_there(void)
{
    believe_what_is_shown();
    callers[0] = (struct caller_at_gate){.descriptor = -1};
    await_at_gate(health_is_fine);
}

static void touch_files(const char *certificate, const char *key)
{
    char line[400];
    snprintf(line, sizeof line, "cd %s && touch -d %s crt && touch -d %s key", fixture.folder, certificate, key);
    program_shell(line);
}

// Of one key, and older than that: as a copy may be that keeps its date.
Test(gate, a_renewed_certificate_is_shown_whatever_its_date)
{
    make_gate_certificate("renewed", "-key key");
    touch_files("2001-02-03", "2026-01-01");
    shows_what_is_there();
    make_gate_certificate("renewed-again", "-key key");
    touch_files("2001-02-02", "2026-01-01");
    shows_what_is_there();
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
}
