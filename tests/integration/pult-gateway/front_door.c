// SPDX-License-Identifier: EUPL-1.2
// RDP programs at the front door of a gateway: Debian's own, against a broker that the test is.
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "tests/integration/pult-gateway/door_broker.h"
#include "tests/integration/pult-gateway/gate_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DOOR_PORT = 3390 };

#define GOER "geht" // the password of who does not stay

// ---- the broker

static struct {
    const enum refusal *answers; // one after the other; the last stays
    int asked, asked_of_goer;
    char name[USER_NAME_SIZE], password[64], network[CHANNEL_NETWORK_SIZE];
} broker;

static void hear(struct door_logon *logon, const char *name, const struct secret *password, const char *network)
{
    (void)logon;
    broker.asked++;
    broker.asked_of_goer += text_equal(password->bytes, GOER);
    TEXT_PUT(broker.name, name);
    TEXT_PUT(broker.password, password->bytes);
    TEXT_PUT(broker.network, network);
}

static void answer(const struct door_logon *logon, struct door_logon_result *result)
{
    (void)logon;
    result->refusal = *broker.answers;
    if (result->refusal != REFUSAL_NONE)
        result->token[0] = 0;
    if (broker.answers[0] == REFUSAL_HOST_WAKING)
        broker.answers++;
}

static const enum refusal lets_in[] = {REFUSAL_NONE}, wrong_password[] = {REFUSAL_WRONG_PASSWORD},
                          waking[] = {REFUSAL_HOST_WAKING, REFUSAL_NONE};

// ---- the program

static pid_t program;
static char log_file[FOLDER_SIZE + 8];
static int status;

static void open_door(void)
{
    fixture.config.front_door_port = DOOR_PORT;
    fixture.door = &door_broker_port;
    door_broker.hears = hear;
    door_broker.answers = answer;
    broker.answers = lets_in;
    gate_fixture_open();
    snprintf(log_file, sizeof log_file, "%s/log", fixture.folder);
}

TestSuite(front_door, .init = open_door, .fini = gate_fixture_close, .timeout = 120);

static void anna_comes_by(const char *rdp_program, const char *password)
{
    char line[400];
    snprintf(
        line, sizeof line,
        "env HOME=%s bash tests/integration/pult-gateway/at-a-screen %s /v:127.0.0.1:%d /u:anna /p:%s /cert:ignore "
        "/size:1366x768 /log-level:INFO",
        fixture.folder, rdp_program, DOOR_PORT, password);
    program = program_start(line, log_file);
}

static void anna_comes(const char *password)
{
    anna_comes_by("xfreerdp3", password);
}

static bool program_has_ended(void)
{
    return waitpid(program, &status, WNOHANG) == program;
}

static bool host_is_visited(void)
{
    return fixture.host_visits == 1;
}

// ---- what comes of it

Test(front_door, sends_the_program_to_the_session_host)
{
    anna_comes("geheim");
    await_at_gate(host_is_visited);
    cr_assert_str_eq(broker.name, "anna");
    cr_assert_str_eq(broker.password, "geheim");
    cr_assert_str_eq(broker.network, "127.0.0.1");
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
    cr_assert_eq(fixture.last_question.way, CHANNEL_FRONT_DOOR);
    // What that host says is no RDP, and the program goes.
    await_at_gate(channel_has_ended_at_gate);
    cr_assert_gt(fixture.last_end.bytes_to_host, 0);
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
}

// Of Debian 12.
Test(front_door, sends_freerdp_2_to_the_session_host)
{
    if (access("/usr/bin/xfreerdp", X_OK) != 0)
        cr_skip("there is no FreeRDP 2 here");
    anna_comes_by("xfreerdp", "geheim");
    await_at_gate(host_is_visited);
    cr_assert_str_eq(broker.password, "geheim");
    cr_assert_str_eq(fixture.last_question.token, TOKEN);
}

static char heard[8192];

static bool program_says_refused(void)
{
    struct fault why = {0};
    return program_has_ended() && file_read_text(log_file, heard, sizeof heard, &why); // it says no more then
}

Test(front_door, refuses_a_wrong_password)
{
    broker.answers = wrong_password;
    anna_comes("falsch");
    await_at_gate(program_says_refused);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) != 0, "%d", status);
    cr_assert_eq(broker.asked, 1);
    cr_assert_eq(fixture.asked, 0);
    cr_assert_eq(fixture.host_visits, 0);
    cr_assert(strstr(heard, "FRESH_CREDENTIALS"), "%s", heard);
}

// Between the broker's yes and the program's second connection.
static void session_host_has_died(const char *rdp_program, const char *one_time_password)
{
    echo_host_refuses();
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, one_time_password);
    anna_comes_by(rdp_program, "geheim");
    await_at_gate(program_says_refused);
    cr_assert(strstr(heard, "REDIRECTING_TO_DESTINATION"), "%s", heard);
    cr_assert_eq(broker.asked, 1);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_UNREACHABLE);
}

Test(front_door, says_that_the_session_host_has_died_on_the_way)
{
    session_host_has_died("xfreerdp3", "einmal");
}

Test(front_door, says_so_too_of_a_host_that_speaks_for_itself)
{
    session_host_has_died("xfreerdp3", "");
}

Test(front_door, says_so_to_freerdp_2)
{
    if (access("/usr/bin/xfreerdp", X_OK) != 0)
        cr_skip("there is no FreeRDP 2 here");
    session_host_has_died("xfreerdp", "einmal");
}

Test(front_door, waits_for_a_host_that_wakes)
{
    broker.answers = waking;
    anna_comes("geheim");
    await_at_gate(host_is_visited);
    cr_assert_eq(broker.asked, 2);
}

static bool broker_is_asked(void)
{
    return broker.asked == 1;
}

Test(front_door, forgets_who_goes_while_the_broker_is_asked)
{
    door_broker.holds = true;
    anna_comes("geheim");
    await_at_gate(broker_is_asked);
    program_kill(program);
    door_broker.holds = false;
    anna_comes("geheim");
    await_at_gate(host_is_visited);
}

static bool whoever_stays_was_asked_for_often(void)
{
    return broker.asked - broker.asked_of_goer >= 3;
}

// Where they went they may have their desktop by now.
Test(front_door, asks_no_more_for_who_went_while_a_host_wakes)
{
    static const enum refusal wakes_on[10] = {[0 ... 8] = REFUSAL_HOST_WAKING};
    broker.answers = wakes_on;
    anna_comes(GOER);
    await_at_gate(broker_is_asked);
    program_kill(program);
    anna_comes("bleibt");
    await_at_gate(whoever_stays_was_asked_for_often);
    cr_assert_leq(broker.asked_of_goer, 2, "once more, if they went just then");
}

// The session host is being asked for TLS, and its connection ends when the program has been sent away already.
Test(front_door, what_the_broker_closes_while_the_host_is_asked_never_opens)
{
    fixture.host_is_deaf = true;
    TEXT_PUT(fixture.answer.user_name, "anna");
    TEXT_PUT(fixture.answer.one_time_password, "einmal");
    anna_comes("geheim");
    await_at_gate(host_is_visited);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_LOCKED);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_LOCKED);
    echo_host_ends_all();
    await_at_gate(program_says_refused);
    cr_assert(strstr(heard, "REDIRECTING_TO_DESTINATION"), "%s", heard);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
}

// ---- what is said in the clear is not believed

static bool connection_has_ended(int descriptor)
{
    char byte;
    return recv(descriptor, &byte, 1, MSG_DONTWAIT) == 0;
}

static int caller = -1;

static bool caller_is_sent_away(void)
{
    return connection_has_ended(caller);
}

static bool caller_is_answered(void)
{
    char answer[19];
    return recv(caller, answer, sizeof answer, MSG_DONTWAIT | MSG_PEEK) == sizeof answer;
}

static void say(const char *cookie, unsigned char protocols)
{
    unsigned char request[200] = {3, 0, 0, 0, 0, 0xe0};
    size_t line = strlen(cookie), length = 11 + line + 8;
    const unsigned char negotiation[8] = {1, 0, 8, 0, protocols};
    memcpy(request + 11, cookie, line);
    memcpy(request + 11 + line, negotiation, sizeof negotiation);
    request[3] = (unsigned char)length;
    request[4] = (unsigned char)(length - 5);
    caller = connect_to_port(DOOR_PORT);
    cr_assert_eq(send(caller, request, length, 0), (ssize_t)length);
}

Test(front_door, knows_nobody_by_a_cookie)
{
    unsigned char answer[19];
    say("Cookie: mstshash=anna\r\n", 1);
    await_at_gate(caller_is_answered);
    cr_assert_eq(recv(caller, answer, sizeof answer, 0), (ssize_t)sizeof answer);
    cr_assert_eq(answer[11], 2);
    cr_assert_eq(answer[15], 1, "TLS, and then name and password");
    say("Cookie: msts=" TOKEN "\r\n", 3);
    await_at_gate(caller_is_answered);
    cr_assert_eq(fixture.asked, 0, "a token that nobody was given here leads nowhere");
}

Test(front_door, speaks_with_nobody_without_tls)
{
    unsigned char answer[19];
    say("", 0);
    await_at_gate(caller_is_answered);
    cr_assert_eq(recv(caller, answer, sizeof answer, 0), (ssize_t)sizeof answer);
    cr_assert_eq(answer[11], 3);
    await_at_gate(caller_is_sent_away);
    caller = connect_to_port(DOOR_PORT);
    cr_assert_eq(send(caller, "GET / HTTP/1.1\r\n\r\n", 18, 0), 18);
    await_at_gate(caller_is_sent_away);
    cr_assert_eq(broker.asked, 0);
}
