// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/session.h"
#include "broker/base/text.h"
#include "tests/unit/core/core_fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static struct core_fixture core;
static struct logon_decision decision;

static void open_core(void)
{
    core_open(&core);
    core_log_on(&core, "anna", "rathaus", "neustadt/desk1", &decision);
    cr_assert_eq(decision.refusal, REFUSAL_NONE);
}

static void close_core(void)
{
    core_close(&core);
}

TestSuite(session, .init = open_core, .fini = close_core);

// ---- the table

static const char letters[] = "SCDE"; // the states, and the order of the columns; '-': it may not happen

static const char *const legal[SESSION_HAPPENING_COUNT] = {
    // What follows from starting, connected, disconnected, ended (or not begun).
    [SESSION_LOGON_STARTS] = "---S",  [SESSION_LOGON_MOVES] = "SSS-",      [SESSION_LOGON_GIVES_UP] = "EEE-",
    [SESSION_DESK_CONNECTS] = "C-C-", [SESSION_DESK_DISCONNECTS] = "DD--", [SESSION_DESK_ENDS] = "EEE-",
    [SESSION_HOST_CONNECTS] = "C-C-", [SESSION_HOST_DISCONNECTS] = "DD--", [SESSION_HOST_ENDS] = "EEE-",
    [SESSION_HOST_REPLACES] = "EEE-", [SESSION_START_EXPIRES] = "E---",    [SESSION_LEASE_EXPIRES] = "D---",
    [SESSION_ADMIN_LOCKS] = "SCD-",   [SESSION_ADMIN_ENDS] = "EEE-",
};

Test(session, changes_as_the_table_has_it_and_not_otherwise)
{
    for (enum session_happening what = 0; what < SESSION_HAPPENING_COUNT; what++) {
        for (enum session_state state = 0; state < SESSION_STATE_COUNT; state++) {
            char expected = legal[what][state];
            char is = session_may(state, what) ? letters[session_next(state, what)] : '-';
            cr_expect_eq(is, expected, "happening %d in %c: %c, not %c", (int)what, letters[state], is, expected);
        }
    }
}

Test(session, that_has_ended_is_never_changed, .signal = SIGABRT)
{
    struct event event;
    struct session over = decision.session;
    over.state = SESSION_ENDED;
    session_change(&over, SESSION_ADMIN_ENDS, "broker", core.now_ms, &event);
}

Test(session, is_not_given_away_with_a_number_from_before, .signal = SIGABRT)
{
    struct event event;
    const struct session_lease lease = {"neustadt/desk2", decision.profile.id, decision.session.fence};
    session_open(&decision.session, &lease, "device neustadt/desk2", core.now_ms, &event);
}

// ---- what may be journalled

static void expect_fit(bool expected, const struct event *event, const char *what)
{
    cr_expect_eq(session_fits(core.state, event), expected, "%s", what);
}

Test(session, an_event_must_follow_from_what_is)
{
    struct event event;
    const struct session *session = state_session(core.state, decision.session.id);
    expect_fit(false, &decision.events[0], "it is there already");
    session_change(session, SESSION_DESK_CONNECTS, "x", core.now_ms, &event);
    expect_fit(true, &event, "it is connected");
    event.type = EVENT_SESSION_DISCONNECTED;
    expect_fit(false, &event, "another event than what it says");
    session_change(session, SESSION_ADMIN_ENDS, "x", core.now_ms, &event);
    expect_fit(true, &event, "it ends");
    state_apply(core.state, &event);
    expect_fit(false, &event, "it ends twice");
    expect_fit(true, &decision.events[0], "nobody has it any more");
    event = (struct event){.type = EVENT_SET, .noun = NOUN_SESSION, .record.session = decision.session};
    expect_fit(false, &event, "nobody sets a session");
}

Test(session, an_event_changes_nothing_that_cannot_change)
{
    struct event event;
    const struct session *session = state_session(core.state, decision.session.id);
    session_change(session, SESSION_DESK_CONNECTS, "x", core.now_ms, &event);
    const struct session connected = event.record.session;
    TEXT_PUT(event.record.session.person, "neustadt/p-bert");
    expect_fit(false, &event, "another person");
    event.record.session = connected;
    TEXT_PUT(event.record.session.host, "neustadt/ts9");
    expect_fit(false, &event, "another host");
    event.record.session = connected;
    TEXT_PUT(event.record.session.device, "neustadt/desk2");
    expect_fit(false, &event, "another desk, without a logon there");
    event.record.session = connected;
    event.record.session.started_ms++;
    expect_fit(false, &event, "another start");
    event.record.session = connected;
    event.record.session.fence--;
    expect_fit(false, &event, "a number from before");
}

Test(session, a_log_on_takes_it_with_a_higher_number)
{
    struct event event;
    const struct session *session = state_session(core.state, decision.session.id);
    const struct session_lease lease = {"neustadt/desk2", "neustadt/builder", session->fence + 1};
    session_open(session, &lease, "device neustadt/desk2", core.now_ms + 7, &event);
    expect_fit(true, &event, "it moves");
    cr_assert_eq(event.type, EVENT_SESSION_MOVED);
    cr_assert_str_eq(event.from, "neustadt/desk1");
    cr_assert_str_eq(event.record.session.device, "neustadt/desk2");
    cr_assert_str_eq(event.record.session.profile, "neustadt/builder");
    cr_assert_eq(event.record.session.started_ms, core.now_ms);
    cr_assert_eq(event.record.session.changed_ms, core.now_ms + 7);
    event.record.session.fence--;
    expect_fit(false, &event, "it moves with the number from before");
}

Test(session, has_an_id_of_its_own)
{
    static const char person[] = "neustadt/p-0123456789abcdef";
    char id[ID_SIZE], other[ID_SIZE];
    struct event event = decision.events[0];
    session_name(id, state_sessions_of(core.state, SESSIONS_OF_PERSON, person), 0xffffffff);
    cr_assert_str_eq(id, "neustadt/s-0123456789abcdef-ffffffff");
    TEXT_PUT(event.record.session.id, id);
    TEXT_PUT(event.record.session.person, person);
    state_apply(core.state, &event);
    session_name(other, state_sessions_of(core.state, SESSIONS_OF_PERSON, person), 0xffffffff);
    cr_assert_str_eq(other, "neustadt/s-0123456789abcdef-00000000");
}

// ---- what desks say, or do not say

Test(session, only_the_desk_that_has_it_may_report)
{
    struct event event;
    cr_assert_not(session_report(core.state, decision.session.id, "neustadt/desk2", 1, DESK_REPORTS_ENDED, 1, &event));
    cr_assert_not(session_report(core.state, decision.session.id, "neustadt/desk1", 0, DESK_REPORTS_ENDED, 1, &event));
    cr_assert_not(
        session_report(core.state, decision.session.id, "neustadt/desk1", 1, DESK_REPORTS_NOTHING, 1, &event));
    cr_assert(session_report(core.state, decision.session.id, "neustadt/desk1", 1, DESK_REPORTS_CONNECTED, 1, &event));
    state_apply(core.state, &event);
    cr_assert_not(
        session_report(core.state, decision.session.id, "neustadt/desk1", 1, DESK_REPORTS_CONNECTED, 1, &event));
    cr_assert(session_report(core.state, decision.session.id, "neustadt/desk1", 1, DESK_REPORTS_ENDED, 1, &event));
    state_apply(core.state, &event);
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 0);
}

static enum event_type after_failure(void)
{
    struct event event;
    bool reported = session_report(core.state, decision.session.id, decision.session.device, decision.session.fence,
                                   DESK_REPORTS_FAILED, core.now_ms, &event);
    cr_assert(reported);
    return event.type;
}

Test(session, one_that_its_host_never_let_in_keeps_no_place)
{
    cr_assert_eq(after_failure(), EVENT_SESSION_ENDED);
    // Found again: it may well be there, with what was open in it. The clock was set back meanwhile.
    core.now_ms--;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &decision);
    cr_assert(decision.reconnected);
    cr_assert_eq(after_failure(), EVENT_SESSION_DISCONNECTED);
}

Test(session, of_a_host_with_an_agent_its_report_tells_whether_it_is_there)
{
    core_set_agent(&core, decision.host.id, true);
    cr_assert_eq(after_failure(), EVENT_SESSION_DISCONNECTED);
}

static const struct session_ages *after(int64_t ms)
{
    static struct session_ages ages;
    ages = (struct session_ages){core.now_ms + ms, INT64_MAX};
    return &ages;
}

Test(session, an_unused_lease_ends_a_used_one_is_put_aside)
{
    struct event event;
    cr_assert_not(session_overdue(core.state, "", after(999), 1000, &event));
    cr_assert(session_overdue(core.state, "", after(1000), 1000, &event));
    cr_assert_eq(event.type, EVENT_SESSION_ENDED);
    core.now_ms++;
    core_log_on(&core, "anna", "rathaus", "neustadt/desk2", &decision);
    cr_assert(session_overdue(core.state, "", after(1000), 1000, &event));
    cr_assert_eq(event.type, EVENT_SESSION_DISCONNECTED);
}

Test(session, a_lease_does_not_end_while_the_broker_was_held_or_its_clock_was_set)
{
    struct event event;
    struct session_ages ages = {core.now_ms + 3600 * 1000, 999};
    cr_assert_not(session_overdue(core.state, "", &ages, 1000, &event));
    ages.awake_ms = 1000;
    cr_assert(session_overdue(core.state, "", &ages, 1000, &event));
}

Test(session, every_lease_that_nobody_used_is_found_in_one_walk)
{
    struct event event = {.record.id = ""};
    size_t ended = 0;
    core_log_on(&core, "bert", "rathaus", "neustadt/desk2", &decision);
    core_change(&core, decision.session.id, SESSION_DESK_CONNECTS);
    core_log_on(&core, "emil", "rathaus", "neustadt/desk3", &decision);
    core_log_on(&core, "dora", "rathaus", "altdorf/desk1", &decision);
    core_set_agent(&core, decision.host.id, true);
    while (session_overdue(core.state, event.record.id, after(1000), 1000, &event)) {
        expect_fit(true, &event, "it is overdue");
        state_apply(core.state, &event);
        ended++;
    }
    cr_assert_eq(ended, 2, "anna's and emil's; bert is there, and of dora her host would tell");
    cr_assert_eq(state_count(core.state, NOUN_SESSION), 2);
}
