// SPDX-License-Identifier: EUPL-1.2
// What is entered in the accounts of a job that is over, and how its record ends: every way in which a printer ends
// one.
#include "broker/pult-print/print_result.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>

static struct spool_job job;
static struct printer_job seen;
static struct print_options options;
static struct print_account entry;

static void start(void)
{
    job = (struct spool_job){
        .id = "j-1", .host = "altdorf/ts4", .printer = "neustadt/room1", .person = "neustadt/p-1", .attempts = 2};
    TEXT_PUT(job.format, "application/pdf");
    seen = (struct printer_job){.state = PRINTER_JOB_COMPLETED, .impressions = -1, .sheets = -1, .colour = -1};
    print_options_read(&options, "copies=2 sides=two-sided-long-edge print-color-mode=color");
}

TestSuite(print_result, .init = start);

static struct print_result result(int64_t pages)
{
    return (struct print_result){.job = &job, .seen = &seen, .options = &options, .pages = pages};
}

static void judge(int64_t pages)
{
    struct print_result of = result(pages);
    print_result_judge(&of, 77, &entry);
}

static bool wants_pages(void)
{
    struct print_result of = result(0);
    return print_result_wants_pages(&of);
}

Test(print_result, what_the_printer_counts_is_believed)
{
    seen.impressions = 6;
    seen.sheets = 4;
    seen.colour = 0;
    cr_assert_not(wants_pages());
    judge(0);
    cr_assert_eq(entry.outcome, SPOOL_DONE);
    cr_assert_eq(entry.reason, JOB_REASON_NONE);
    cr_assert_eq(entry.impressions, 6);
    cr_assert_eq(entry.sheets, 4);
    cr_assert_not(entry.colour);
    cr_assert_not(entry.by_document);
    cr_assert_eq(entry.attempt, 2);
    cr_assert_eq(entry.at_ms, 77);
    cr_assert_str_eq(entry.host, "altdorf/ts4");
    cr_assert_str_eq(entry.person, "neustadt/p-1");
    cr_assert_str_eq(entry.printer, "neustadt/room1");
    job.at_substitute = true;
    judge(0);
    cr_assert_eq(entry.reason, JOB_AT_SUBSTITUTE, "where it came out is not said");
}

Test(print_result, the_document_counts_where_the_printer_does_not)
{
    cr_assert(wants_pages());
    judge(3);
    cr_assert_eq(entry.outcome, SPOOL_DONE);
    cr_assert_eq(entry.impressions, 6, "two copies of three pages");
    cr_assert_eq(entry.sheets, 3);
    cr_assert(entry.colour);
    cr_assert(entry.by_document);
    TEXT_PUT(job.format, "image/jpeg");
    cr_assert_not(wants_pages(), "nothing counts the pages of that");
}

Test(print_result, what_may_be_half_a_job_is_done_when_all_its_pages_came_out)
{
    job.doubtful = true;
    cr_assert_not(wants_pages(), "there is nothing to compare with");
    judge(0);
    cr_assert_eq(entry.outcome, SPOOL_UNCERTAIN);
    cr_assert_eq(entry.reason, JOB_HALF_PRINTED);
    cr_assert_eq(entry.impressions, 0);
    seen.impressions = 6;
    cr_assert(wants_pages());
    judge(3);
    cr_assert_eq(entry.outcome, SPOOL_DONE);
    judge(4);
    cr_assert_eq(entry.outcome, SPOOL_UNCERTAIN);
    cr_assert_eq(entry.impressions, 6, "what came out is paid for");
    struct print_result of = result(4);
    of.recovered = true;
    print_result_judge(&of, 77, &entry);
    cr_assert_eq(entry.reason, JOB_SERVER_RESTARTED);
}

Test(print_result, one_that_the_printer_gave_up_is_held)
{
    seen.state = PRINTER_JOB_ABORTED;
    seen.impressions = 0;
    cr_assert_not(wants_pages());
    judge(0);
    cr_assert_eq(entry.outcome, SPOOL_HELD);
    cr_assert_eq(entry.reason, JOB_NOT_SUPPORTED);
    seen.impressions = 2; // in the middle
    judge(0);
    cr_assert_eq(entry.outcome, SPOOL_UNCERTAIN);
    cr_assert_eq(entry.impressions, 2);
}

Test(print_result, a_cancelled_one_pays_for_what_came_out)
{
    seen.state = PRINTER_JOB_CANCELLED;
    judge(0);
    cr_assert_eq(entry.outcome, SPOOL_CANCELLED);
    cr_assert_eq(entry.reason, JOB_AT_ITS_PRINTER);
    job.cancelling = JOB_BY_ITS_PERSON;
    judge(0);
    cr_assert_eq(entry.reason, JOB_BY_ITS_PERSON);
    cr_assert_eq(entry.impressions, 0);
    seen.impressions = 2;
    judge(0);
    cr_assert_eq(entry.impressions, 2);
}
