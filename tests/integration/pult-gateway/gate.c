// SPDX-License-Identifier: EUPL-1.2
// Callers at the port of a gateway, whose broker is the test: who gets in, where to, what passes, and how it ends. A
// session host here says back whatever it hears.
#include "broker/pult-gateway/gate.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/client/gateway_dial.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 443, HOST_PORT = 3389, DEADLINE_MS = 30 * 1000, LOOK_MS = 5, CALLERS = 200, PIECE = 16 * 1024 };
#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout key"
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct gateway_config config = {.port = PORT,
                                       .tunnels = 1000,
                                       .person_tunnels = 1000,
                                       .network_tunnels = 1000,
                                       .unproven = 1000,
                                       .network_unproven = 1000,
                                       .patience_s = 10,
                                       .buffer_mib = 1};
static struct tunnels *tunnels;
static struct channel_office *office;
static struct gate *gate;
static struct gateway_client *client;

static bool broker_is_away;
static const char *refusal; // what the broker answers; NULL: a channel
static int asked, answers_given, ended;
static struct tunnel_end last_end;
static struct gateway_message last_question;

// ---- the broker

static int answers_held, answers_at_once = 1; // it gives so many together
static struct gateway_message *held[2];

static void give_answer(void *arg)
{
    held[answers_held++] = arg;
    if (answers_held < answers_at_once)
        return;
    for (int i = 0; i < answers_held; i++) {
        channel_office_hear(office, held[i]);
        answers_given++;
        free(held[i]);
    }
    answers_held = 0;
}

static bool hear_question(void *arg, const void *message)
{
    (void)arg;
    struct gateway_message *answer = mem_new(1, sizeof *answer);
    last_question = *(const struct gateway_message *)message;
    if (broker_is_away || last_question.type != GATEWAY_OPEN) {
        free(answer);
        return !broker_is_away;
    }
    answer->type = GATEWAY_OPENED;
    answer->request_id = last_question.request_id;
    answer->port = HOST_PORT;
    TEXT_PUT(answer->refusal, refusal ? refusal : "");
    TEXT_PUT(answer->address, "127.0.0.1");
    snprintf(answer->channel, sizeof answer->channel, "neustadt/c-%d", ++asked);
    TEXT_PUT(answer->session, "neustadt/s-1");
    TEXT_PUT(answer->person, "neustadt/p-1");
    TEXT_PUT(answer->host, "neustadt/ts1");
    loop_post(loop, give_answer, answer);
    return true;
}

static void channel_has_ended(void *arg, const struct tunnel_end *end)
{
    (void)arg;
    last_end = *end;
    ended++;
}

// ---- the session host

struct echo {
    struct loop_watch *watch;
    int descriptor;
    char kept[PIECE];
    size_t at, length;
};
static struct loop_watch *host_watch;
static int host_descriptor = -1, host_visits;
static struct echo *echoes[CALLERS + 8];
static bool host_is_deaf;

static void echo_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct echo *echo = arg;
    for (;;) {
        if (echo->at == echo->length) {
            ssize_t got = recv(echo->descriptor, echo->kept, sizeof echo->kept, MSG_DONTWAIT);
            if (got == 0 || (got < 0 && errno != EAGAIN))
                loop_watch_set(echo->watch, false, false);
            if (got <= 0)
                break;
            echo->at = 0;
            echo->length = (size_t)got;
        }
        ssize_t sent =
            send(echo->descriptor, echo->kept + echo->at, echo->length - echo->at, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent <= 0)
            break;
        echo->at += (size_t)sent;
    }
    loop_watch_set(echo->watch, echo->at == echo->length, echo->at < echo->length);
}

static void host_ready(void *arg, bool readable, bool writable)
{
    (void)arg, (void)readable, (void)writable;
    int descriptor = accept4(host_descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return;
    struct echo *echo = mem_new(1, sizeof *echo);
    echo->descriptor = descriptor;
    echo->watch = loop_watch_new(loop, descriptor, echo_ready, echo);
    loop_watch_set(echo->watch, !host_is_deaf, false);
    cr_assert_lt((size_t)host_visits, sizeof echoes / sizeof *echoes);
    echoes[host_visits++] = echo;
}

static void host_listens(int backlog)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    host_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(host_descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    cr_assert(bind(host_descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(host_descriptor, backlog) == 0);
    host_watch = loop_watch_new(loop, host_descriptor, host_ready, NULL);
    loop_watch_set(host_watch, true, false);
}

static void host_listens_no_more(void)
{
    loop_watch_free(host_watch);
    close(host_descriptor);
}

static void host_ends_all(void)
{
    for (int i = 0; i < host_visits; i++) {
        loop_watch_free(echoes[i]->watch);
        close(echoes[i]->descriptor);
        free(echoes[i]);
    }
    host_visits = 0;
}

// ---- waiting

static struct {
    bool (*is_so)(void);
    int64_t until_ms;
    bool was_so;
} awaited;
static struct loop_timer *look;

static void look_again(void *arg)
{
    (void)arg;
    awaited.was_so = awaited.is_so();
    if (awaited.was_so || clock_steady_ms() > awaited.until_ms)
        loop_stop(loop);
    else
        loop_timer_start(look, LOOK_MS);
}

static void await(bool (*is_so)(void))
{
    awaited.is_so = is_so;
    awaited.until_ms = clock_steady_ms() + DEADLINE_MS;
    loop_timer_start(look, 0);
    loop_run(loop);
    cr_assert(awaited.was_so, "it did not come about");
}

// ---- callers

struct caller_at_gate {
    struct gateway_dial *dial;
    int descriptor;
    bool answered;
    char why[300];
};
static struct caller_at_gate callers[CALLERS];

static void caller_dialled(void *arg, int descriptor, const struct fault *why)
{
    struct caller_at_gate *caller = arg;
    gateway_dial_free(take(caller->dial));
    caller->descriptor = descriptor;
    caller->answered = true;
    text_cut(caller->why, sizeof caller->why, descriptor < 0 ? why->text : "");
}

static void calls_at(struct caller_at_gate *caller, const char *path, const char *token)
{
    *caller = (struct caller_at_gate){.descriptor = -1};
    caller->dial = gateway_dial_new(client, path, token, DEADLINE_MS, caller_dialled, caller);
}

static bool all_are_answered(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].dial)
            return false;
    return true;
}

static void gets_in(struct caller_at_gate *caller)
{
    calls_at(caller, GATEWAY_TO_HOST, TOKEN);
    await(all_are_answered);
    cr_assert_geq(caller->descriptor, 0, "%s", caller->why);
}

static void is_refused_with(const char *answer, const char *path, const char *token)
{
    calls_at(&callers[0], path, token);
    await(all_are_answered);
    cr_assert_lt(callers[0].descriptor, 0);
    cr_assert(strstr(callers[0].why, answer), "%s", callers[0].why);
}

// ---- the fixture

// Signed by itself. `new_key`: words for openssl.
static void make_certificate(const char *name, const char *new_key)
{
    char line[400];
    snprintf(line, sizeof line,
             "cd %s && openssl req -x509 %s -noenc -days 2 -subj /CN=%s -addext subjectAltName=DNS:localhost -out crt "
             "2>&1",
             folder, new_key, name);
    program_shell(line);
}

static void call_by_what_is_shown(void)
{
    struct fault why = {0};
    struct gateway_client_config through = {.name = "localhost", .port = PORT, .ca_file = config.certificate};
    gateway_client_free(client);
    client = gateway_client_new(loop, &through, &why);
    cr_assert(client, "%s", why.text);
}

static void open_gate(void)
{
    struct fault why = {0};
    network_own();
    log_set_level(LOG_LEVEL_ERROR);
    signal(SIGPIPE, SIG_IGN); // as in all our programs
    folder_make(folder, "gate");
    make_certificate("localhost", NEW_KEY);
    snprintf(config.certificate, sizeof config.certificate, "%s/crt", folder);
    snprintf(config.key, sizeof config.key, "%s/key", folder);
    loop = loop_new();
    look = loop_timer_new(loop, look_again, NULL);
    const struct tunnel_limits limits = {config.tunnels, config.person_tunnels, config.network_tunnels, 1024 * 1024};
    tunnels = tunnels_new(loop, &limits, channel_has_ended, NULL);
    office = channel_office_new(loop, hear_question, NULL);
    gate = gate_new(loop, &config, tunnels, office, channel_has_ended, NULL, &why);
    cr_assert(gate, "%s", why.text);
    gate_set(gate, false, true);
    call_by_what_is_shown();
    host_listens(CALLERS);
}

static void close_gate(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].answered && callers[i].descriptor >= 0)
            close(callers[i].descriptor);
    gateway_client_free(client);
    gate_free(gate);
    tunnels_free(tunnels);
    channel_office_free(office);
    host_ends_all();
    host_listens_no_more();
    loop_timer_free(look);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(gate, .init = open_gate, .fini = close_gate, .timeout = 120);

// ---- who gets in

Test(gate, a_token_leads_where_the_broker_says)
{
    gets_in(&callers[0]);
    cr_assert_str_eq(last_question.token, TOKEN);
    cr_assert_eq(last_question.way, CHANNEL_PLAIN);
    cr_assert_str_eq(last_question.network, "127.0.0.1");
    cr_assert_eq(host_visits, 1);
    cr_assert_eq(tunnels_count(tunnels), 1);
}

Test(gate, whoever_the_broker_refuses_gets_nowhere)
{
    refusal = "channel-refused";
    is_refused_with("403", GATEWAY_TO_HOST, TOKEN);
    refusal = NULL;
    is_refused_with("403", GATEWAY_TO_HOST, "too-short");
    is_refused_with("403", GATEWAY_TO_HOST, NULL);
    is_refused_with("404", "/v1/elsewhere", TOKEN);
    cr_assert_eq(host_visits, 0);
    cr_assert_eq(ended, 0);
}

Test(gate, nobody_gets_in_without_the_broker)
{
    broker_is_away = true;
    is_refused_with("503", GATEWAY_TO_HOST, TOKEN);
    gate_set(gate, false, false);
    is_refused_with("503", "/healthz", NULL);
    gate_set(gate, false, true);
    is_refused_with("200", "/healthz", NULL);
    cr_assert_eq(host_visits, 0);
}

static void open_small_gate(void)
{
    config.tunnels = 1;
    open_gate();
}

TestSuite(small_gate, .init = open_small_gate, .fini = close_gate, .timeout = 120);

static bool one_has_ended(void)
{
    return ended == 1;
}

Test(small_gate, lets_no_more_in_than_it_may_when_they_dial_at_once)
{
    answers_at_once = 2;
    calls_at(&callers[0], GATEWAY_TO_HOST, TOKEN);
    calls_at(&callers[1], GATEWAY_TO_HOST, TOKEN);
    await(all_are_answered);
    cr_assert_neq(callers[0].descriptor < 0, callers[1].descriptor < 0);
    cr_assert(strstr(callers[callers[0].descriptor < 0 ? 0 : 1].why, "503"));
    cr_assert_eq(tunnels_count(tunnels), 1);
    await(one_has_ended);
    answers_at_once = 1;
    is_refused_with("503", GATEWAY_TO_HOST, TOKEN);
    cr_assert_eq(ended, 2);
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
    snprintf(said_path, sizeof said_path, "%s/said", folder);
    remove(said_path);
    snprintf(line, sizeof line,
             "{ printf '%s' | openssl s_client -quiet -connect localhost:%d > %s.part 2>/dev/null; mv %s.part %s; } &",
             request, PORT, said_path, said_path, said_path);
    program_shell(line);
    await(has_an_answer);
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
    cr_assert_eq(asked, 0);
}

Test(gate, nobody_gets_in_while_it_is_drained_and_who_is_in_stays)
{
    gets_in(&callers[0]);
    gate_set(gate, true, true);
    calls_at(&callers[1], GATEWAY_TO_HOST, TOKEN);
    await(all_are_answered);
    cr_assert(strstr(callers[1].why, "503"), "%s", callers[1].why);
    cr_assert_eq(tunnels_count(tunnels), 1);
}

Test(gate, a_host_that_does_not_answer_is_an_end_that_is_told)
{
    loop_watch_set(host_watch, false, false);
    close(host_descriptor);
    host_descriptor = -1;
    is_refused_with("502", GATEWAY_TO_HOST, TOKEN);
    cr_assert_eq(ended, 1);
    cr_assert_eq(last_end.reason, CHANNEL_HOST_UNREACHABLE);
    cr_assert_str_eq(last_end.channel.channel, "neustadt/c-1");
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
    gets_in(&callers[0]);
    await(has_come_back);
    cr_assert_eq(memcmp(sent, heard, sizeof sent), 0);
    close(callers[0].descriptor);
    callers[0].descriptor = -1;
    await(one_has_ended);
    cr_assert_eq(last_end.reason, CHANNEL_CLIENT_CLOSED);
    cr_assert_eq(last_end.bytes_to_host, (int64_t)sizeof sent);
    cr_assert_eq(last_end.bytes_to_person, (int64_t)sizeof sent);
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
    host_is_deaf = true;
    gets_in(&callers[0]);
    await(takes_no_more);
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
        calls_at(&callers[i], GATEWAY_TO_HOST, TOKEN);
    await(all_are_answered);
    for (int i = 0; i < CALLERS; i++) {
        char text[32];
        cr_assert_geq(callers[i].descriptor, 0, "%d: %s", i, callers[i].why);
        int length = snprintf(text, sizeof text, "I am number %d", i);
        cr_assert_eq(send(callers[i].descriptor, text, (size_t)length + 1, 0), length + 1);
    }
    await(all_have_their_own);
}

// ---- what callers are shown

static bool health_is_fine(void)
{
    if (callers[0].dial)
        return false;
    if (callers[0].answered && strstr(callers[0].why, "200"))
        return true;
    calls_at(&callers[0], "/healthz", NULL);
    return false;
}

static void shows_what_is_there(void)
{
    call_by_what_is_shown();
    callers[0] = (struct caller_at_gate){.descriptor = -1};
    await(health_is_fine);
}

static void touch_files(const char *certificate, const char *key)
{
    char line[400];
    snprintf(line, sizeof line, "cd %s && touch -d %s crt && touch -d %s key", folder, certificate, key);
    program_shell(line);
}

// Of one key, and older than that: as a copy may be that keeps its date.
Test(gate, a_renewed_certificate_is_shown_whatever_its_date)
{
    make_certificate("renewed", "-key key");
    touch_files("2001-02-03", "2026-01-01");
    shows_what_is_there();
    make_certificate("renewed-again", "-key key");
    touch_files("2001-02-02", "2026-01-01");
    shows_what_is_there();
    cr_assert_eq(tunnels_count(tunnels), 0);
}

// ---- how it ends

static bool caller_has_ended(void)
{
    char byte;
    return recv(callers[0].descriptor, &byte, 1, MSG_DONTWAIT) == 0;
}

Test(gate, what_the_broker_closes_is_closed)
{
    gets_in(&callers[0]);
    gate_close(gate, "neustadt/c-none", CHANNEL_MOVED);
    cr_assert_eq(ended, 0);
    gate_close(gate, "neustadt/c-1", CHANNEL_MOVED);
    cr_assert_eq(ended, 1);
    cr_assert_eq(last_end.reason, CHANNEL_MOVED);
    await(caller_has_ended);
}

static int raw = -1;

static int connect_bare(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

static bool one_dials(void)
{
    return answers_given == 1;
}

// The first connection fills the host's queue; whoever comes then gets no answer at all.
static void dials_a_silent_host(struct caller_at_gate *caller)
{
    host_listens_no_more();
    host_listens(0);
    loop_watch_set(host_watch, false, false);
    raw = connect_bare(HOST_PORT);
    calls_at(caller, GATEWAY_TO_HOST, TOKEN);
    await(one_dials);
    cr_assert(caller->dial && ended == 0);
}

static void got_nowhere(const char *answer, enum channel_reason reason)
{
    await(all_are_answered);
    cr_assert(strstr(callers[0].why, answer), "%s", callers[0].why);
    cr_assert_eq(ended, 1);
    cr_assert_eq(last_end.reason, reason);
    cr_assert_str_eq(last_end.channel.channel, "neustadt/c-1");
    cr_assert_eq(tunnels_count(tunnels), 0);
    close(raw);
}

Test(gate, what_the_broker_closes_before_it_is_open_never_opens)
{
    dials_a_silent_host(&callers[0]);
    gate_close(gate, "neustadt/c-none", CHANNEL_MOVED);
    cr_assert_eq(ended, 0);
    gate_close(gate, "neustadt/c-1", CHANNEL_MOVED);
    gate_close(gate, "neustadt/c-1", CHANNEL_MOVED);
    got_nowhere("403", CHANNEL_MOVED);
}

Test(gate, what_the_broker_could_not_close_any_more_never_opens)
{
    dials_a_silent_host(&callers[0]);
    gate_set(gate, true, true);
    cr_assert_eq(ended, 0);
    gate_set(gate, true, false);
    got_nowhere("503", CHANNEL_GATEWAY_DOWN);
}

// With one place for all who have proven nothing, whoever comes next gets it.
static void open_narrow_gate(void)
{
    config.unproven = config.network_unproven = 1;
    open_gate();
}

TestSuite(narrow_gate, .init = open_narrow_gate, .fini = close_gate, .timeout = 120);

Test(narrow_gate, who_makes_room_while_dialling_ends_their_channel)
{
    dials_a_silent_host(&callers[0]);
    int next = connect_bare(PORT);
    got_nowhere("it ended the connection", CHANNEL_CLIENT_CLOSED);
    close(next);
}

Test(gate, a_host_that_ends_ends_the_caller)
{
    gets_in(&callers[0]);
    host_ends_all();
    await(caller_has_ended);
    await(one_has_ended);
    cr_assert_eq(last_end.reason, CHANNEL_HOST_CLOSED);
}

// ---- who is slow, or none of ours

static bool raw_has_ended(void)
{
    char byte;
    ssize_t got = recv(raw, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

// At once, and not when it has taken too long.
Test(gate, who_speaks_no_tls_is_sent_away)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: gw\r\n\r\n";
    int64_t began_ms = clock_steady_ms();
    raw = connect_bare(PORT);
    cr_assert_eq(send(raw, text, sizeof text - 1, 0), (ssize_t)sizeof text - 1);
    await(raw_has_ended);
    cr_assert_lt(clock_steady_ms() - began_ms, config.patience_s * 1000);
    close(raw);
}

static void open_impatient_gate(void)
{
    config.patience_s = 1;
    open_gate();
}

TestSuite(impatient_gate, .init = open_impatient_gate, .fini = close_gate, .timeout = 120);

Test(impatient_gate, who_says_nothing_is_sent_away)
{
    int64_t began_ms = clock_steady_ms();
    raw = connect_bare(PORT);
    await(raw_has_ended);
    cr_assert_geq(clock_steady_ms() - began_ms, config.patience_s * 1000);
    close(raw);
}
