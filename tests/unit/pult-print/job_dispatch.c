// SPDX-License-Identifier: EUPL-1.2
// Which job goes where, and when.
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/print_report.h"
#include "tests/unit/pult-print/dispatch_fixture.h"

#include <criterion/criterion.h>

TestSuite(job_dispatch, .init = dispatch_start, .fini = dispatch_stop, .timeout = 60);

static void wait_a_tick(void)
{
    struct loop_timer *timer = loop_timer_new(dispatch_loop, (void (*)(void *))loop_stop, dispatch_loop);
    loop_timer_start(timer, 1500);
    loop_run(dispatch_loop);
    loop_timer_free(timer);
}

Test(job_dispatch, a_job_is_asked_about_with_its_key_and_sent_at_once)
{
    dispatch_add_job(1);
    cr_assert_eq(dispatch_asked_count, 1);
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(1));
    cr_assert_str_eq(dispatch_last_asked()->host, "neustadt/ts1");
    cr_assert_str_eq(dispatch_last_asked()->user_name, "anna");
    cr_assert_str_eq(dispatch_last_asked()->sealed, "c2VhbGVk");
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    cr_assert(dispatch_worker_of(ROOM1)->has_key);
    cr_assert_str_eq(spool_find(dispatch_spool, dispatch_id(1))->person, "neustadt/anna");
    cr_assert_eq(dispatch_asked_count, 1);
}

Test(job_dispatch, one_that_waits_for_its_printer_is_asked_about_again_when_its_turn_has_come)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(3);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    cr_assert_eq(dispatch_asked_count, 3);
    dispatch_end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
    cr_assert_eq(dispatch_asked_count, 4, "its person may be elsewhere by now");
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(2));
    cr_assert_str_eq(dispatch_last_asked()->sealed, "c2VhbGVk");
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE); // she is
    cr_assert_str_eq(dispatch_job_at(ROOM2), dispatch_id(2));
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(3), "the turn at the first printer goes to the next");
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(3));
}

Test(job_dispatch, a_printer_that_is_stuck_holds_up_no_other)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    for (int i = 2; i < 6; i++) {
        dispatch_add_job(i);
        dispatch_answer(dispatch_last_asked(), PRINT_SEND, i % 2 ? ROOM2 : ROOM1, JOB_REASON_NONE);
    }
    cr_assert_str_eq(dispatch_job_at(ROOM2), dispatch_id(3));
    dispatch_end_job(ROOM2, SPOOL_DONE, JOB_REASON_NONE);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM2), dispatch_id(5));
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
}

Test(job_dispatch, not_everything_is_asked_at_once_and_nothing_is_forgotten)
{
    size_t answered = 0;
    dispatch_is_away = true;
    job_dispatch_link(dispatch_now, false);
    for (int i = 1; i <= 200; i++)
        dispatch_add_job(i);
    cr_assert_eq(dispatch_asked_count, 0);
    dispatch_is_away = false;
    job_dispatch_link(dispatch_now, true);
    cr_assert(dispatch_asked_count > 10 && dispatch_asked_count < 100, "%zu", dispatch_asked_count);
    size_t with_keys = 0;
    while (answered < dispatch_asked_count) {
        with_keys += dispatch_asked[answered].sealed[0] != 0;
        dispatch_answer(&dispatch_asked[answered++], PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    }
    cr_assert_eq(answered, 200);
    cr_assert_lt(with_keys, 10, "keys are opened for jobs that are not sent");
    for (int i = 1; i <= 200; i++)
        cr_assert_eq(dispatch_state_of(i), SPOOL_HELD);
}

Test(job_dispatch, a_question_that_was_lost_with_the_link_is_asked_again)
{
    dispatch_add_job(1);
    struct print_message lost = *dispatch_last_asked();
    dispatch_is_away = true;
    job_dispatch_link(dispatch_now, false);
    dispatch_is_away = false;
    job_dispatch_link(dispatch_now, true);
    cr_assert_eq(dispatch_asked_count, 2);
    dispatch_answer(&lost, PRINT_HOLD, "", JOB_NO_GRANT); // of before
    cr_assert_eq(dispatch_state_of(1), SPOOL_WAITING);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    dispatch_answer(&dispatch_asked[1], PRINT_SEND, ROOM2, JOB_REASON_NONE); // again
    cr_assert_null(dispatch_worker_of(ROOM2));
}

Test(job_dispatch, who_is_told_to_wait_is_asked_about_again_when_there_is_news)
{
    struct print_message printers = {.type = PRINT_PRINTERS};
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_WAIT, ROOM2, JOB_PRINTER_AWAY);
    cr_assert_eq(spool_find(dispatch_spool, dispatch_id(1))->reason, JOB_PRINTER_AWAY);
    cr_assert_str_eq(spool_find(dispatch_spool, dispatch_id(1))->printer, ROOM2);
    cr_assert_eq(dispatch_asked_count, 1);
    job_dispatch_printers(dispatch_now, &printers);
    cr_assert_eq(dispatch_asked_count, 2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
}

Test(job_dispatch, a_job_that_a_printer_could_not_print_goes_elsewhere)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_end_job(ROOM1, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_assert_eq(dispatch_asked_count, 2);
    cr_assert_str_eq(dispatch_last_asked()->avoid, ROOM1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_AT_SUBSTITUTE);
    cr_assert_str_eq(dispatch_job_at(ROOM2), dispatch_id(1));
}

Test(job_dispatch, jobs_leave_a_printer_that_is_drained)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_printer drained = {.printer = ROOM1, .uri = "ipp://printer/ipp/print", .draining = true};
    struct print_message printers = {.type = PRINT_PRINTERS, .printers = {&drained, 1, 1}};
    job_dispatch_printers(dispatch_now, &printers);
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(2));
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
}

Test(job_dispatch, a_held_job_is_released_to_where_it_is_wanted)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    cr_assert_eq(dispatch_state_of(1), SPOOL_HELD);
    dispatch_order(PRINT_MOVE, dispatch_id(1), ROOM1, "person neustadt/anna");
    cr_assert_eq(dispatch_state_of(1), SPOOL_HELD, "moved is not released");
    cr_assert_eq(dispatch_asked_count, 1);
    dispatch_order(PRINT_RELEASE, dispatch_id(1), ROOM2, "person neustadt/anna");
    cr_assert_eq(dispatch_asked_count, 2);
    cr_assert_str_eq(dispatch_last_asked()->target, ROOM2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM2), dispatch_id(1));
}

Test(job_dispatch, what_is_uncertain_is_printed_again_only_when_it_is_released)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_end_job(ROOM1, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    struct print_message printers = {.type = PRINT_PRINTERS};
    job_dispatch_printers(dispatch_now, &printers);
    cr_assert_eq(dispatch_asked_count, 1);
    dispatch_order(PRINT_RELEASE, dispatch_id(1), "", "admin neustadt/anna");
    cr_assert_eq(dispatch_asked_count, 2);
}

Test(job_dispatch, cancelled_jobs_are_gone_wherever_they_are)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // waits there
    dispatch_add_job(3);
    dispatch_answer(dispatch_last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    dispatch_add_job(4); // asked about
    for (int i = 1; i <= 4; i++)
        dispatch_order(PRINT_CANCEL, dispatch_id(i), "", "admin neustadt/otto");
    cr_assert(dispatch_worker_of(ROOM1)->cancelled);
    for (int i = 2; i <= 4; i++)
        cr_assert_eq(dispatch_state_of(i), SPOOL_CANCELLED);
    cr_assert_eq(spool_find(dispatch_spool, dispatch_id(3))->reason, JOB_BY_AN_ADMINISTRATOR);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_null(dispatch_worker_of(ROOM2));
    dispatch_end_job(ROOM1, SPOOL_CANCELLED, JOB_BY_AN_ADMINISTRATOR);
    cr_assert_eq(dispatch_asked_count, 4, "there is nobody left for the printer");
}

static void hold_until(int number, int64_t delete_at_ms)
{
    struct spool_job job = *spool_find(dispatch_spool, dispatch_id(number));
    dispatch_answer(dispatch_last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    job.state = SPOOL_HELD;
    job.delete_at_ms = delete_at_ms;
    spool_put(dispatch_spool, &job, NULL, NULL);
}

// The hour here may be wrong, or be set while they wait.
Test(job_dispatch, a_job_grows_too_old_by_the_brokers_clock_alone)
{
    const int64_t broker_ms = 1000 * 1000;
    dispatch_add_job(1);
    hold_until(1, broker_ms + 3600 * 1000);
    dispatch_add_job(2);
    hold_until(2, broker_ms);
    job_dispatch_clock(dispatch_now, broker_ms);
    while (dispatch_state_of(2) == SPOOL_HELD)
        loop_run(dispatch_loop);
    cr_assert_eq(dispatch_state_of(1), SPOOL_HELD);
    job_dispatch_clock(dispatch_now, broker_ms + 3600 * 1000);
    while (dispatch_state_of(1) == SPOOL_HELD)
        loop_run(dispatch_loop);
}

Test(job_dispatch, refused_is_over)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_REFUSE, "", JOB_MAY_NOT_PRINT);
    cr_assert_eq(dispatch_state_of(1), SPOOL_CANCELLED);
    cr_assert_eq(spool_find(dispatch_spool, dispatch_id(1))->reason, JOB_MAY_NOT_PRINT);
}

Test(job_dispatch, what_happened_here_happened_when_the_brokers_clock_says_whatever_the_hour_is)
{
    const int64_t hour_ms = 3600 * 1000, minute_ms = 60 * 1000;
    const struct print_account entry = {.number = 1, .at_ms = 1};
    struct print_message job, printed;
    job_dispatch_clock(dispatch_now, clock_wall_ms() + hour_ms);
    dispatch_add_job(1); // made in the first millisecond of 1970
    cr_assert_geq(dispatch_last_asked()->created_ms, hour_ms - minute_ms);
    cr_assert_leq(dispatch_last_asked()->created_ms, hour_ms + minute_ms);
    print_report_job(&job, dispatch_now, spool_find(dispatch_spool, dispatch_id(1)));
    cr_assert_eq(job.created_ms, dispatch_last_asked()->created_ms, "its deletion is reckoned from that");
    print_report_printed(&printed, dispatch_now, &entry);
    cr_assert_eq(printed.at_ms, job.created_ms, "it is so in the journal");
    job_dispatch_clock(dispatch_now, clock_wall_ms() - hour_ms);
    print_report_job(&job, dispatch_now, spool_find(dispatch_spool, dispatch_id(1)));
    cr_assert_eq(job.created_ms, 0, "nothing is older than time");
}

Test(job_dispatch, after_a_restart_a_job_that_was_cancelled_before_goes_nowhere)
{
    dispatch_add_job(1);
    struct spool_job job = *spool_find(dispatch_spool, dispatch_id(1));
    job.cancelling = JOB_BY_ITS_PERSON;
    spool_put(dispatch_spool, &job, NULL, NULL);
    job_dispatch_free(take(dispatch_now));
    dispatch_asked_count = 0;
    dispatch_begin();
    job_dispatch_link(dispatch_now, true);
    cr_assert_eq(dispatch_asked_count, 0);
    cr_assert_eq(dispatch_state_of(1), SPOOL_CANCELLED);
    cr_assert_eq(spool_find(dispatch_spool, dispatch_id(1))->reason, JOB_BY_ITS_PERSON);
}

Test(job_dispatch, after_a_restart_a_printer_that_may_have_a_job_is_asked_first)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct spool_job job = *spool_find(dispatch_spool, dispatch_id(1));
    TEXT_PUT(job.printer, ROOM1);
    TEXT_PUT(job.printer_uri, "ipp://printer/ipp/print");
    spool_put(dispatch_spool, &job, NULL, NULL);
    dispatch_add_job(2);
    job_dispatch_free(take(dispatch_now));
    dispatch_asked_count = 0;
    dispatch_begin();
    cr_assert(dispatch_worker_of(ROOM1)->recovers);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    job_dispatch_link(dispatch_now, true);
    cr_assert_eq(dispatch_asked_count, 1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // the second has to wait
    struct print_worker *worker = dispatch_worker_of(ROOM1);
    worker->events->wants_key(worker->arg, worker, dispatch_id(1));
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(1));
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE); // wherever she is now
    cr_assert(worker->has_key);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    dispatch_end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_last_asked()->job, dispatch_id(2));
}

// ---- keys for counting pages

// A job that a printer had before a restart, and whose worker wants to count its pages.
static struct print_worker *want_key(void)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct spool_job job = *spool_find(dispatch_spool, dispatch_id(1));
    job.state = SPOOL_SENT;
    TEXT_PUT(job.printer, ROOM1);
    TEXT_PUT(job.printer_uri, "ipp://printer/ipp/print");
    spool_put(dispatch_spool, &job, NULL, NULL);
    job_dispatch_free(take(dispatch_now));
    dispatch_begin();
    job_dispatch_link(dispatch_now, true);
    dispatch_asked_count = 0;
    struct print_worker *worker = dispatch_worker_of(ROOM1);
    worker->events->wants_key(worker->arg, worker, dispatch_id(1));
    cr_assert_eq(dispatch_asked_count, 1);
    cr_assert_str_eq(dispatch_last_asked()->sealed, "c2VhbGVk");
    return worker;
}

Test(job_dispatch, the_key_of_what_was_printed_is_asked_for_where_that_was)
{
    struct print_worker *worker = want_key();
    cr_assert_str_eq(dispatch_last_asked()->target, ROOM1, "its person may be at no printer by now");
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert(worker->has_key);
    dispatch_end_job(ROOM1, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_assert_str_eq(dispatch_last_asked()->target, "", "sent again, it goes to where it was meant to");
}

Test(job_dispatch, a_key_that_is_not_given_while_its_printer_drains_is_waited_for)
{
    struct print_message printers = {.type = PRINT_PRINTERS};
    struct print_worker *worker = want_key();
    for (int i = 0; i < 2; i++) {
        dispatch_answer(dispatch_last_asked(), PRINT_WAIT, ROOM1, JOB_PRINTER_DRAINING);
        cr_assert_not(worker->goes_without_key, "its pages would be none");
        cr_assert_eq(dispatch_asked_count, i + 1, "nothing has changed");
        job_dispatch_printers(dispatch_now, &printers);
        cr_assert_eq(dispatch_asked_count, i + 2);
    }
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert(worker->has_key && !worker->goes_without_key);
    job_dispatch_printers(dispatch_now, &printers);
    cr_assert_eq(dispatch_asked_count, 3, "it has its key");
}

Test(job_dispatch, a_key_that_nobody_will_give_is_not_waited_for)
{
    static const enum print_outcome outcomes[] = {PRINT_HOLD, PRINT_REFUSE};
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct print_worker *worker = want_key();
        dispatch_answer(dispatch_last_asked(), outcomes[i], "", JOB_OWNER_UNKNOWN);
        cr_assert(worker->goes_without_key);
        cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1), "it is being counted");
        dispatch_stop();
        dispatch_start();
    }
}

// Else its printer would stand still until the link drops.
Test(job_dispatch, questions_without_an_answer_are_asked_again)
{
    size_t keys = 0, routes = 0;
    want_key();
    struct print_message lost = *dispatch_last_asked();
    dispatch_add_job(2);
    dispatch_asked_count = 0;
    while (!keys || !routes) {
        wait_a_tick();
        keys = routes = 0;
        for (size_t i = 0; i < dispatch_asked_count; i++) {
            bool is_key = text_equal(dispatch_asked[i].job, dispatch_id(1));
            keys += is_key;
            routes += !is_key;
        }
    }
    cr_assert(keys == 1 && routes == 1, "%zu, %zu", keys, routes);
    dispatch_answer(&lost, PRINT_SEND, ROOM1, JOB_REASON_NONE); // too late
    cr_assert_not(dispatch_worker_of(ROOM1)->has_key);
}

// ----

Test(job_dispatch, the_broker_hears_how_printers_are)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_worker *worker = dispatch_worker_of(ROOM1);
    worker->events->state(worker->arg, worker, PRINTER_STOPPED, "media-empty");
    cr_assert_eq(dispatch_told_printers, 1);
    job_dispatch_link(dispatch_now, false);
    job_dispatch_link(dispatch_now, true);
    cr_assert_eq(dispatch_told_printers, 2);
}

Test(job_dispatch, what_waits_for_a_printer_in_trouble_goes_out_once_that_prints_again)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_worker *worker = dispatch_worker_of(ROOM1);
    worker->events->state(worker->arg, worker, PRINTER_UNREACHABLE, "away");
    dispatch_end_job(ROOM1, SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_assert_eq(dispatch_told_printers, 1);
    dispatch_answer(dispatch_last_asked(), PRINT_WAIT, ROOM1, JOB_PRINTER_AWAY);
    size_t before = dispatch_asked_count;
    worker->events->state(worker->arg, worker, PRINTER_STOPPED, "media-empty");
    cr_assert_eq(dispatch_asked_count, before);
    worker->events->state(worker->arg, worker, PRINTER_IDLE, "");
    cr_assert_eq(dispatch_told_printers, 3);
    cr_assert_eq(dispatch_asked_count, before + 1, "it is idle again, and nobody asks");
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
}

Test(job_dispatch, a_printer_that_moved_is_found_there_also_for_what_it_has)
{
    struct print_printer moved = {.printer = ROOM1, .uri = "ipp://elsewhere/ipp/print"};
    struct print_message printers = {.type = PRINT_PRINTERS, .printers = {&moved, 1, 1}};
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_worker *worker = dispatch_worker_of(ROOM1);
    job_dispatch_printers(dispatch_now, &printers);
    cr_assert_str_eq(worker->target.address.uri, "ipp://elsewhere/ipp/print");
    cr_assert_str_eq(dispatch_job_at(ROOM1), dispatch_id(1));
    dispatch_end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // where it was
    cr_assert_str_eq(worker->target.address.uri, "ipp://printer/ipp/print");
}

// ---- jobs that waited too long

Test(job_dispatch, what_waited_too_long_is_deleted_but_not_in_print)
{
    dispatch_delete_at_ms = 1000 * 1000;
    job_dispatch_clock(dispatch_now, dispatch_delete_at_ms - 200);
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(2);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    dispatch_add_job(3);
    dispatch_answer(dispatch_last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    dispatch_add_job(4);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    dispatch_set_state(dispatch_id(4), SPOOL_SENT, JOB_PRINTER_AWAY); // for a day or two
    while (spool_find(dispatch_spool, dispatch_id(2)) || spool_find(dispatch_spool, dispatch_id(3)) ||
           !dispatch_worker_of(ROOM2)->too_old)
        wait_a_tick();
    cr_assert_eq(dispatch_state_of(1), SPOOL_SENDING);
    cr_assert_not(dispatch_worker_of(ROOM1)->too_old);
}

Test(job_dispatch, where_it_comes_out_instead_outlives_trouble_and_a_restart)
{
    dispatch_add_job(1);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM2, JOB_AT_SUBSTITUTE);
    cr_assert(spool_find(dispatch_spool, dispatch_id(1))->at_substitute);
    dispatch_set_state(dispatch_id(1), SPOOL_SENT, JOB_PRINTER_STOPPED);
    dispatch_end_job(ROOM2, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    dispatch_answer(dispatch_last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // that one prints again
    cr_assert_not(spool_find(dispatch_spool, dispatch_id(1))->at_substitute);
}
