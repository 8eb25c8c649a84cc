// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "tests/unit/client-agent/desk_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(desk_jobs, .fini = desk_fixture_close);

// ---- after name and password

Test(desk_jobs, are_shown_after_name_and_password_without_a_desktop)
{
    desk_fixture_open(false);
    desk_fixture_ask_jobs();
    cr_assert_eq(desk_state(fixture.desk), DESK_CHECKING);
    cr_assert_str_eq(fixture.asked, "jobs");
    desk_fixture_tell_jobs(3, OWN_PROBLEM_NONE);
    cr_assert_eq(fixture.jobs_shown, 3);
    cr_assert_str_eq(fixture.asked, "jobs", "nothing is opened");
    cr_assert_str_eq(fixture.password.bytes, "geheim");
}

Test(desk_jobs, are_shown_by_a_ticket)
{
    desk_fixture_open(true);
    desk_fixture_ask_jobs();
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(fixture.asked, "ticket jobs Negotiate-x");
    desk_fixture_answer_no(REFUSAL_TICKET_REJECTED);
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(fixture.asked, "ticket jobs Negotiate-x ticket jobs Negotiate-x", "once more");
    desk_fixture_tell_jobs(1, OWN_PROBLEM_NONE);
    fixture.asked[0] = 0;
    desk_fixture_order(DESK_WANTS_CANCEL, "j-0", "");
    desk_fixture_give_ticket(REFUSAL_NONE, false);
    cr_assert_str_eq(fixture.asked, "ticket cancel Negotiate-x", "a ticket works once");
}

Test(desk_jobs, are_released_where_the_person_says)
{
    desk_fixture_bring_to(DESK_JOBS);
    desk_fixture_order(DESK_WANTS_RELEASE, "j-1", "neustadt/room2");
    cr_assert_str_eq(fixture.asked, "release");
    cr_assert_str_eq(fixture.order.job, "j-1");
    cr_assert_str_eq(fixture.order.printer, "neustadt/room2");
    cr_assert_str_eq(fixture.password.bytes, "geheim");
    desk_fixture_order(DESK_WANTS_CANCEL, "j-0", "");
    cr_assert_str_eq(fixture.asked, "release", "one thing at a time");
    desk_fixture_tell_jobs(1, OWN_PROBLEM_NONE);
    cr_assert_eq(fixture.jobs_shown, 1);
    cr_assert_str_eq(fixture.sentence, "Your print job is sent to this printer: %s");
    cr_assert_str_eq(fixture.where, "Flur 2");
    desk_fixture_order(DESK_WANTS_RELEASE, "j-0", "");
    desk_fixture_tell_jobs(1, OWN_PROBLEM_NONE);
    cr_assert_str_eq(fixture.where, "Zimmer 12", "the nearest");
}

Test(desk_jobs, say_why_an_order_was_not_followed)
{
    static const char *const begins[OWN_PROBLEM_COUNT] = {
        "Your print job is deleted.", "This print job is no longer there", "No printer is near this desk.",
        "This job is being printed already.", "The print server that has this job does not answer."};
    for (enum own_problem problem = 0; problem < OWN_PROBLEM_COUNT; problem++) {
        desk_fixture_bring_to(DESK_JOBS);
        desk_fixture_order(DESK_WANTS_CANCEL, "j-1", "");
        desk_fixture_tell_jobs(1, problem);
        cr_expect(text_starts(fixture.sentence, begins[problem]), "%s", fixture.sentence);
        desk_fixture_close();
        desk_fixture_bring_to(DESK_SESSION_JOBS);
        desk_fixture_order(DESK_WANTS_CANCEL, "j-1", "");
        desk_fixture_link_tells_jobs(7, 1, problem);
        cr_expect(text_starts(fixture.sentence, begins[problem]), "%s", fixture.sentence);
        desk_fixture_close();
    }
    desk_fixture_open(false);
}

Test(desk_jobs, are_left_standing_for_a_minute_without_keys)
{
    desk_fixture_bring_to(DESK_JOBS);
    cr_assert_eq(fixture.timer_ms, 60 * 1000);
    fixture.timer_ms = 0;
    desk_typing(fixture.desk);
    cr_assert_eq(fixture.timer_ms, 60 * 1000, "from the last key on");
    desk_time(fixture.desk);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert_eq(fixture.jobs_shown, -1);
    cr_assert_str_eq(fixture.name, "");
}

Test(desk_jobs, of_a_person_whose_password_became_wrong_are_shown_no_longer)
{
    static const enum refusal refusals[] = {REFUSAL_WRONG_PASSWORD, REFUSAL_PASSWORD_EXPIRED};
    for (size_t i = 0; i < 2; i++) {
        desk_fixture_bring_to(DESK_JOBS);
        desk_fixture_order(DESK_WANTS_JOBS, "", "");
        desk_fixture_answer_no(refusals[i]);
        cr_expect_eq(desk_state(fixture.desk), DESK_GREETING);
        cr_expect_eq(fixture.jobs_shown, -1);
        cr_expect_str_eq(fixture.sentence, refusal_rows[refusals[i]].sentence);
        desk_fixture_close();
    }
    desk_fixture_bring_to(DESK_JOBS); // what says nothing of the person leaves them
    desk_fixture_order(DESK_WANTS_JOBS, "", "");
    desk_fixture_answer_no(REFUSAL_DIRECTORY_DOWN);
    cr_assert_eq(fixture.jobs_shown, 2);
    cr_assert_str_eq(fixture.sentence, refusal_rows[REFUSAL_DIRECTORY_DOWN].sentence);
    cr_assert_eq(fixture.timer_ms, 60 * 1000);
}

Test(desk_jobs, that_come_too_late_are_not_shown)
{
    desk_fixture_open(false);
    desk_fixture_ask_jobs();
    desk_cancel(fixture.desk);
    desk_fixture_tell_jobs(3, OWN_PROBLEM_NONE);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    desk_fixture_log_on(); // somebody else's desktop
    desk_fixture_tell_jobs(3, OWN_PROBLEM_NONE);
    cr_assert_eq(desk_state(fixture.desk), DESK_CHECKING);
    cr_assert_eq(fixture.jobs_shown, -1);
}

Test(desk_jobs, are_put_away_with_the_cable)
{
    desk_fixture_bring_to(DESK_JOBS);
    desk_carrier(fixture.desk, false);
    cr_assert_eq(desk_state(fixture.desk), DESK_GREETING);
    cr_assert_eq(fixture.jobs_shown, -1);
}

Test(desk_jobs, wait_for_a_new_password_first)
{
    desk_fixture_open(false);
    desk_fixture_ask_jobs();
    desk_fixture_answer_no(REFUSAL_PASSWORD_EXPIRED);
    desk_fixture_choose("neu");
    desk_changed(fixture.desk, fixture.attempt, REFUSAL_NONE);
    cr_assert_str_eq(fixture.asked, "jobs change jobs");
    cr_assert_str_eq(fixture.password.bytes, "neu");
}

// ---- before the session

Test(desk_jobs, come_before_the_session_by_a_key_and_without_a_password)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_up(fixture.desk);
    fixture.asked[0] = 0;
    desk_view(fixture.desk, VIEW_JOBS, 0);
    cr_assert_str_eq(fixture.asked, "cover jobs");
    cr_assert_eq(fixture.told.type, DEVICE_JOBS);
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
    cr_assert_eq(fixture.told.fence, 7);
    cr_assert_eq(fixture.jobs_shown, -1, "not yet");
    desk_fixture_link_tells_jobs(7, 2, OWN_PROBLEM_NONE);
    cr_assert_eq(fixture.jobs_shown, 2);
    fixture.asked[0] = 0;
    desk_fixture_order(DESK_WANTS_RELEASE, "j-1", "neustadt/room2");
    cr_assert_str_eq(fixture.asked, "release");
    cr_assert_str_eq(fixture.told.job, "j-1");
    cr_assert_str_eq(fixture.told.printer, "neustadt/room2");
    desk_fixture_link_tells_jobs(7, 1, OWN_PROBLEM_NONE);
    fixture.asked[0] = 0;
    desk_cancel(fixture.desk);
    cr_assert_str_eq(fixture.asked, "uncover");
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
    cr_assert_eq(fixture.jobs_shown, -1);
}

Test(desk_jobs, leave_the_session_after_a_minute_without_keys)
{
    desk_fixture_bring_to(DESK_SESSION_JOBS);
    cr_assert_eq(fixture.timer_ms, 60 * 1000);
    desk_time(fixture.desk);
    cr_assert_str_eq(fixture.asked, "uncover");
    cr_assert_eq(desk_state(fixture.desk), DESK_CONNECTED);
}

Test(desk_jobs, of_an_earlier_stay_or_another_session_are_not_shown)
{
    desk_fixture_bring_to(DESK_SESSION_JOBS);
    desk_fixture_order(DESK_WANTS_JOBS, "", "");
    desk_fixture_link_tells_jobs(6, 9, OWN_PROBLEM_NONE);
    cr_assert_eq(fixture.jobs_shown, 2);
    desk_fixture_close();
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_fixture_link_tells_jobs(7, 9, OWN_PROBLEM_NONE);
    cr_assert_eq(fixture.jobs_shown, -1, "nobody asked");
}

Test(desk_jobs, are_not_awaited_from_a_broker_that_is_away)
{
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_view(fixture.desk, VIEW_JOBS, 0);
    cr_assert(text_starts(fixture.sentence, "The broker does not answer"), "%s", fixture.sentence);
    cr_assert(fixture.idle);
    desk_fixture_close();
    desk_fixture_bring_to(DESK_CONNECTED);
    desk_link_up(fixture.desk);
    desk_view(fixture.desk, VIEW_JOBS, 0);
    cr_assert_eq(fixture.timer_ms, 10 * 1000);
    cr_assert_not(fixture.idle);
    desk_typing(fixture.desk);
    cr_assert_eq(fixture.timer_ms, 10 * 1000, "keys do not put it off");
    desk_time(fixture.desk);
    cr_assert_eq(desk_state(fixture.desk), DESK_SESSION_JOBS);
    cr_assert(text_starts(fixture.sentence, "The broker does not answer"), "%s", fixture.sentence);
    cr_assert(fixture.idle);
    cr_assert_eq(fixture.timer_ms, 60 * 1000);
}

Test(desk_jobs, do_not_hide_the_session_from_the_broker)
{
    desk_fixture_bring_to(DESK_SESSION_JOBS);
    desk_link_down(fixture.desk);
    desk_link_up(fixture.desk);
    cr_assert_eq(fixture.told.type, DEVICE_SHOWING);
    cr_assert_eq(fixture.told.state, DESK_REPORTS_CONNECTED);
    cr_assert_str_eq(fixture.told.session, "neustadt/s-1");
}

Test(desk_jobs, that_do_not_come_out_are_told_only_with_the_session_they_are_of)
{
    for (enum desk_state state = 0; state < DESK_STATE_COUNT; state++) {
        struct device_message notice = {.type = DEVICE_NOTICE, .fence = 7, .why = JOB_PRINTER_AWAY};
        desk_fixture_bring_to(state);
        bool has_session = state >= DESK_CONNECTING && state != DESK_JOBS;
        desk_link_message(fixture.desk, &notice);
        TEXT_PUT(notice.session, "neustadt/s-2");
        desk_link_message(fixture.desk, &notice);
        TEXT_PUT(notice.session, "neustadt/s-1");
        notice.fence = 6;
        desk_link_message(fixture.desk, &notice);
        cr_expect_str_eq(fixture.asked, "", "%s", desk_state_name(state));
        notice.fence = 7;
        desk_link_message(fixture.desk, &notice);
        cr_expect_str_eq(fixture.asked, has_session ? "notice" : "", "%s", desk_state_name(state));
        desk_fixture_close();
    }
    desk_fixture_open(false);
}
