// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/report.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define HOST "neustadt/ts1"

static struct reports reports;
static const char *detail;

static enum host_health at(int64_t now_ms)
{
    return report_health(&reports, HOST, HOST_OK, now_ms, &detail);
}

static void hear(int64_t now_ms, int64_t cpu, const char *faults)
{
    struct host_message as = {.type = HOST_REPORT, .cpu = cpu};
    TEXT_PUT(as.faults, faults);
    reports_link(&reports, HOST, true, now_ms);
    reports_take(&reports, HOST, &as, mem_new(1, sizeof(struct host_session)), 0, 0, now_ms);
}

static void drop(void)
{
    reports_clear(&reports);
}

TestSuite(report, .fini = drop);

Test(report, after_a_start_agents_have_a_moment_to_come)
{
    cr_assert_eq(at(REPORT_START_MS - 1), HOST_OK);
    cr_assert_eq(at(REPORT_START_MS), HOST_SILENT);
    hear(REPORT_START_MS, 0, "");
    cr_assert_eq(at(REPORT_START_MS), HOST_OK);
}

// Its port answers with the right certificate: who works there goes on, and gets there again.
Test(report, a_cut_link_never_gives_up_a_host_that_answers)
{
    hear(100, 0, "");
    reports_link(&reports, HOST, false, 1000);
    cr_assert_eq(at(1000 + REPORT_PATIENCE_MS - 1), HOST_SILENT);
    cr_assert_eq(at(1000 + REPORT_PATIENCE_MS), HOST_SILENT);
    cr_assert_eq(at(1000 + 24 * 3600 * 1000), HOST_SILENT);
    hear(1000 + REPORT_PATIENCE_MS, 0, "");
    cr_assert_eq(at(1001 + REPORT_PATIENCE_MS), HOST_OK);
}

Test(report, an_agent_that_hangs_is_silent_though_its_link_is_up)
{
    hear(0 + 1, 0, "");
    cr_assert_eq(at(REPORT_STALE_MS), HOST_OK);
    cr_assert_eq(at(REPORT_STALE_MS + 2), HOST_SILENT);
    cr_assert_eq(at(REPORT_STALE_MS + 24 * 3600 * 1000), HOST_SILENT);
}

Test(report, nobodys_silence_counts_from_before_the_broker_was_held)
{
    awake_beat(&reports.awake, 1000, 0);
    hear(1000, 0, "");
    for (int64_t now_ms = 1000; now_ms <= 2000; now_ms += 250)
        awake_beat(&reports.awake, now_ms, now_ms);
    awake_beat(&reports.awake, 62000, 62000);
    cr_assert_eq(at(62000), HOST_OK);
    cr_assert(report_is_fresh(&reports, HOST, 62000 + REPORT_STALE_MS));
    cr_assert_eq(at(62001 + REPORT_STALE_MS), HOST_SILENT);
}

#define MINE "neustadt/s-anna-1"

Test(report, a_session_is_out_of_reach_when_its_host_is_silent_and_lets_nobody_in)
{
    hear(1, 0, "");
    reports_link(&reports, HOST, false, 1000);
    reports_failed(&reports, HOST, MINE, 1000 + REPORT_SHUT_OUT_MS - 1);
    cr_assert_not(reports_shut_out(&reports, MINE), "that may be over soon");
    reports_failed(&reports, HOST, MINE, 1000 + REPORT_SHUT_OUT_MS);
    cr_assert(reports_shut_out(&reports, MINE));
    cr_assert_not(reports_shut_out(&reports, "neustadt/s-bert-1"), "nobody else's");
    hear(2000 + REPORT_SHUT_OUT_MS, 0, "");
    cr_assert_not(reports_shut_out(&reports, MINE));
    reports_failed(&reports, HOST, MINE, 3000 + REPORT_SHUT_OUT_MS);
    cr_assert_not(reports_shut_out(&reports, MINE), "its agent tells what runs there");
}

Test(report, a_host_whose_removal_was_taken_back_is_linked_as_it_was)
{
    hear(1, 0, "");
    reports_forget(&reports, HOST);
    struct host_message as = {.type = HOST_REPORT};
    reports_take(&reports, HOST, &as, NULL, 0, 0, REPORT_START_MS + REPORT_PATIENCE_MS);
    cr_assert_eq(at(REPORT_START_MS + REPORT_PATIENCE_MS + 1), HOST_OK);
}

Test(report, a_fault_makes_it_unfit_and_is_told)
{
    hear(1, 0, "xrdp does not offer TLS");
    cr_assert_eq(at(2), HOST_UNHEALTHY);
    cr_assert_str_eq(detail, "xrdp does not offer TLS");
}

Test(report, strain_grows_with_load_and_failures_and_fades)
{
    hear(1, 600, "");
    cr_assert_eq(report_load_penalty(&reports, HOST, 2), 0);
    hear(1, 850, "");
    cr_assert_eq(report_load_penalty(&reports, HOST, 2), 500);
    reports_failed(&reports, HOST, "neustadt/s-anna-1", 1000);
    reports_failed(&reports, HOST, "neustadt/s-anna-1", 1000);
    cr_assert_eq(report_load_penalty(&reports, HOST, 1001), 3500);
    cr_assert_eq(report_load_penalty(&reports, HOST, 61000), 2000);
    cr_assert_eq(report_load_penalty(&reports, HOST, 1000 + 3600 * 1000), 500);
}

Test(report, a_host_that_lets_nobody_in_soon_looks_fuller_than_a_full_one)
{
    hear(1, 0, "");
    for (int i = 0; i < 6; i++)
        reports_failed(&reports, HOST, "neustadt/s-anna-1", 1000);
    cr_assert_gt(report_load_penalty(&reports, HOST, 1001), 40 * 1000);
    for (int i = 0; i < 60; i++)
        reports_failed(&reports, HOST, "neustadt/s-anna-1", 1000);
    cr_assert_leq(report_load_penalty(&reports, HOST, 1001), 255000);
    cr_assert_eq(report_load_penalty(&reports, HOST, 1000 + 10 * 60 * 1000), 249, "and is tried again");
}

static struct host_session *one_session(const char *id, int64_t fence)
{
    struct host_session *one = mem_new(1, sizeof *one);
    TEXT_PUT(one->session, id);
    one->fence = fence;
    return one;
}

Test(report, what_a_journal_from_a_backup_never_held_stays_unrecorded_when_the_journal_grows)
{
    struct host_message as = {.type = HOST_REPORT};
    reports_take(&reports, HOST, &as, one_session("neustadt/s-anna-1", 100), 1, 100, 1);
    cr_assert_not(reports_unrecorded(&reports, "neustadt/s-anna-1"));
    reports_take(&reports, HOST, &as, one_session("neustadt/s-anna-1", 101), 1, 100, 2);
    cr_assert(reports_unrecorded(&reports, "neustadt/s-anna-1"));
    reports_take(&reports, HOST, &as, one_session("neustadt/s-anna-1", 101), 1, 200, 3);
    cr_assert(reports_unrecorded(&reports, "neustadt/s-anna-1"));
    reports_take(&reports, HOST, &as, one_session("neustadt/s-anna-2", 101), 1, 200, 4);
    cr_assert_not(reports_unrecorded(&reports, "neustadt/s-anna-1"));
    cr_assert_not(reports_unrecorded(&reports, "neustadt/s-anna-2"));
}

// ---- who got no desktop

static void somebody_gets(const char *person, enum desktop_outcome outcome, bool is_new, int64_t now_ms)
{
    reports_desktop(&reports, HOST, person, outcome, is_new, now_ms);
}

static void three_get_none(int64_t now_ms)
{
    somebody_gets("neustadt/p-1", DESKTOP_NO_SESSION, true, now_ms);
    somebody_gets("neustadt/p-2", DESKTOP_NO_SESSION, true, now_ms);
    somebody_gets("neustadt/p-3", DESKTOP_ENDED, true, now_ms);
}

Test(report, what_fails_one_person_is_not_the_hosts_fault)
{
    hear(1, 0, "");
    for (int i = 0; i < 50; i++)
        somebody_gets("neustadt/p-1", DESKTOP_NO_SCREEN, true, 1000 + i);
    somebody_gets("neustadt/p-2", DESKTOP_NO_SCREEN, true, 1100);
    cr_assert_eq(at(1200), HOST_OK);
    cr_assert(report_failure_of(reports_find(&reports, HOST), "neustadt/p-1", 1200));
    cr_assert_not(report_failure_of(reports_find(&reports, HOST), "neustadt/p-3", 1200));
}

Test(report, a_host_that_fails_several_people_is_failing_until_one_gets_a_new_desktop)
{
    hear(1, 0, "");
    three_get_none(1000);
    cr_assert_eq(at(1000), HOST_FAILING);
    somebody_gets("neustadt/p-4", DESKTOP_READY, false, 2000);
    cr_assert_eq(at(2000), HOST_FAILING, "a desktop that was there before tells nothing");
    somebody_gets("neustadt/p-1", DESKTOP_READY, true, 3000);
    cr_assert_eq(at(3000), HOST_OK);
    const struct desktop_failure *last;
    cr_assert_eq(report_without_desktop(reports_find(&reports, HOST), 3000, &last), 2);
}

Test(report, a_failing_host_is_tried_again_after_ten_minutes)
{
    hear(1, 0, "");
    three_get_none(1000);
    hear(1000 + REPORT_FAILING_MS, 0, "");
    cr_assert_eq(at(1000 + REPORT_FAILING_MS), HOST_OK);
    cr_assert_not(report_failure_of(reports_find(&reports, HOST), "neustadt/p-1", 1000 + REPORT_FAILING_MS));
}

Test(report, of_many_failures_the_latest_are_remembered)
{
    char person[ID_SIZE];
    const struct desktop_failure *last;
    for (int i = 0; i < 3 * REPORT_FAILURES_MAX; i++) {
        snprintf(person, sizeof person, "neustadt/p-%d", i);
        somebody_gets(person, DESKTOP_NO_SESSION, true, 1000 + i);
    }
    cr_assert_eq(report_without_desktop(reports_find(&reports, HOST), 2000, &last), REPORT_FAILURES_MAX);
    cr_assert_str_eq(last->person, person);
}
