// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "tests/unit/client-agent/desk_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

// ---- a computer that has to be switched on

TestSuite(desk_waking, .fini = desk_fixture_close);

Test(desk_waking, asks_again_by_itself_after_the_time_the_broker_said)
{
    desk_fixture_bring_to(DESK_CHECKING);
    desk_fixture_answer_waking(7);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_HOST_WAKING].sentence);
    cr_assert_eq(fixture.timer_ms, 7000);
    desk_time(fixture.desk);
    cr_assert_str_eq(fixture.asked, "password");
    cr_assert_str_eq(fixture.password.bytes, "geheim");
    desk_fixture_answer_well();
    cr_assert_str_eq(fixture.asked, "password open");
    cr_assert_eq(fixture.timer_ms, 0);
}

Test(desk_waking, gets_a_new_ticket_for_every_time)
{
    desk_fixture_open(true);
    desk_fixture_log_on();
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    desk_fixture_answer_waking(5);
    desk_time(fixture.desk);
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(fixture.asked, "ticket Negotiate-x ticket Negotiate-x");
}

static void gives_up_on(enum refusal refusal, const char *begins)
{
    int times = 0;
    desk_fixture_bring_to(DESK_CHECKING);
    desk_fixture_answer_later(refusal, 5);
    cr_assert_str_eq(fixture.sentence, refusal_rows[refusal].sentence);
    for (; desk_state(fixture.desk) == DESK_WAKING && times < 100; times++) {
        desk_time(fixture.desk);
        desk_fixture_answer_later(refusal, 5);
    }
    cr_assert_eq(times, 180 / 5);
    cr_assert(text_starts(fixture.sentence, begins), "%s", fixture.sentence);
}

Test(desk_waking, gives_up_after_three_minutes)
{
    gives_up_on(REFUSAL_HOST_WAKING, "Your computer has not started in time.");
}

Test(desk_waking, calls_no_computer_slow_that_ends_an_earlier_desktop)
{
    gives_up_on(REFUSAL_NAME_TAKEN, "A desktop that was opened under your user name before is still being ended.");
}

Test(desk_waking, is_not_driven_mad_by_what_the_broker_says)
{
    static const int64_t said[] = {0, -5, INT64_MAX};
    for (size_t i = 0; i < 3; i++) {
        desk_fixture_bring_to(DESK_CHECKING);
        desk_fixture_answer_waking(said[i]);
        cr_expect(fixture.timer_ms >= 1000 && fixture.timer_ms <= 30000, "%lld", (long long)fixture.timer_ms);
        desk_fixture_close();
    }
    desk_fixture_open(false);
}

Test(desk_waking, tells_the_broker_when_the_person_has_turned_away)
{
    desk_fixture_bring_to(DESK_WAKING);
    desk_time(fixture.desk);
    unsigned last = fixture.attempt;
    desk_cancel(fixture.desk);
    struct logon_answer answer = desk_fixture_good_answer();
    desk_answer(fixture.desk, last, REFUSAL_NONE, &answer, "", 0);
    cr_assert_str_eq(fixture.asked, "password disconnected");
}

// ---- passwords that work once

TestSuite(desk_one_time, .fini = desk_fixture_close);

static void give_password(const char *text, int64_t fence)
{
    struct device_message message = {.type = DEVICE_PASSWORD, .fence = fence, .session = "neustadt/s-1"};
    TEXT_PUT(message.password, text);
    desk_link_message(fixture.desk, &message);
}

static void break_line_when_linked(void)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_up(fixture.desk);
    fixture.asked[0] = 0;
    desk_view(fixture.desk, VIEW_WAITS, 0);
}

Test(desk_one_time, opens_the_session_again_with_a_fresh_one)
{
    break_line_when_linked();
    cr_assert_str_eq(fixture.asked, "disconnected renew");
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
    cr_assert_eq(fixture.told.fence, 7);
    give_password("P1.fresh", 7);
    desk_view(fixture.desk, VIEW_MENDED, 0);
    cr_assert_str_eq(fixture.asked, "disconnected renew resume connected");
    cr_assert_str_eq(fixture.one_time_password, "P1.fresh");
    cr_assert_eq(fixture.timer_ms, 0);
}

Test(desk_one_time, asks_for_another_when_the_line_breaks_again_before_the_desktop_is_back)
{
    break_line_when_linked();
    give_password("P1.fresh", 7);
    desk_view(fixture.desk, VIEW_WAITS, 0);
    cr_assert_str_eq(fixture.asked, "disconnected renew resume renew");
}

Test(desk_one_time, waits_for_the_broker_and_says_so)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_view(fixture.desk, VIEW_WAITS, 0);
    cr_assert_str_eq(fixture.asked, "disconnected");
    cr_assert(text_starts(fixture.sentence, "The broker cannot be reached either."), "%s", fixture.sentence);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.asked, "disconnected hello renew");
    cr_assert_str_eq(fixture.sentence, "");
    desk_link_down(fixture.desk);
    cr_assert(text_starts(fixture.sentence, "The broker cannot be reached either."), "%s", fixture.sentence);
}

Test(desk_one_time, asks_anew_when_the_answer_was_lost_with_the_link)
{
    break_line_when_linked();
    desk_link_down(fixture.desk);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.asked, "disconnected renew hello renew");
    give_password("P1.fresh", 7);
    desk_link_down(fixture.desk);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.asked, "disconnected renew hello renew resume hello");
}

Test(desk_one_time, says_when_the_session_is_this_desks_no_more)
{
    break_line_when_linked();
    give_password("", 7);
    cr_assert_str_eq(fixture.asked, "disconnected renew close");
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert(text_starts(fixture.sentence, "Your session was opened at another desk, or"), "%s", fixture.sentence);
}

Test(desk_one_time, gives_up_in_the_end)
{
    break_line_when_linked();
    cr_assert_eq(fixture.timer_ms, 600 * 1000);
    desk_time(fixture.desk);
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert(text_starts(fixture.sentence, "The connection to the session host was lost."), "%s", fixture.sentence);
}

Test(desk_one_time, is_asked_for_again_and_again_only_until_then)
{
    break_line_when_linked();
    for (int i = 0; i < 3; i++) {
        fixture.timer_ms = -1;
        give_password("P1.fresh", 7);
        desk_view(fixture.desk, VIEW_WAITS, 0);
        cr_assert_eq(fixture.timer_ms, -1, "the end was put off");
    }
    cr_assert_str_eq(fixture.asked, "disconnected renew resume renew resume renew resume renew");
    desk_time(fixture.desk);
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert(text_starts(fixture.sentence, "The connection to the session host was lost."), "%s", fixture.sentence);
}

Test(desk_one_time, takes_none_that_it_has_not_asked_for)
{
    desk_fixture_bring_to(DESK_RECONNECTING);
    give_password("P1.other", 7);
    cr_assert_str_eq(fixture.asked, "");
    desk_fixture_close();
    break_line_when_linked();
    give_password("P1.old", 6);
    give_password("P1.fresh", 7);
    give_password("P1.again", 7);
    cr_assert_str_eq(fixture.asked, "disconnected renew resume");
    cr_assert_str_eq(fixture.one_time_password, "P1.fresh");
}

// ---- the session

TestSuite(desk_session, .fini = desk_fixture_close);

Test(desk_session, tells_the_broker_what_becomes_of_it)
{
    desk_fixture_bring_to(DESK_CONNECTING);
    desk_view(fixture.desk, VIEW_SHOWN, 0);
    desk_view(fixture.desk, VIEW_BROKEN, 0);
    desk_view(fixture.desk, VIEW_MENDED, 0);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    cr_assert_str_eq(fixture.asked, "connected disconnected connected ended");
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
    cr_assert_eq(fixture.told.fence, 7);
    cr_assert_str_eq(fixture.sentence, "You are logged off.");
}

Test(desk_session, says_where_it_went)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_link_says(DEVICE_MOVED, 8, "Zimmer 2");
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert_str_eq(fixture.asked, "close disconnected");
    cr_assert_str_eq(fixture.sentence, "Your session was opened at %s.");
    cr_assert_str_eq(fixture.where, "Zimmer 2");
}

Test(desk_session, says_where_it_went_when_the_host_was_quicker_than_the_broker)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    desk_fixture_link_says(DEVICE_MOVED, 8, "Zimmer 2");
    cr_assert_str_eq(fixture.sentence, "Your session was opened at %s.");
    cr_assert_str_eq(fixture.where, "Zimmer 2");
}

Test(desk_session, does_not_show_a_later_person_where_the_earlier_went)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    desk_fixture_log_on();
    desk_fixture_answer_no(REFUSAL_WRONG_PASSWORD);
    desk_fixture_link_says(DEVICE_MOVED, 8, "Zimmer 2");
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_WRONG_PASSWORD].sentence);
}

Test(desk_session, ignores_what_is_said_of_an_earlier_stay)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_link_says(DEVICE_MOVED, 6, "Zimmer 2");
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
}

Test(desk_session, ignores_what_is_said_of_another_session)
{
    struct device_message message = {.type = DEVICE_END, .fence = 9, .session = "neustadt/s-2"};
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_message(fixture.desk, &message);
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
}

Test(desk_session, says_that_the_administrators_ended_it)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_link_says(DEVICE_END, 7, "");
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert_str_eq(fixture.sentence, "Your session was ended by the administrators.");
}

Test(desk_session, says_why_it_is_locked_or_over)
{
    static const struct {
        enum device_message_type type;
        enum host_reason reason;
        const char *sentence;
    } rows[] = {
        {DEVICE_LOCK, HOST_BECAUSE_IDLE,
         "Your session was locked because you had not used it for a long time. Your programs keep running: log on to "
         "return to them."},
        {DEVICE_LOCK, HOST_BECAUSE_ADMIN,
         "Your session was locked by the administrators. Your programs keep running: log on to return to them."},
        {DEVICE_LOCK, HOST_BECAUSE_NO_DESKTOP,
         "The session host did not let you back to your desktop. Your programs keep running: try again in a minute or "
         "ask the help desk."},
        {DEVICE_END, HOST_BECAUSE_NO_DESKTOP,
         "The session host admitted you, but your desktop did not start. Try again; if this happens again, tell the "
         "help desk."},
        {DEVICE_END, HOST_BECAUSE_DESKTOP_ENDED,
         "Your desktop ended as soon as it had started. If you did not log off, try again; if this happens again, tell "
         "the help desk."},
        {DEVICE_END, HOST_BECAUSE_SESSION_LIMIT, "Your session has ended: it had reached its time limit."},
        {DEVICE_END, HOST_BECAUSE_NONE, "Your session has ended."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i > 0)
            desk_fixture_close();
        desk_fixture_bring_to(DESK_CONNECTED);
        struct device_message message = {
            .type = rows[i].type, .reason = rows[i].reason, .fence = 7, .session = "neustadt/s-1"};
        desk_link_message(fixture.desk, &message);
        desk_fixture_ends(VIEW_LOGGED_OFF); // the host may be quicker
        cr_assert_str_eq(fixture.sentence, rows[i].sentence);
    }
}

Test(desk_session, says_why_when_the_host_was_quicker_than_the_broker)
{
    struct device_message message = {
        .type = DEVICE_END, .reason = HOST_BECAUSE_HOURS, .fence = 7, .session = "neustadt/s-1"};
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    desk_link_message(fixture.desk, &message);
    cr_assert_str_eq(fixture.sentence, "Your session has ended: its permitted hours are over.");
}

static void broker_says_it_is_over(void)
{
    struct device_message message = {.type = DEVICE_END, .fence = 7, .session = "neustadt/s-1"};
    desk_link_message(fixture.desk, &message);
}

Test(desk_session, says_no_longer_that_programs_run_when_they_do_not)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_view(fixture.desk, VIEW_LOCK, 0);
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert(strstr(fixture.sentence, "Your programs keep running"));
    broker_says_it_is_over();
    cr_assert_str_eq(fixture.sentence, "Your session has ended.");
}

Test(desk_session, does_not_claim_to_know_what_runs_behind_a_lost_connection)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOST);
    cr_assert(strstr(fixture.sentence, "if your programs are still running"));
    broker_says_it_is_over();
    cr_assert_str_eq(fixture.sentence, "Your session has ended.");
}

Test(desk_session, leaves_whoever_logged_off_with_that)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    broker_says_it_is_over();
    cr_assert_str_eq(fixture.sentence, "You are logged off.");
}

Test(desk_session, passes_on_that_the_desktop_is_there)
{
    desk_fixture_bring_to(DESK_CONNECTING);
    desk_fixture_link_says(DEVICE_DESKTOP, 6, "");
    cr_assert_str_eq(fixture.asked, "", "that was an earlier stay");
    desk_fixture_link_says(DEVICE_DESKTOP, 7, "");
    cr_assert_str_eq(fixture.asked, "announce");
}

Test(desk_session, asks_again_for_the_desktop_after_a_break_of_the_link)
{
    desk_fixture_bring_to(DESK_CONNECTING);
    desk_link_up(fixture.desk);
    cr_assert_eq(fixture.told.type, DEVICE_SHOWING);
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
    cr_assert_eq(fixture.told.state, DESK_REPORTS_NOTHING);
}

Test(desk_session, says_nothing_to_who_cancelled)
{
    desk_fixture_bring_to(DESK_CONNECTING);
    desk_cancel(fixture.desk);
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert_str_eq(fixture.sentence, "");
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
}

Test(desk_session, goes_on_at_its_host_when_the_desk_is_locked)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_view(fixture.desk, VIEW_LOCK, 0);
    desk_fixture_ends(VIEW_CLOSED);
    cr_assert_str_eq(fixture.asked, "close mark disconnected");
    cr_assert(text_starts(fixture.sentence, "This desk is locked."), "%s", fixture.sentence);
}

Test(desk_session, says_which_host_of_an_earlier_one_cannot_be_reached)
{
    desk_fixture_bring_to(DESK_CHECKING);
    struct logon_answer answer = desk_fixture_good_answer();
    TEXT_PUT(answer.abandoned_host, "neustadt/ts2");
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NONE, &answer, "", 0);
    cr_assert(text_starts(fixture.sentence, "Your earlier desktop on %s cannot be reached"), "%s", fixture.sentence);
    cr_assert_str_eq(fixture.where, "neustadt/ts2");
    desk_view(fixture.desk, VIEW_SHOWN, 0);
    cr_assert_str_eq(fixture.sentence, "");
}

struct ending {
    enum session_view_end end;
    const char *begins;            // the sentence
    enum desk_report unseen, seen; // what the broker hears before and after it was shown
};

static const struct ending endings[] = {
    {VIEW_LOGGED_OFF, "You are logged off", DESK_REPORTS_ENDED, DESK_REPORTS_ENDED},
    {VIEW_REPLACED, "Your session was opened at another desk", DESK_REPORTS_DISCONNECTED, DESK_REPORTS_DISCONNECTED},
    {VIEW_ENDED_BY_HOST, "The session host has ended", DESK_REPORTS_ENDED, DESK_REPORTS_ENDED},
    {VIEW_LOST, "The connection to the session host was lost", DESK_REPORTS_DISCONNECTED, DESK_REPORTS_DISCONNECTED},
    {VIEW_UNREACHABLE, "The session host cannot be reached", DESK_REPORTS_FAILED, DESK_REPORTS_DISCONNECTED},
    {VIEW_REFUSED, "The session host rejected your logon", DESK_REPORTS_FAILED, DESK_REPORTS_DISCONNECTED},
    {VIEW_WRONG_CERTIFICATE, "The session host presented a wrong certificate", DESK_REPORTS_FAILED,
     DESK_REPORTS_DISCONNECTED},
    {VIEW_FAILED, "The session could not be shown", DESK_REPORTS_FAILED, DESK_REPORTS_DISCONNECTED},
    {VIEW_PACKETS_LOST, "Large packets are lost", DESK_REPORTS_FAILED, DESK_REPORTS_DISCONNECTED},
    {VIEW_NO_DESKTOP, "The session host has not shown your desktop", DESK_REPORTS_FAILED, DESK_REPORTS_DISCONNECTED},
};

static void check_ending(const struct ending *ending, enum desk_state state, enum desk_report expected)
{
    desk_fixture_bring_to(state);
    desk_fixture_ends(ending->end);
    cr_expect(text_starts(fixture.sentence, ending->begins), "%s", fixture.sentence);
    cr_expect_eq(fixture.told.state, expected);
    cr_expect_eq(desk_state(fixture.desk), DESK_GREETING);
}

Test(desk_end, has_a_sentence_for_every_end)
{
    cr_assert_eq(sizeof endings / sizeof *endings, VIEW_END_COUNT - 1);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        check_ending(&endings[i], DESK_CONNECTING, endings[i].unseen);
        desk_fixture_close();
        check_ending(&endings[i], DESK_CONNECTED, endings[i].seen);
        desk_fixture_close();
    }
}

Test(desk_session, answer_that_cannot_be_used_is_called_so)
{
    struct logon_answer answer = desk_fixture_good_answer();
    answer.address[0] = 0;
    desk_fixture_bring_to(DESK_CHECKING);
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NONE, &answer, "", 0);
    cr_assert(text_starts(fixture.sentence, "The broker's answer is not usable."), "%s", fixture.sentence);
    cr_assert_str_eq(fixture.asked, "failed"); // else the session would wait for this desk
    desk_fixture_close();
    desk_fixture_bring_to(DESK_CHECKING);
    desk_answer(fixture.desk, fixture.attempt, REFUSAL_NONE, &(struct logon_answer){0}, "", 0);
    cr_assert(text_starts(fixture.sentence, "The broker's answer is not usable."), "%s", fixture.sentence);
    cr_assert_str_eq(fixture.asked, ""); // there is none to speak of
}

Test(desk_session, greets_the_broker_with_what_it_shows)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_up(fixture.desk);
    cr_assert_eq(fixture.told.type, DEVICE_SHOWING);
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
    cr_assert_eq(fixture.told.state, DESK_REPORTS_CONNECTED);
    desk_view(fixture.desk, VIEW_BROKEN, 0);
    desk_link_up(fixture.desk);
    cr_assert_eq(fixture.told.state, DESK_REPORTS_DISCONNECTED);
    desk_view(fixture.desk, VIEW_MENDED, 0);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    desk_link_up(fixture.desk);
    cr_assert_str_eq(fixture.told.session, "");
    cr_assert_eq(fixture.told.fence, 0);
}

Test(desk_session, goes_on_while_the_broker_refuses_its_agent)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_down(fixture.desk);
    desk_link_refused(fixture.desk, REFUSAL_AGENT_TOO_OLD);
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOGGED_OFF);
    cr_assert_str_eq(fixture.sentence, "You are logged off.");
    desk_fixture_log_on();
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_AGENT_TOO_OLD].sentence);
}

Test(desk_session, shows_a_restarted_greeter_what_it_last_said)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_ends(VIEW_LOST);
    char before[sizeof fixture.sentence];
    TEXT_PUT(before, fixture.sentence);
    fixture.sentence[0] = 0;
    desk_greeter_up(fixture.desk);
    cr_assert_str_eq(fixture.sentence, before);
}
