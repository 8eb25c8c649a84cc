// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/limits.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

static struct core_fixture core;
static struct logon_decision anna;
static struct limits limits;
static struct reports reports;
static struct host_message orders[16];
static size_t count;

static void set_profile(int64_t idle, int64_t disconnected, int64_t longest, const char *hours)
{
    union record record = {.profile = *(const struct profile *)state_find(core.state, NOUN_PROFILE, "neustadt/clerk")};
    record.profile.idle_minutes = idle;
    record.profile.disconnected_minutes = disconnected;
    record.profile.max_minutes = longest;
    TEXT_PUT(record.profile.hours, hours);
    core_set(&core, NOUN_PROFILE, &record);
}

static void report(int64_t idle_s, bool connected)
{
    struct host_message as = {.type = HOST_REPORT};
    struct host_session *one = mem_new(1, sizeof *one);
    *one = (struct host_session){
        .user_name = "anna", .fence = anna.session.fence, .connected = connected, .idle_s = idle_s};
    TEXT_PUT(one->session, anna.session.id);
    reports_link(&reports, anna.host.id, true, 1);
    reports_take(&reports, anna.host.id, &as, one, 1, one->fence, 1);
}

static void become(enum session_state state)
{
    struct event event = {.type = EVENT_SESSION_CONNECTED, .noun = NOUN_SESSION};
    event.record.session = *state_session(core.state, anna.session.id);
    event.record.session.state = state;
    event.record.session.changed_ms = core.now_ms;
    state_apply(core.state, &event);
}

static void open_hall(void)
{
    core_open(&core);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    become(SESSION_CONNECTED);
    report(0, true);
}

static void close_hall(void)
{
    limits_clear(&limits);
    reports_clear(&reports);
    core_close(&core);
}

TestSuite(limits, .init = open_hall, .fini = close_hall);

static void note(void *arg, const char *host_id, const struct host_message *message)
{
    (void)arg;
    cr_assert_str_eq(host_id, anna.host.id);
    cr_assert_str_eq(message->session, anna.session.id);
    orders[count++] = *message;
}

static void sweep_after(int64_t minutes)
{
    core.now_ms += minutes * MINUTE_MS;
    core.week_minute += (int)minutes;
    struct limits_input input = {core.state, &reports, core.now_ms, core.week_minute};
    count = 0;
    limits_sweep(&limits, &input, note, NULL);
}

Test(limits, without_any_nothing_is_done)
{
    report(100000, true);
    sweep_after(100000);
    cr_assert_eq(count, 0);
}

Test(limits, a_session_nobody_touches_is_warned_and_locked)
{
    set_profile(15, 0, 0, "");
    report(13 * 60, true);
    sweep_after(13);
    cr_assert_eq(count, 1);
    cr_assert_eq(orders[0].type, HOST_MESSAGE);
    cr_assert_eq(orders[0].reason, HOST_BECAUSE_IDLE);
    cr_assert_eq(orders[0].minutes, 2);
    sweep_after(0);
    cr_assert_eq(count, 0, "once is enough");
    report(0, true); // touched
    sweep_after(0);
    report(13 * 60, true);
    sweep_after(13);
    cr_assert_eq(count, 1, "and is warned again the next time");
    report(15 * 60, true);
    sweep_after(2);
    cr_assert_eq(count, 1);
    cr_assert_eq(orders[0].type, HOST_DISCONNECT);
}

Test(limits, a_short_one_warns_at_half_of_it_each_time_anew)
{
    set_profile(6, 0, 0, "");
    report(0, true);
    sweep_after(0);
    cr_assert_eq(count, 0, "not warned of it before anything was idle");
    for (int time = 0; time < 3; time++) {
        report(2 * 60, true);
        sweep_after(2);
        cr_assert_eq(count, 0);
        report(3 * 60, true);
        sweep_after(1);
        cr_assert(count == 1 && orders[0].type == HOST_MESSAGE && orders[0].minutes == 3, "time %d", time);
        report(4 * 60, true);
        sweep_after(1);
        cr_assert(count == 1 && orders[0].type == HOST_MESSAGE && orders[0].minutes == 2, "time %d", time);
        report(0, true); // touched
        sweep_after(0);
        cr_assert_eq(count, 0);
    }
}

Test(limits, who_comes_back_to_a_locked_session_is_not_locked_out_again)
{
    set_profile(15, 0, 0, "");
    become(SESSION_DISCONNECTED);
    report(60 * 60, false);
    sweep_after(60);
    become(SESSION_CONNECTED);
    report(60 * 60, true);
    sweep_after(4);
    cr_assert_eq(count, 0);
    sweep_after(9);
    cr_assert(count == 1 && orders[0].type == HOST_MESSAGE);
    sweep_after(2);
    cr_assert(count == 1 && orders[0].type == HOST_DISCONNECT);
}

Test(limits, a_session_nobody_sees_is_logged_off)
{
    set_profile(0, 30, 0, "");
    become(SESSION_DISCONNECTED);
    report(0, false);
    sweep_after(29);
    cr_assert_eq(count, 0);
    sweep_after(1);
    cr_assert_eq(count, 1);
    cr_assert_eq(orders[0].type, HOST_LOG_OFF);
    cr_assert_eq(orders[0].reason, HOST_BECAUSE_DISCONNECTED_LIMIT);
    sweep_after(1);
    cr_assert_eq(count, 1, "what had no effect is tried again");
}

Test(limits, the_longest_session_ends_after_two_warnings)
{
    set_profile(0, 0, 600, "");
    sweep_after(590);
    cr_assert(count == 1 && orders[0].type == HOST_MESSAGE && orders[0].minutes == 10);
    sweep_after(8);
    cr_assert(count == 1 && orders[0].type == HOST_MESSAGE && orders[0].minutes == 2);
    sweep_after(2);
    cr_assert(count == 1 && orders[0].type == HOST_LOG_OFF && orders[0].reason == HOST_BECAUSE_SESSION_LIMIT);
}

Test(limits, closing_time_is_told_before_it_comes)
{
    set_profile(0, 0, 0, "08:00-10:30");
    sweep_after(15); // 10:15 on a Monday
    cr_assert_eq(count, 0);
    sweep_after(6);
    cr_assert(count == 1 && orders[0].reason == HOST_BECAUSE_HOURS && orders[0].minutes == 9);
    sweep_after(9);
    cr_assert(count == 1 && orders[0].type == HOST_LOG_OFF && orders[0].reason == HOST_BECAUSE_HOURS);
}

Test(limits, wait_while_the_host_is_silent)
{
    set_profile(0, 0, 60, "");
    reports_link(&reports, anna.host.id, false, 2);
    sweep_after(61);
    cr_assert_eq(count, 0);
}

// Somebody who comes back shortly before the end did not see what was told to nobody.
Test(limits, who_comes_back_late_is_warned_then)
{
    set_profile(0, 0, 600, "");
    become(SESSION_DISCONNECTED);
    report(0, false);
    sweep_after(599);
    cr_assert_eq(count, 0, "nobody sees it");
    become(SESSION_CONNECTED);
    report(0, true);
    sweep_after(0);
    cr_assert(count == 1 && orders[0].type == HOST_MESSAGE && orders[0].minutes == 1);
    sweep_after(1);
    cr_assert(count == 1 && orders[0].type == HOST_LOG_OFF);
}

static void sweep_seconds(int64_t seconds)
{
    core.now_ms += seconds * 1000;
    sweep_after(0);
}

// An administrator shortens the hours, or the time a session may last, while people work.
Test(limits, who_is_over_a_new_limit_is_warned_and_has_two_minutes)
{
    static const char *const hours[] = {"", "06:00-09:00"};
    for (int i = 0; i < 2; i++) {
        set_profile(0, 0, 0, "");
        sweep_after(i == 0 ? 300 : 0);
        cr_assert_eq(count, 0);
        set_profile(0, 0, i == 0 ? 60 : 0, hours[i]);
        sweep_seconds(5);
        cr_assert_eq(count, 1);
        cr_assert_eq(orders[0].type, HOST_MESSAGE);
        cr_assert_eq(orders[0].minutes, 2);
        sweep_seconds(115);
        cr_assert_eq(count, 0);
        sweep_seconds(5);
        cr_assert_eq(count, 1);
        cr_assert_eq(orders[0].type, HOST_LOG_OFF);
        cr_assert_eq(orders[0].reason, i == 0 ? HOST_BECAUSE_SESSION_LIMIT : HOST_BECAUSE_HOURS);
        sweep_seconds(30);
        cr_assert_eq(count, 0);
        sweep_seconds(30);
        cr_assert_eq(count, 1, "what had no effect is tried again");
    }
}

// Whatever the limits, and however often somebody looks: nobody who is there is locked or logged off untold, and nobody
// is told again and again.
Test(limits, no_length_acts_without_a_warning)
{
    static const int64_t lengths[] = {1, 2, 3, 4, 5, 7, 10, 11, 15, 19, 20, 21, 30, 60, 600, 1440};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (int kind = 0; kind < 2; kind++) {
            int64_t idle_s = 0, told = 0;
            bool acted = false;
            become(SESSION_CONNECTED);
            struct event anew = {.type = EVENT_SESSION_MOVED, .noun = NOUN_SESSION};
            anew.record.session = *state_session(core.state, anna.session.id);
            anew.record.session.started_ms = core.now_ms;
            state_apply(core.state, &anew);
            set_profile(kind == 0 ? lengths[i] : 0, 0, kind == 1 ? lengths[i] : 0, "");
            for (; !acted && idle_s <= lengths[i] * 60 + 5; idle_s += 5) {
                report(idle_s, true);
                sweep_seconds(idle_s ? 5 : 0);
                for (size_t n = 0; n < count; n++) {
                    told += orders[n].type == HOST_MESSAGE;
                    acted = orders[n].type != HOST_MESSAGE;
                }
            }
            cr_assert(acted && told >= 1 && told <= 2, "%lld minutes: %s, told %lld times", (long long)lengths[i],
                      acted ? "acted" : "not acted", (long long)told);
        }
    }
}
