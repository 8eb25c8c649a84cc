// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/reconcile.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct core_fixture core;
static struct logon_decision anna;
static struct report report;
static struct host_session there[4];
static struct reconciliation found;
static int64_t awake_for_ms = INT64_MAX;

static void open_hall(void)
{
    core_open(&core);
    core_set_agent(&core, "neustadt/ts1", true);
    core_set_agent(&core, "neustadt/ts2", true);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    report = (struct report){.linked = true, .sessions = there};
    TEXT_PUT(report.host, anna.host.id);
}

static void close_hall(void)
{
    reconciliation_fini(&found);
    core_close(&core);
}

TestSuite(reconcile, .init = open_hall, .fini = close_hall);

static void say(const char *session, int64_t fence, bool connected)
{
    struct host_session *one = &there[report.session_count++];
    *one = (struct host_session){.user_name = "anna", .fence = fence, .connected = connected};
    TEXT_PUT(one->session, session);
}

static void compare_after(int64_t ms)
{
    reconciliation_fini(&found);
    core.now_ms += ms;
    reconcile(core.state, &report, &(struct session_ages){core.now_ms, awake_for_ms}, &found);
    for (size_t i = 0; i < found.event_count; i++)
        state_apply(core.state, &found.events[i]);
}

static enum session_state state_now(void)
{
    return (enum session_state)state_session(core.state, anna.session.id)->state;
}

Test(reconcile, a_session_that_appears_is_connected)
{
    say(anna.session.id, anna.session.fence, true);
    compare_after(100);
    cr_assert_eq(found.event_count, 1);
    cr_assert_eq(state_now(), SESSION_CONNECTED);
    compare_after(100);
    cr_assert_eq(found.event_count, 0);
}

Test(reconcile, a_host_that_says_it_again_and_again_does_not_fill_the_journal)
{
    size_t events = 0;
    say(anna.session.id, anna.session.fence, true);
    for (int i = 0; i < 600; i++) {
        there[0].connected = i % 2 == 0;
        compare_after(100);
        events += found.event_count;
    }
    cr_assert_leq(events, 60 * 1000 / RECONCILE_FRESH_MS + 1);
    cr_assert_gt(events, 2);
}

Test(reconcile, a_connection_of_an_older_number_is_not_this_lease)
{
    say(anna.session.id, anna.session.fence - 1, true);
    compare_after(100);
    cr_assert_eq(found.event_count, 0);
    cr_assert_eq(state_now(), SESSION_STARTING);
}

Test(reconcile, what_the_host_does_not_have_is_over)
{
    say(anna.session.id, anna.session.fence, true);
    compare_after(100);
    report.session_count = 0;
    compare_after(1000);
    cr_assert_eq(found.event_count, 0, "a change of a second ago may not be in the report");
    compare_after(RECONCILE_FRESH_MS);
    cr_assert_eq(found.event_count, 1);
    cr_assert_null(state_session(core.state, anna.session.id));
}

// By an hour: a server that took its hardware's clock for UTC finds out what time it is.
Test(reconcile, goes_on_when_the_clock_is_set_back)
{
    say(anna.session.id, anna.session.fence, true);
    compare_after(100);
    report.session_count = 0;
    compare_after(-3600 * 1000);
    cr_assert_eq(found.event_count, 1);
    cr_assert_null(state_session(core.state, anna.session.id));
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &anna);
    compare_after(1000);
    cr_assert_eq(found.event_count, 0, "who came since then has all the time");
}

Test(reconcile, who_is_on_the_way_has_the_time_of_the_one_time_password)
{
    compare_after(OTP_MS);
    cr_assert_eq(found.event_count, 0);
    compare_after(RECONCILE_LEASE_MS - OTP_MS + 1);
    cr_assert_eq(found.event_count, 1);
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 0);
}

Test(reconcile, what_the_broker_has_ended_is_ended_there_too)
{
    say("neustadt/s-anna-ffffffff", 1, false);
    compare_after(100);
    cr_assert_eq(found.order_count, 1);
    cr_assert_eq(found.orders[0].type, HOST_LOG_OFF);
    cr_assert_str_eq(found.orders[0].session, "neustadt/s-anna-ffffffff");
}

Test(reconcile, nobody_is_thrown_out_of_a_desktop_that_somebody_works_at)
{
    say("neustadt/s-anna-ffffffff", 1, true);
    compare_after(100);
    cr_assert(found.order_count == 1 && found.orders[0].type == HOST_MESSAGE, "they are only told");
    cr_assert_eq(found.surplus_shown, 1);
    there[0].connected = false;
    compare_after(100);
    cr_assert(found.order_count == 1 && found.orders[0].type == HOST_LOG_OFF, "once nobody does, it goes");
}

// The reports of a minute lie in the socket, oldest first: in the first nobody has come yet.
Test(reconcile, what_was_said_while_the_broker_was_held_ends_nothing)
{
    awake_for_ms = 0;
    compare_after(60 * 1000);
    cr_assert_eq(found.event_count, 0);
    say(anna.session.id, anna.session.fence, true);
    compare_after(0);
    cr_assert_eq(state_now(), SESSION_CONNECTED);
    there[0].connected = false;
    report.session_count = 0;
    compare_after(60 * 1000);
    cr_assert_eq(found.event_count, 0);
    awake_for_ms = RECONCILE_FRESH_MS + 1;
    compare_after(0);
    cr_assert_null(state_session(core.state, anna.session.id), "what is said afterwards counts");
}

Test(reconcile, what_a_journal_from_a_backup_cannot_know_is_left_alone)
{
    say("neustadt/s-anna-ffffffff", 1, false);
    say("neustadt/s-anna-eeeeeeee", 1, false);
    there[0].unrecorded = true;
    compare_after(100);
    cr_assert_eq(found.order_count, 1);
    cr_assert_str_eq(found.orders[0].session, "neustadt/s-anna-eeeeeeee");
}

Test(reconcile, a_host_that_lies_moves_nobodys_session)
{
    TEXT_PUT(report.host, text_equal(anna.host.id, "neustadt/ts1") ? "neustadt/ts2" : "neustadt/ts1");
    say(anna.session.id, anna.session.fence + 7, true);
    say("altdorf/s-dora-00000001", 1, true);
    say("", 0, true);
    compare_after(RECONCILE_LEASE_MS * 2);
    cr_assert_eq(found.event_count, 0);
    cr_assert_eq(found.order_count, 0);
    cr_assert_eq(found.foreign_sessions, 2);
    cr_assert_eq(state_now(), SESSION_STARTING);
}

Test(reconcile, a_desk_that_says_it_is_over_is_believed_by_the_host_only)
{
    struct event event;
    say(anna.session.id, anna.session.fence, true);
    compare_after(100);
    cr_assert(session_report(core.state, anna.session.id, "neustadt/desk1", anna.session.fence, DESK_REPORTS_ENDED,
                             core.now_ms, &event));
    state_apply(core.state, &event);
    cr_assert_eq(state_now(), SESSION_DISCONNECTED);
    report.session_count = 0;
    compare_after(1);
    cr_assert_null(state_session(core.state, anna.session.id));
}
