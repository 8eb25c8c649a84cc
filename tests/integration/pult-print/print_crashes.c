// SPDX-License-Identifier: EUPL-1.2
// What a worker makes of a job that was on its way when everything ended.
#include "broker/base/text.h"
#include "broker/pult-print/ipp_line.h"
#include "broker/pult-print/printer_client.h"
#include "tests/integration/pult-print/worker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(print_crashes, .init = print_start, .fini = print_stop, .timeout = 200);

static struct printed_job job;

// As the worker would send it, up to a point.
static bool read_part(void *arg, void *bytes, size_t size, size_t *length, struct fault *why)
{
    size_t *left = arg;
    if (*left == 0)
        return fault_set(why, FAULT_BROKEN, "here it dies");
    *length = size < *left ? size : *left;
    memcpy(bytes, job.document, *length);
    *left -= *length;
    return true;
}

static struct printer_address here(void)
{
    struct printer_address address = {0};
    snprintf(address.uri, sizeof address.uri, "ipp://127.0.0.1:%d/ipp/print", PRINT_PORT);
    return address;
}

static int64_t leave_behind(bool with_document, size_t bytes)
{
    struct printer_address address = here();
    char name[SPOOL_JOB_NAME_SIZE];
    struct fault why = {0};
    spool_job_name(name, job.id);
    struct ipp_line *line = ipp_line_new(&address);
    ipp_t *request = ippNewRequest(IPP_OP_CREATE_JOB);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, address.uri);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "job-name", NULL, name);
    ipp_t *answer = ipp_line_ask(line, request, NULL, &why);
    cr_assert(answer, "%s", why.text);
    int number = ippGetInteger(ippFindAttribute(answer, "job-id", IPP_TAG_INTEGER), 0);
    ippDelete(answer);
    if (with_document) {
        struct ipp_document document = {.read = read_part, .arg = &bytes, .size = job.size};
        request = ippNewRequest(IPP_OP_SEND_DOCUMENT);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, address.uri);
        ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "job-id", number);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_MIMETYPE, "document-format", NULL, "application/pdf");
        ippAddBoolean(request, IPP_TAG_OPERATION, "last-document", 1);
        ippDelete(ipp_line_ask(line, request, &document, &why));
    }
    ipp_line_free(line);
    return number;
}

// Another one was printed before, by which the printer shows that it remembers.
static void start_crash(bool odd)
{
    if (odd) {
        print_odd("");
    } else {
        struct printed_job before;
        print_ippeve("");
        print_add(&before, 1, "");
        print_send(&before);
        print_wait();
        print_forget(&before);
        // By whole seconds.
        print_pause(4000);
    }
    print_add(&job, 40, "");
}

static void assert_sent_again(void)
{
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_REASON_NONE);
    print_send(&job);
    print_wait();
    size_t size;
    cr_assert_null(print_record(&job));
    char *paper = print_paper(&size);
    cr_expect(size == job.size && memcmp(paper, job.document, size) == 0);
    free(paper);
    print_forget(&job);
}

static void dies_before_create_job(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    print_crashed(&job, SPOOL_SENDING, 0);
    assert_sent_again();
    cr_expect_eq(print_papers(), papers + 1);
}

static void dies_after_create_job(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    leave_behind(false, 0);
    print_crashed(&job, SPOOL_SENDING, 0);
    assert_sent_again();
    cr_expect_eq(print_papers(), papers + 1);
}

// While the printer still waits for the rest, the worker has the half cancelled there.
static void await_end_at_printer(int64_t number)
{
    struct printer_address address = here();
    struct printer_job seen = {0};
    char name[SPOOL_JOB_NAME_SIZE];
    struct fault why = {0};
    spool_job_name(name, job.id);
    struct ipp_line *line = ipp_line_new(&address);
    while (seen.state < PRINTER_JOB_COMPLETED) {
        cr_assert(printer_job_read(line, number, name, &seen, &why), "%s", why.text);
        print_pause(20);
    }
    ipp_line_free(line);
}

// The odd printer prints the half, CUPS's throws it away: neither says so to those who come later.
static void dies_in_the_document(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    await_end_at_printer(leave_behind(true, job.size / 2));
    print_crashed(&job, SPOOL_SENDING, 0);
    print_wait();
    print_assert_held(&job, SPOOL_UNCERTAIN, JOB_SERVER_RESTARTED);
    cr_expect_eq(print_papers(), odd ? papers + 1 : papers);
    print_forget(&job);
}

static void dies_before_the_answer(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    leave_behind(true, job.size);
    print_crashed(&job, SPOOL_SENDING, 0);
    print_wait();
    cr_expect_null(print_record(&job));
    cr_expect_eq(print_papers(), papers + 1);
    cr_expect_eq(print_entry.impressions, 40);
    print_forget(&job);
}

static void dies_once_it_was_sent(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    int64_t number = leave_behind(true, job.size);
    print_crashed(&job, SPOOL_SENT, number);
    print_wait();
    cr_expect_null(print_record(&job));
    cr_expect_eq(print_papers(), papers + 1);
    print_forget(&job);
}

Test(print_crashes, dies_before_create_job_at_ippeveprinter)
{
    dies_before_create_job(false);
}

Test(print_crashes, dies_before_create_job_at_the_odd_printer)
{
    dies_before_create_job(true);
}

Test(print_crashes, dies_after_create_job_at_ippeveprinter)
{
    dies_after_create_job(false);
}

Test(print_crashes, dies_after_create_job_at_the_odd_printer)
{
    dies_after_create_job(true);
}

Test(print_crashes, dies_in_the_document_at_ippeveprinter)
{
    dies_in_the_document(false);
}

Test(print_crashes, dies_in_the_document_at_the_odd_printer)
{
    dies_in_the_document(true);
}

Test(print_crashes, dies_before_the_answer_at_ippeveprinter)
{
    dies_before_the_answer(false);
}

Test(print_crashes, dies_before_the_answer_at_the_odd_printer)
{
    dies_before_the_answer(true);
}

Test(print_crashes, dies_once_it_was_sent_at_ippeveprinter)
{
    dies_once_it_was_sent(false);
}

Test(print_crashes, dies_once_it_was_sent_at_the_odd_printer)
{
    dies_once_it_was_sent(true);
}

Test(print_crashes, a_printer_that_remembers_nothing_is_not_believed)
{
    print_odd("forgets");
    print_add(&job, 1, "");
    print_crashed(&job, SPOOL_SENDING, 0);
    print_wait();
    print_assert_held(&job, SPOOL_UNCERTAIN, JOB_SERVER_RESTARTED);
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

Test(print_crashes, a_printer_that_remembers_a_thousand_jobs_is_understood)
{
    print_odd("remembers");
    print_add(&job, 1, "");
    print_crashed(&job, SPOOL_SENDING, 0);
    assert_sent_again();
    cr_expect_eq(print_papers(), 1);
}

// It is asked once more, without the one question that was broken off.
Test(print_crashes, a_cancel_does_not_make_its_printer_unreachable)
{
    print_odd("");
    print_add(&job, 1, "");
    print_crashed(&job, SPOOL_SENDING, 0);
    print_worker_cancel(print_worker, job.id, JOB_BY_ITS_PERSON);
    print_wait();
    cr_expect_null(print_record(&job));
    cr_expect_neq(print_state, PRINTER_UNREACHABLE, "%s", print_detail);
    print_forget(&job);
}

Test(print_crashes, after_a_crash_pages_are_counted_by_a_key_that_is_asked_for)
{
    print_odd("silent");
    print_add(&job, 5, "");
    int64_t number = leave_behind(true, job.size);
    print_crashed(&job, SPOOL_SENT, number);
    print_wait();
    cr_expect_null(print_record(&job));
    cr_expect_eq(print_entry.impressions, 5);
    cr_expect(print_entry.by_document);
    print_forget(&job);
}

Test(print_crashes, what_came_out_is_over_also_where_its_pages_cannot_be_counted)
{
    print_odd("silent");
    print_add(&job, 5, "");
    int64_t number = leave_behind(true, job.size);
    print_gives_key = false;
    print_crashed(&job, SPOOL_SENT, number);
    print_wait();
    cr_expect_null(print_record(&job));
    cr_expect_eq(print_told, 1);
    cr_expect_eq(print_entry.impressions, 0);
    cr_expect(print_entry.by_document);
    cr_expect_eq(print_papers(), 1);
    print_forget(&job);
}

Test(print_crashes, an_entry_of_the_accounts_outlives_a_crash_once)
{
    print_odd("");
    print_add(&job, 5, "");
    print_send(&job);
    print_wait();
    cr_expect_eq(print_told, 1);
    print_restart();
    cr_expect_eq(print_told, 1);
    accounts_counted(print_accounts, print_entry.number);
    accounts_tell_all(print_accounts);
    cr_expect_eq(print_told, 1);
    print_forget(&job);
}
