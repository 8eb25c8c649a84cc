// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-gateway/guest.h"
#include "tests/await.h"
#include "tests/network.h"
#include "tests/program.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DIAL_MS = 90 * 1000, PIECE = 16 * 1024 };

struct gate_fixture fixture = {
    .config = {.port = GATE_PORT,
               .tunnels = 1000,
               .person_tunnels = 1000,
               .network_tunnels = 1000,
               .unproven = 1000,
               .network_unproven = 1000,
               .patience_s = 10,
               .buffer_mib = 1},
    .host_descriptor = -1,
    .answers_at_once = 1,
};
static struct channel_office *office;
static struct gateway_client *client;

// ---- the broker

static int answers_held;
static struct gateway_message *held[2];

static void give_answer(void *arg)
{
    held[answers_held++] = arg;
    if (answers_held < fixture.answers_at_once)
        return;
    for (int i = 0; i < answers_held; i++) {
        channel_office_hear(office, held[i]);
        fixture.answers_given++;
        free(held[i]);
    }
    answers_held = 0;
    const struct guest *guest = gate_next_with_channel(fixture.gate, NULL);
    TEXT_PUT(fixture.dialled, guest ? guest->plan.channel.channel : "");
}

static bool hear_question(void *arg, const void *message)
{
    (void)arg;
    struct gateway_message *answer = mem_new(1, sizeof *answer);
    fixture.last_question = *(const struct gateway_message *)message;
    cr_assert_eq(fixture.last_question.type, GATEWAY_OPEN);
    if (fixture.broker_is_away) {
        free(answer);
        return false;
    }
    *answer = fixture.answer;
    answer->type = GATEWAY_OPENED;
    answer->request_id = fixture.last_question.request_id;
    answer->port = answer->port ? answer->port : HOST_PORT;
    TEXT_PUT(answer->refusal, fixture.refusal ? fixture.refusal : "");
    TEXT_PUT(answer->address, "127.0.0.1");
    snprintf(answer->channel, sizeof answer->channel, "neustadt/c-%d", ++fixture.asked);
    TEXT_PUT(answer->session, "neustadt/s-1");
    TEXT_PUT(answer->person, "neustadt/p-1");
    TEXT_PUT(answer->host, "neustadt/ts1");
    if (fixture.leads)
        fixture.leads(&fixture.last_question, answer);
    loop_post(fixture.loop, give_answer, answer);
    return true;
}

static void note_end(void *arg, const struct tunnel_end *end)
{
    (void)arg;
    fixture.last_end = *end;
    fixture.ended++;
}

bool channel_has_ended_at_gate(void)
{
    return fixture.ended == 1;
}

// ---- the session host

struct echo {
    struct loop_watch *watch;
    int descriptor;
    char kept[PIECE];
    size_t at, length;
};
static struct echo *echoes[CALLERS + 8];

static void echo_ready(void *arg, bool readable, bool writable)
{
    (void)readable, (void)writable;
    struct echo *echo = arg;
    bool is_over = false; // it would be ready for ever
    while (!is_over) {
        if (echo->at == echo->length) {
            ssize_t got = recv(echo->descriptor, echo->kept, sizeof echo->kept, MSG_DONTWAIT);
            is_over = got == 0 || (got < 0 && errno != EAGAIN);
            if (got <= 0)
                break;
            echo->at = 0;
            echo->length = (size_t)got;
        }
        ssize_t sent =
            send(echo->descriptor, echo->kept + echo->at, echo->length - echo->at, MSG_DONTWAIT | MSG_NOSIGNAL);
        is_over = sent < 0 && errno != EAGAIN;
        if (sent <= 0)
            break;
        echo->at += (size_t)sent;
    }
    loop_watch_set(echo->watch, !is_over && echo->at == echo->length, !is_over && echo->at < echo->length);
}

static void host_ready(void *arg, bool readable, bool writable)
{
    (void)arg, (void)readable, (void)writable;
    int descriptor = accept4(fixture.host_descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0)
        return;
    struct echo *echo = mem_new(1, sizeof *echo);
    echo->descriptor = descriptor;
    echo->watch = loop_watch_new(fixture.loop, descriptor, echo_ready, echo);
    loop_watch_set(echo->watch, !fixture.host_is_deaf, false);
    cr_assert_lt((size_t)fixture.host_visits, sizeof echoes / sizeof *echoes);
    echoes[fixture.host_visits++] = echo;
}

void echo_host_listens(int backlog)
{
    int on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(HOST_PORT)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fixture.host_descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(fixture.host_descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    cr_assert(bind(fixture.host_descriptor, (struct sockaddr *)&address, sizeof address) == 0 &&
              listen(fixture.host_descriptor, backlog) == 0);
    fixture.host_watch = loop_watch_new(fixture.loop, fixture.host_descriptor, host_ready, NULL);
    loop_watch_set(fixture.host_watch, true, false);
}

void echo_host_refuses(void)
{
    loop_watch_set(fixture.host_watch, false, false);
    close(fixture.host_descriptor);
    fixture.host_descriptor = -1;
}

void echo_host_stops(void)
{
    loop_watch_free(fixture.host_watch);
    close(fixture.host_descriptor);
}

void echo_host_ends_all(void)
{
    for (int i = 0; i < fixture.host_visits; i++) {
        loop_watch_free(echoes[i]->watch);
        close(echoes[i]->descriptor);
        free(echoes[i]);
    }
    fixture.host_visits = 0;
}

// ---- waiting

void await_at_gate(bool (*is_so)(void))
{
    cr_assert(await_in_loop(fixture.loop, is_so), "it did not come about");
}

// ---- callers

struct caller_at_gate callers[CALLERS];

static void caller_dialled(void *arg, int descriptor, const struct fault *why)
{
    struct caller_at_gate *caller = arg;
    gateway_dial_free(take(caller->dial));
    caller->descriptor = descriptor;
    caller->answered = true;
    text_cut(caller->why, sizeof caller->why, descriptor < 0 ? why->text : "");
}

void caller_calls(struct caller_at_gate *caller, const char *path, const char *token)
{
    *caller = (struct caller_at_gate){.descriptor = -1};
    caller->dial = gateway_dial_new(client, path, token, DIAL_MS, caller_dialled, caller);
}

bool callers_are_answered(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].dial)
            return false;
    return true;
}

void caller_gets_in(struct caller_at_gate *caller)
{
    caller_calls(caller, GATEWAY_TO_HOST, TOKEN);
    await_at_gate(callers_are_answered);
    cr_assert_geq(caller->descriptor, 0, "%s", caller->why);
}

void caller_is_refused(const char *answer, const char *path, const char *token)
{
    caller_calls(&callers[0], path, token);
    await_at_gate(callers_are_answered);
    cr_assert_lt(callers[0].descriptor, 0);
    cr_assert(strstr(callers[0].why, answer), "%s", callers[0].why);
}

int connect_to_port(int port)
{
    return connect_from(NULL, port);
}

int connect_from(const char *from, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in own = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    // As programs have it. Else whoever writes twice waits 40 ms for each answer.
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (from) {
        cr_assert_eq(inet_pton(AF_INET, from, &own.sin_addr), 1);
        cr_assert_eq(bind(descriptor, (struct sockaddr *)&own, sizeof own), 0);
    }
    cr_assert_eq(connect(descriptor, (struct sockaddr *)&address, sizeof address), 0);
    return descriptor;
}

// ---- the fixture

void make_gate_certificate(const char *name, const char *new_key)
{
    char line[400];
    snprintf(line, sizeof line,
             "cd %s && openssl req -x509 %s -noenc -days 2 -subj /CN=%s -addext subjectAltName=DNS:localhost -out crt "
             "2>&1",
             fixture.folder, new_key, name);
    program_shell(line);
}

void believe_what_is_shown(void)
{
    struct fault why = {0};
    struct gateway_client_config through = {
        .name = "localhost", .port = GATE_PORT, .ca_file = fixture.config.certificate};
    gateway_client_free(client);
    client = gateway_client_new(fixture.loop, &through, &why);
    cr_assert(client, "%s", why.text);
}

void gate_fixture_open(void)
{
    struct fault why = {0};
    await_until_ms(); // from now on
    network_own();
    log_set_level(LOG_LEVEL_ERROR);
    signal(SIGPIPE, SIG_IGN); // as in all our programs
    folder_make(fixture.folder, "gate");
    make_gate_certificate("localhost", NEW_KEY);
    snprintf(fixture.config.certificate, sizeof fixture.config.certificate, "%s/crt", fixture.folder);
    snprintf(fixture.config.key, sizeof fixture.config.key, "%s/key", fixture.folder);
    fixture.loop = loop_new();
    const struct tunnel_limits limits = {fixture.config.tunnels, fixture.config.person_tunnels,
                                         fixture.config.network_tunnels,
                                         fixture.tunnel_buffer ? fixture.tunnel_buffer : 1024 * 1024};
    fixture.tunnels = tunnels_new(fixture.loop, &limits, note_end, NULL);
    office = channel_office_new(fixture.loop, hear_question, note_end, NULL);
    fixture.gate = gate_new(fixture.loop, &fixture.config, fixture.tunnels, office, fixture.door, note_end, NULL, &why);
    cr_assert(fixture.gate, "%s", why.text);
    gate_set(fixture.gate, false, true);
    believe_what_is_shown();
    echo_host_listens(CALLERS);
}

void gate_fixture_close(void)
{
    for (int i = 0; i < CALLERS; i++)
        if (callers[i].answered && callers[i].descriptor >= 0)
            close(callers[i].descriptor);
    gateway_client_free(client);
    gate_free(fixture.gate);
    tunnels_free(fixture.tunnels);
    channel_office_free(office);
    echo_host_ends_all();
    echo_host_stops();
    loop_free(fixture.loop);
    folder_remove(fixture.folder);
}
