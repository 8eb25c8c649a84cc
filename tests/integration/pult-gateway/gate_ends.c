// SPDX-License-Identifier: EUPL-1.2
// Callers at the port of a gateway: how it ends with them, before they are in and after.
#include "broker/base/clock.h"
#include "tests/integration/pult-gateway/gate_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(gate_ends, .init = gate_fixture_open, .fini = gate_fixture_close, .timeout = 120);

// ---- how it ends

static bool caller_has_ended(void)
{
    char byte;
    return recv(callers[0].descriptor, &byte, 1, MSG_DONTWAIT) == 0;
}

Test(gate_ends, what_the_broker_closes_is_closed)
{
    caller_gets_in(&callers[0]);
    gate_close(fixture.gate, "neustadt/c-none", CHANNEL_MOVED);
    cr_assert_eq(fixture.ended, 0);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_MOVED);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_MOVED);
    await_at_gate(caller_has_ended);
}

static int raw = -1;

static bool one_dials(void)
{
    return fixture.answers_given == 1;
}

// The first connection fills the host's queue; whoever comes then gets no answer at all.
static void dials_a_silent_host(struct caller_at_gate *caller)
{
    echo_host_stops();
    echo_host_listens(0);
    loop_watch_set(fixture.host_watch, false, false);
    raw = connect_to_port(HOST_PORT);
    caller_calls(caller, GATEWAY_TO_HOST, TOKEN);
    await_at_gate(one_dials);
    cr_assert(caller->dial && fixture.ended == 0);
}

static void got_nowhere(const char *answer, enum channel_reason reason)
{
    await_at_gate(callers_are_answered);
    cr_assert(strstr(callers[0].why, answer), "%s", callers[0].why);
    cr_assert_eq(fixture.ended, 1);
    cr_assert_eq(fixture.last_end.reason, reason);
    cr_assert_str_eq(fixture.last_end.channel.channel, "neustadt/c-1");
    cr_assert_eq(tunnels_count(fixture.tunnels), 0);
    close(raw);
}

Test(gate_ends, what_the_broker_closes_before_it_is_open_never_opens)
{
    dials_a_silent_host(&callers[0]);
    gate_close(fixture.gate, "neustadt/c-none", CHANNEL_MOVED);
    cr_assert_eq(fixture.ended, 0);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_MOVED);
    gate_close(fixture.gate, "neustadt/c-1", CHANNEL_MOVED);
    got_nowhere("403", CHANNEL_MOVED);
}

Test(gate_ends, what_the_broker_could_not_close_any_more_never_opens)
{
    dials_a_silent_host(&callers[0]);
    gate_set(fixture.gate, true, true);
    cr_assert_eq(fixture.ended, 0);
    gate_set(fixture.gate, true, false);
    got_nowhere("503", CHANNEL_GATEWAY_DOWN);
}

// With one place for all who have proven nothing, whoever comes next gets it.
static void open_narrow_gate(void)
{
    fixture.config.unproven = fixture.config.network_unproven = 1;
    gate_fixture_open();
}

TestSuite(narrow_gate, .init = open_narrow_gate, .fini = gate_fixture_close, .timeout = 120);

Test(narrow_gate, who_makes_room_while_dialling_ends_their_channel)
{
    dials_a_silent_host(&callers[0]);
    int next = connect_to_port(GATE_PORT);
    got_nowhere("it ended the connection", CHANNEL_CLIENT_CLOSED);
    close(next);
}

Test(gate_ends, a_host_that_ends_ends_the_caller)
{
    caller_gets_in(&callers[0]);
    echo_host_ends_all();
    await_at_gate(caller_has_ended);
    await_at_gate(channel_has_ended_at_gate);
    cr_assert_eq(fixture.last_end.reason, CHANNEL_HOST_CLOSED);
}

// ---- who is slow, or none of ours

static bool raw_has_ended(void)
{
    char byte;
    ssize_t got = recv(raw, &byte, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

// Its patience is longer than a test has.
static void open_patient_gate(void)
{
    fixture.config.patience_s = 600;
    gate_fixture_open();
}

TestSuite(patient_gate, .init = open_patient_gate, .fini = gate_fixture_close, .timeout = 120);

Test(patient_gate, who_speaks_no_tls_is_sent_away_at_once)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: gw\r\n\r\n";
    raw = connect_to_port(GATE_PORT);
    cr_assert_eq(send(raw, text, sizeof text - 1, 0), (ssize_t)sizeof text - 1);
    await_at_gate(raw_has_ended);
    close(raw);
}

static void open_impatient_gate(void)
{
    fixture.config.patience_s = 1;
    gate_fixture_open();
}

TestSuite(impatient_gate, .init = open_impatient_gate, .fini = gate_fixture_close, .timeout = 120);

Test(impatient_gate, who_says_nothing_is_sent_away)
{
    int64_t began_ms = clock_steady_ms();
    raw = connect_to_port(GATE_PORT);
    await_at_gate(raw_has_ended);
    cr_assert_geq(clock_steady_ms() - began_ms, fixture.config.patience_s * 1000);
    close(raw);
}
