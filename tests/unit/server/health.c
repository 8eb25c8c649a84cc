// SPDX-License-Identifier: EUPL-1.2
// Machines that sleep, through the real loop; what a probe finds is said by the test.
#include "broker/server/health.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define PC "neustadt/pc1"

static struct loop *loop;
static struct state *state;
static struct reports reports;
static struct health *health;
static struct health_source source;
static enum host_health found;
static int called;

struct answer {
    struct loop_timer *timer;
    host_done *done;
    void *arg;
};

static struct answer open_answer; // there is only one host

static void answer(void *arg)
{
    (void)arg;
    open_answer.done(open_answer.arg, found, "said by the test");
}

static void probe(void *self, const struct host *host, host_done *done, void *arg)
{
    (void)self;
    (void)host;
    open_answer.done = done;
    open_answer.arg = arg;
    loop_timer_start(open_answer.timer, 0);
}

static void wake(void *self, const struct host *host)
{
    (void)self;
    cr_assert_str_eq(host->id, PC);
    called++;
}

static void set_host(const char *wake_by, bool agent)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_HOST, .record.host = {.port = 3389}};
    TEXT_PUT(event.record.host.id, PC);
    TEXT_PUT(event.record.host.wake, wake_by);
    memset(event.record.host.certificate, agent ? 'a' : 0, DIGEST_SIZE - 1);
    state_apply(state, &event);
}

static void set_networks(const char *networks)
{
    struct event event = {.type = EVENT_SET, .noun = NOUN_TENANT, .record.tenant = {.id = "neustadt"}};
    TEXT_PUT(event.record.tenant.host_networks, networks);
    state_apply(state, &event);
}

static void begin(void)
{
    static const struct host_port port = {.probe = probe, .wake = wake};
    loop = loop_new();
    state = state_new();
    open_answer.timer = loop_timer_new(loop, answer, NULL);
    health = health_new(loop, state, &reports, &port);
    source = health_source(health);
    set_networks("10.0.0.0/8");
    set_host("00:1b:21:aa:bb:cc", false);
}

static void finish(void)
{
    health_free(health);
    loop_timer_free(open_answer.timer);
    reports_clear(&reports);
    state_free(state);
    loop_free(loop);
}

TestSuite(health, .init = begin, .fini = finish, .timeout = 20);

static void stop(void *arg)
{
    (void)arg;
    loop_stop(loop);
}

static void pass_a_moment(void)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, NULL);
    loop_timer_start(timer, 50);
    loop_run(loop);
    loop_timer_free(timer);
}

// The probe is asked and has answered when this returns.
static void look(enum host_health now)
{
    found = now;
    source.probe_now(source.arg, PC);
    pass_a_moment();
}

static bool wakes(void)
{
    return source.wakes(source.arg, PC);
}

Test(health, a_machine_sleeps_when_it_cannot_be_reached_and_can_be_woken)
{
    cr_assert_not(wakes(), "not looked at yet");
    look(HOST_OK);
    cr_assert_not(wakes());
    look(HOST_UNREACHABLE);
    cr_assert(wakes());
    set_host("", false);
    cr_assert_not(wakes());
}

Test(health, a_storm_of_log_ons_calls_a_machine_once)
{
    look(HOST_UNREACHABLE);
    for (int i = 0; i < 100; i++)
        source.wake(source.arg, PC);
    cr_assert_eq(called, 1);
    look(HOST_UNREACHABLE);
    cr_assert(wakes());
}

Test(health, one_that_answers_needs_no_call)
{
    look(HOST_OK);
    source.wake(source.arg, PC);
    cr_assert_eq(called, 0);
}

static void report_comes(void)
{
    struct host_message as = {.type = HOST_REPORT};
    reports_link(&reports, PC, true, clock_steady_ms());
    reports_take(&reports, PC, &as, calloc(1, sizeof(struct host_session)), 0, 0, clock_steady_ms());
}

// Its port is open, its agent has not called yet: whoever woke it is not sent away.
Test(health, a_machine_that_starts_is_waited_for_until_its_agent_calls)
{
    set_host("00:1b:21:aa:bb:cc", true);
    reports.awake.since_ms -= REPORT_START_MS + 1;
    look(HOST_UNREACHABLE);
    source.wake(source.arg, PC);
    look(HOST_NO_TLS);
    cr_assert(wakes());
    look(HOST_OK);
    cr_assert_eq(source.get(source.arg, PC), HOST_SILENT);
    cr_assert(wakes());
    report_comes();
    cr_assert_eq(source.get(source.arg, PC), HOST_OK);
    look(HOST_OK);
    cr_assert_not(wakes());
}

Test(health, a_probe_that_failed_once_gives_nobodys_session_up_while_the_agent_is_there)
{
    set_host("", true);
    report_comes();
    look(HOST_OK);
    look(HOST_UNREACHABLE);
    cr_assert_eq(source.get(source.arg, PC), HOST_SILENT);
    look(HOST_NO_TLS);
    cr_assert_eq(source.get(source.arg, PC), HOST_SILENT);
    look(HOST_OK);
    cr_assert_eq(source.get(source.arg, PC), HOST_OK);
    look(HOST_WRONG_CERTIFICATE);
    cr_assert_eq(source.get(source.arg, PC), HOST_WRONG_CERTIFICATE);
    look(HOST_UNREACHABLE);
    reports_link(&reports, PC, false, clock_steady_ms());
    cr_assert_eq(source.get(source.arg, PC), HOST_UNREACHABLE, "both are silent: it is off");
}

// Nobody was listened to meanwhile: what the probe under way says of that time is not believed, and asked again.
Test(health, nothing_is_believed_of_a_host_that_was_asked_while_the_broker_was_held)
{
    set_host("", false);
    look(HOST_OK);
    source.probe_now(source.arg, PC);
    cr_assert(open_answer.done);
    host_done *done = open_answer.done;
    loop_timer_stop(open_answer.timer);
    pass_a_moment();
    reports.awake.beat_ms -= AWAKE_HELD_MS + 1;
    open_answer.done = NULL;
    done(open_answer.arg, HOST_UNREACHABLE, "no answer");
    cr_assert_eq(source.get(source.arg, PC), HOST_OK);
    cr_assert(open_answer.done, "it is asked again");
    loop_timer_stop(open_answer.timer);
    open_answer.done(open_answer.arg, HOST_UNREACHABLE, "no answer");
    cr_assert_eq(source.get(source.arg, PC), HOST_UNREACHABLE);
}

// A flood makes every turn of the loop long: healthy hosts seem to miss their deadline.
Test(health, a_slow_broker_blames_nobody_at_once_and_does_not_believe_for_ever)
{
    int answers = 0;
    set_host("", false);
    look(HOST_OK);
    source.probe_now(source.arg, PC);
    loop_timer_stop(open_answer.timer);
    while (source.get(source.arg, PC) == HOST_OK) {
        cr_assert_lt(answers++, 100);
        pass_a_moment();
        reports.awake.beat_ms -= AWAKE_SLOW_MS + 1;
        host_done *done = take(open_answer.done);
        done(open_answer.arg, HOST_UNREACHABLE, "no answer");
        loop_timer_stop(open_answer.timer);
    }
    cr_assert_gt(answers, 5);
    cr_assert_eq(source.get(source.arg, PC), HOST_UNREACHABLE);
}

Test(health, an_agent_whose_word_came_before_the_broker_was_held_has_all_the_time)
{
    set_host("", true);
    report_comes();
    look(HOST_OK);
    struct report *report = (struct report *)reports_find(&reports, PC);
    report->heard_ms -= 60 * 1000;
    reports.awake.since_ms -= 60 * 1000;
    cr_assert_eq(source.get(source.arg, PC), HOST_SILENT);
    reports.awake.beat_ms -= AWAKE_HELD_MS + 1;
    cr_assert_eq(source.get(source.arg, PC), HOST_OK);
}

Test(health, a_host_that_stays_away_is_given_up_though_its_agent_is_there)
{
    set_host("", true);
    report_comes();
    look(HOST_UNREACHABLE);
    for (int64_t end_ms = clock_steady_ms() + REPORT_PATIENCE_MS; clock_steady_ms() < end_ms;)
        look(HOST_UNREACHABLE);
    cr_assert_eq(source.get(source.arg, PC), HOST_UNREACHABLE);
}

Test(health, one_that_nobody_woke_and_whose_agent_is_silent_does_not_sleep)
{
    set_host("00:1b:21:aa:bb:cc", true);
    reports.awake.since_ms -= REPORT_START_MS + 1;
    look(HOST_OK);
    cr_assert_eq(source.get(source.arg, PC), HOST_SILENT);
    cr_assert_not(wakes());
}

Test(health, somebody_elses_machine_at_the_address_is_not_waited_for)
{
    look(HOST_UNREACHABLE);
    source.wake(source.arg, PC);
    look(HOST_WRONG_CERTIFICATE);
    cr_assert_not(wakes());
}

// An administrator who may name any private address learns by none of them what is there.
Test(health, what_is_at_an_address_is_told_where_the_district_named_the_network)
{
    static const enum host_health kinds[] = {HOST_UNREACHABLE, HOST_NO_TLS, HOST_WRONG_CERTIFICATE};
    char first[200];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        set_networks("10.0.0.0/8");
        look(kinds[i]);
        cr_expect_eq(source.get(source.arg, PC), kinds[i]);
        cr_expect_str_eq(source.detail(source.arg, PC), "said by the test");
        set_networks("");
        if (i == 0)
            TEXT_PUT(first, source.detail(source.arg, PC));
        cr_expect_eq(source.get(source.arg, PC), HOST_UNREACHABLE);
        cr_expect_str_eq(source.detail(source.arg, PC), first);
        cr_expect(wakes(), "as one that sleeps");
    }
    cr_expect_null(strstr(first, "said by the test"));
    look(HOST_OK);
    cr_expect_eq(source.get(source.arg, PC), HOST_OK);
}
