// SPDX-License-Identifier: EUPL-1.2
#include "broker/client/client.h"
#include "broker/api/device_link.h"
#include "broker/api/link_rows.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "tests/integration/client/fake_broker.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PORT = 8443, DEADLINE_MS = 20000, VERDICT_MS = 4000 };

static const struct fake_row rows[] = {
    {"GET", "/v1/status", 200, NULL, "{\"version\":\"1\",\"sessions\":7}"},
    {"POST", "/v1/echo", 200, NULL, NULL},
    {"DELETE", "/v1/nothing", 200, NULL, ""},
    {"POST", "/v1/wrong", 401, NULL,
     "{\"type\":\"urn:pult:wrong-password\",\"title\":\"x\",\"status\":401,\"detail\":\"no\",\"help_desk\":\"115\"}"},
    {"GET", "/v1/busy", 503, "retry-after: 12\r\n", "{\"type\":\"urn:pult:busy\"}"},
    {"GET", "/v1/proxy", 502, NULL, "<html>bad gateway</html>"},
    {"GET", "/v1/away", 302, "location: https://127.0.0.1:8443/v1/status\r\n", "{}"},
    {"GET", "/v1/garbage", 200, NULL, "{\"half\":"},
    {"GET", "/v1/slow", 200, NULL, "slow"},
    {"GET", "/v1/cut", 200, NULL, "cut"},
    {NULL},
};

static const char *town;
static struct loop *loop;
static struct client *client;
static json_object *said; // what was answered
static struct client_answer answer;
static pid_t broker;

static struct client *new_client(const char *host, const char *ca)
{
    char ca_file[100];
    struct fault why = {0};
    snprintf(ca_file, sizeof ca_file, "%s/%s", town, ca);
    struct client_config config = {.host = host, .port = PORT, .ca_file = ca_file};
    struct client *made = client_new(loop, &config, &why);
    cr_assert(made, "%s", why.text);
    return made;
}

static struct client *new_desk_client(const char *key_file)
{
    char ca[100], certificate[100], key[100];
    struct fault why = {0};
    snprintf(ca, sizeof ca, "%s/tls/ca.crt", town);
    snprintf(certificate, sizeof certificate, "%s/tls/desk1.crt", town);
    snprintf(key, sizeof key, "%s/tls/%s", town, key_file);
    struct client_config config = {"127.0.0.1", PORT, ca, NULL, certificate, key, NULL};
    return client_new(loop, &config, &why);
}

static void become_desk(void)
{
    client_free(client);
    client = new_desk_client("desk1.key");
    cr_assert(client);
}

static void start(void)
{
    town = fake_town();
    broker = fake_broker(PORT, rows);
    loop = loop_new();
    client = new_client("127.0.0.1", "tls/ca.crt");
}

static void stop(void)
{
    client_answer_drop(&answer);
    json_drop(&said);
    client_free(client);
    loop_free(loop);
    fake_broker_stop(broker);
}

struct said {
    char *name, *text;
};

static const struct field said_fields[] = {
    {.name = "name", .type = FIELD_STRING, .offset = offsetof(struct said, name), .max = 1024},
    {.name = "text", .type = FIELD_STRING, .offset = offsetof(struct said, text), .max = 1024 * 1024},
    {.name = NULL},
};
static const struct record_type said_type = {"said", said_fields, sizeof(struct said)};

static void call_with(const char *verb, const char *path, const struct said *body)
{
    struct fault why;
    client_answer_drop(&answer);
    json_drop(&said);
    answer = (struct client_answer){0};
    client_call_wait(client, verb, path, "Bearer t0", &said_type, body, DEADLINE_MS, &answer);
    if (answer.body)
        cr_assert(codec_parse(&said, answer.body, answer.length, &why), "%s", why.text);
}

static void call(const char *verb, const char *path)
{
    call_with(verb, path, NULL);
}

TestSuite(client, .init = start, .fini = stop, .timeout = 120);

Test(client, gets_an_answer)
{
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    cr_assert_eq(answer.status, 200);
    cr_assert_eq(codec_number(said, "sessions"), 7);
}

Test(client, sends_body_and_authorization)
{
    struct said body = {.name = (char[]){"anna"}};
    call_with("POST", "/v1/echo", &body);
    cr_assert_str_eq(codec_string(said, "name"), "anna");
    call("GET", "/seen");
    cr_assert_str_eq(codec_string(said, "authorization"), "Bearer t0");
}

Test(client, sends_large_bodies_and_takes_large_answers)
{
    enum { SIZE = 900 * 1000 };
    char *letters = calloc(1, SIZE + 1);
    memset(letters, 'a', SIZE);
    struct said body = {.text = letters}, back;
    struct fault why;
    call_with("POST", "/v1/echo", &body);
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    cr_assert(client_read(&answer, &said_type, &back, &why), "%s", why.text);
    cr_assert(text_equal(back.text, letters)); // 900 kB would hang the report
    record_free(said_fields, &back);
    free(letters);
}

Test(client, takes_an_empty_answer)
{
    call("DELETE", "/v1/nothing");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    cr_assert_null(answer.body);
}

Test(client, reads_problem_documents)
{
    call("POST", "/v1/wrong");
    cr_assert_eq(answer.refusal, REFUSAL_WRONG_PASSWORD);
    cr_assert_eq(answer.status, 401);
    cr_assert_str_eq(answer.detail, "no");
    cr_assert_str_eq(answer.help_desk, "115");
    call("GET", "/v1/busy");
    cr_assert_eq(answer.refusal, REFUSAL_BUSY);
    cr_assert_eq(answer.retry_after_s, 12);
}

Test(client, makes_sense_of_answers_that_are_not_the_brokers)
{
    call("GET", "/v1/proxy");
    cr_assert_eq(answer.refusal, REFUSAL_BUSY);
    call("GET", "/v1/garbage");
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
    call("GET", "/v1/cut");
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
}

Test(client, does_not_follow_redirects)
{
    call("GET", "/v1/away");
    cr_assert_eq(answer.status, 302);
    cr_assert_eq(answer.refusal, REFUSAL_INVALID);
}

Test(client, comes_back_with_the_tls_session_it_had)
{
    for (int i = 0; i < 5; i++)
        call("GET", "/v1/status");
    call("GET", "/seen");
    cr_assert_eq(codec_number(said, "requests"), 5);
    cr_assert_geq(codec_number(said, "resumed"), 4);
}

Test(client, gives_up_at_the_deadline)
{
    int64_t before = clock_steady_ms();
    client_call_wait(client, "GET", "/v1/slow", NULL, NULL, NULL, 300, &answer);
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
    cr_assert_lt(clock_steady_ms() - before, DEADLINE_MS / 2);
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
}

// ---- slow, or lost on the way

static void stop_loop(void *arg)
{
    loop_stop(arg);
}

static void signal_broker(void *arg)
{
    kill(broker, *(int *)arg);
}

static void run_for(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

// Its kernel goes on accepting connections and acknowledging what comes.
static void call_while_held(const char *path, int64_t deadline_ms, int64_t from_ms, int64_t to_ms)
{
    int stop = SIGSTOP, go_on = SIGCONT;
    struct loop_timer *hold = loop_timer_new(loop, signal_broker, &stop);
    struct loop_timer *go = loop_timer_new(loop, signal_broker, &go_on);
    loop_timer_start(hold, from_ms);
    loop_timer_start(go, to_ms);
    client_answer_drop(&answer);
    answer = (struct client_answer){0};
    client_call_wait(client, "GET", path, NULL, NULL, NULL, deadline_ms, &answer);
    loop_timer_free(hold);
    loop_timer_free(go);
    run_for(VERDICT_MS);
    cr_assert_eq(client_small_until_ms(client), 0);
}

Test(client, a_late_handshake_of_a_broker_that_was_held_is_not_taken_for_lost_packets)
{
    for (int64_t held_ms = 4500; held_ms <= 9000; held_ms += 4500) {
        kill(broker, SIGSTOP);
        call_while_held("/v1/status", DEADLINE_MS, 0, held_ms);
        cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    }
}

Test(client, a_broker_that_is_held_while_it_has_a_request_loses_no_packets)
{
    call_while_held("/v1/slow", 2000, 1000, 6000);
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE, "%s", answer.detail);
}

// A client that comes back says more at first than fits into one packet.
Test(client, packets_that_get_lost_while_small_ones_do_not_are_done_without_for_an_hour)
{
    program_shell("ip link set lo gso_max_segs 1");
    become_desk();
    call("GET", "/v1/status");
    fake_broker_stop(broker);
    broker = fake_broker_behind_hole(PORT, rows);
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    run_for(VERDICT_MS);
    int64_t left_ms = client_small_until_ms(client) - clock_steady_ms();
    cr_assert(left_ms > 0 && left_ms <= 60 * 60 * 1000);
}

static void ask_with(const char *host, const char *ca)
{
    client_free(client);
    client = new_client(host, ca);
    call("GET", "/v1/status");
}

Test(client, refuses_the_certificate_of_another_authority)
{
    ask_with("127.0.0.1", "other/tls/ca.crt");
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
    cr_assert(strstr(answer.detail, "not accepted"), "%s", answer.detail);
    unsigned char digest[32];
    cr_assert_not(client_broker_digest(client, digest));
}

Test(client, refuses_a_certificate_for_another_name)
{
    ask_with("localhost", "tls/ca.crt");
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
    cr_assert(strstr(answer.detail, "ostname mismatch"), "%s", answer.detail);
}

Test(client, says_when_nobody_listens)
{
    fake_broker_stop(broker);
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_BROKER_UNREACHABLE);
    cr_assert_neq(answer.detail[0], 0);
    broker = fake_broker(PORT, rows);
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
}

Test(client, knows_the_digest_of_the_brokers_certificate)
{
    unsigned char digest[32], expected[32];
    char path[100];
    cr_assert_not(client_broker_digest(client, digest));
    call("GET", "/v1/status");
    cr_assert(client_broker_digest(client, digest));
    snprintf(path, sizeof path, "%s/tls/broker.crt", town);
    FILE *file = fopen(path, "re");
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    cr_assert_eq(X509_digest(certificate, EVP_sha256(), expected, NULL), 1);
    X509_free(certificate);
    cr_assert_arr_eq(digest, expected, sizeof digest);
}

Test(client, shows_its_own_certificate)
{
    become_desk();
    call("GET", "/v1/status");
    call("GET", "/seen");
    cr_assert_str_eq(codec_string(said, "certificate"), "desk1");
    cr_assert_eq(codec_number(said, "resumed"), 1);
    cr_assert_null(new_desk_client("ca.crt"));
}

Test(client, refuses_files_that_are_not_there)
{
    struct fault why = {0};
    struct client_config config = {.host = "broker", .port = PORT, .ca_file = "/nowhere/ca.crt"};
    cr_assert_null(client_new(loop, &config, &why));
    cr_assert(strstr(why.text, "/nowhere/ca.crt"), "%s", why.text);
}

// ---- the link

static int ups, downs, messages;
static struct device_message last_message;
static enum refusal last_refusal;
static char last_detail[320];

static void link_up(void *arg)
{
    (void)arg;
    ups++;
    loop_stop(loop);
}

static void link_down(void *arg)
{
    (void)arg;
    downs++;
    loop_stop(loop);
}

static void link_message(void *arg, const void *message)
{
    (void)arg;
    messages++;
    last_message = *(const struct device_message *)message;
    loop_stop(loop);
}

static void link_refused(void *arg, enum refusal refusal, const char *detail)
{
    (void)arg;
    last_refusal = refusal;
    TEXT_PUT(last_detail, detail);
    loop_stop(loop);
}

static bool silent;

static void link_silent(void *arg, bool is_silent)
{
    (void)arg;
    silent = is_silent;
    loop_stop(loop);
}

static const struct websocket_events events = {link_up, link_down, link_message, link_refused, link_silent};

static bool say(const char *detail)
{
    struct device_message message = {
        .type = DEVICE_STATE, .session = "neustadt/s-1", .fence = 7, .state = DESK_REPORTS_CONNECTED};
    TEXT_PUT(message.detail, detail);
    return client_link_send(client, &message);
}

Test(client, link_carries_messages_both_ways)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    cr_assert_not(say("before the broker has let us in"));
    loop_run(loop);
    cr_assert_eq(ups, 1);
    cr_assert(say("first"));
    loop_run(loop);
    cr_assert_eq(last_message.type, DEVICE_MOVED);
    cr_assert_eq(last_message.fence, 7);
    cr_assert_str_eq(last_message.session, "neustadt/s-1");
    cr_assert(say("second"));
    loop_run(loop);
    cr_assert_eq(messages, 2);
}

// Whoever waits for a broker that does not answer hears so long before the link is given up, and again when it does.
Test(client, link_tells_of_a_silent_broker_when_somebody_waits)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    kill(broker, SIGSTOP);
    for (int64_t since_ms = clock_steady_ms(); clock_steady_ms() - since_ms < 1100;) // it was heard just now
        usleep(10 * 1000);
    client_link_probe(client);
    client_link_probe(client);
    int64_t began_ms = clock_steady_ms();
    loop_run(loop);
    cr_assert(silent && downs == 0);
    cr_assert_geq(clock_steady_ms() - began_ms, 2400);
    kill(broker, SIGCONT);
    loop_run(loop);
    cr_assert(!silent && downs == 0);
}

static void host_message(void *arg, const void *message)
{
    (void)arg;
    messages++;
    TEXT_PUT(last_detail, ((const struct host_message *)message)->text);
    loop_stop(loop);
}

// About as much as a host may report.
Test(client, link_carries_large_messages)
{
    static const struct websocket_events of_host = {link_up, link_down, host_message, link_refused, link_silent};
    owned(text) struct text printed = {0};
    char length[24];
    struct host_message report = {.type = HOST_REPORT, .cpu = 100};
    for (int i = 0; i < HOST_SESSIONS_MAX; i++) {
        struct host_session *session = record_add(&report.sessions, &host_session_type);
        snprintf(session->user_name, sizeof session->user_name, "a.person.with.a.rather.long.name.%d", i);
        snprintf(session->session, sizeof session->session, "neustadt/s-%016x-00000001", i);
        session->fence = session->since_ms = session->idle_s = i + 1;
    }
    client_link(client, NOUN_HOST, &of_host, NULL);
    loop_run(loop);
    cr_assert(client_link_send(client, &report));
    link_print(&printed, link_of(NOUN_HOST), &report);
    cr_assert_gt(printed.length, 100 * 1000);
    while (messages == 0)
        loop_run(loop);
    snprintf(length, sizeof length, "%zu", printed.length);
    cr_assert_str_eq(last_detail, length);
    free(report.sessions.rows);
}

static const struct fake_row *only(const char *words)
{
    static struct fake_row only_rows[] = {{"GET", "/v1/devices/link", 101, NULL, NULL}, {NULL}};
    only_rows[0].body = words;
    return only_rows;
}

static void broker_begins_with(const char *words)
{
    fake_broker_stop(broker);
    broker = fake_broker(PORT, only(words));
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
}

Test(client, link_says_why_it_is_refused)
{
    broker_begins_with("{\"type\":\"refused\",\"code\":\"agent-too-new\",\"detail\":\"99 is not 1\"}");
    cr_assert_eq(ups + downs, 0);
    cr_assert_eq(last_refusal, REFUSAL_AGENT_TOO_NEW);
    cr_assert_str_eq(last_detail, "99 is not 1");
    cr_assert_not(say("nevertheless"));
}

Test(client, a_refusal_of_a_later_broker_means_that_this_program_is_too_old)
{
    broker_begins_with("{\"type\":\"refused\",\"code\":\"agent-out-of-fashion\"}");
    cr_assert_eq(last_refusal, REFUSAL_AGENT_TOO_OLD);
}

Test(client, link_is_up_with_a_broker_that_says_more)
{
    broker_begins_with("{\"type\":\"hello\",\"protocol\":2,\"program\":\"pult-broker\",\"version\":\"0.2.0\","
                       "\"capabilities\":[\"weather\"],\"anthem\":\"la\"}");
    cr_assert_eq(ups, 1);
    cr_assert(say("to a broker that can do other things"));
    struct device_message renew = {.type = DEVICE_RENEW, .session = "neustadt/s-1", .fence = 7};
    cr_assert_not(client_link_send(client, &renew), "this broker cannot do that");
}

Test(client, calls_go_on_beside_the_link)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    call("GET", "/v1/status");
    cr_assert_eq(answer.refusal, REFUSAL_NONE, "%s", answer.detail);
    say("hello");
    loop_run(loop);
    cr_assert_eq(messages, 1);
}

Test(client, link_comes_back_when_the_broker_does)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    fake_broker_stop(broker);
    loop_run(loop);
    cr_assert_eq(downs, 1);
    cr_assert_not(say("while it is down"));
    broker = fake_broker(PORT, rows);
    loop_run(loop);
    cr_assert_eq(ups, 2);
    say("drop");
    loop_run(loop);
    cr_assert_eq(downs, 2);
    loop_run(loop);
    cr_assert_eq(ups, 3);
}

// Whoever is told why the link ends comes back in half a minute and more, not in a moment.
Test(client, a_link_that_the_broker_ends_for_a_reason_is_given_a_rest, .timeout = 150)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    cr_assert(say("too much"));
    while (!downs)
        loop_run(loop);
    struct loop_timer *timer = loop_timer_new(loop, stop_loop, loop);
    loop_timer_start(timer, 20 * 1000);
    loop_run(loop);
    cr_assert(ups == 1 && downs == 1, "%d up, %d down", ups, downs);
    loop_timer_free(timer);
    while (ups < 2)
        loop_run(loop);
    cr_assert_eq(last_refusal, REFUSAL_NONE, "the desk goes on with what needs no link");
}

static void free_client(void *arg, const void *message)
{
    (void)arg, (void)message;
    client_free(client);
    client = NULL;
    loop_stop(loop);
}

Test(client, may_be_freed_by_who_is_told)
{
    static const struct websocket_events freeing = {link_up, link_down, free_client, link_refused, link_silent};
    client_link(client, NOUN_DEVICE, &freeing, NULL);
    loop_run(loop);
    say("hello");
    loop_run(loop);
    cr_assert_null(client);
}

static void link_outlives(const char *what)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    say(what);
    say("hello");
    while (downs == 0 || ups < 2)
        loop_run(loop);
}

Test(client, a_wrong_frame_does_not_hold_up_the_desk, .timeout = 60)
{
    link_outlives("wrong frame");
}

Test(client, nor_does_an_end_that_nobody_asked_for, .timeout = 60)
{
    link_outlives("wrong end");
}

Test(client, link_counts_a_silent_broker_as_gone)
{
    client_link(client, NOUN_DEVICE, &events, NULL);
    loop_run(loop);
    say("mute");
    int64_t before = clock_steady_ms();
    loop_run(loop);
    cr_assert_eq(downs, 1);
    cr_assert_geq(clock_steady_ms() - before, 29 * 1000);
    cr_assert_leq(clock_steady_ms() - before, 40 * 1000);
}
