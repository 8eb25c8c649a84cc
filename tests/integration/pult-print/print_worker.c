// SPDX-License-Identifier: EUPL-1.2
// A printer's worker at printers that do what they should, and at others.
#include "broker/pult-print/print_worker.h"
#include "broker/base/file.h"
#include "broker/pult-print/ipp_line.h"
#include "tests/integration/pult-print/worker_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(print_worker, .init = print_start, .fini = print_stop, .timeout = 200);

static struct printed_job job;

static void assert_held(enum spool_state state, enum job_reason reason)
{
    const struct spool_job *record = print_record(&job);
    cr_assert(record, "it is over");
    cr_expect_str_eq(spool_state_words[record->state], spool_state_words[state]);
    cr_expect_str_eq(job_reason_words[record->reason], job_reason_words[reason]);
    cr_expect(print_worker_is_free(print_worker));
}

static void assert_printed(int papers, int64_t impressions, bool by_document)
{
    size_t size;
    cr_assert_null(print_record(&job), "it is not over");
    cr_expect_eq(print_papers(), papers);
    char *paper = print_paper(&size);
    cr_expect(size == job.size && memcmp(paper, job.document, size) == 0);
    free(paper);
    cr_expect_eq(print_told, 1);
    cr_expect_eq(print_entry.impressions, impressions, "%lld", (long long)print_entry.impressions);
    cr_expect_eq(print_entry.by_document, by_document);
    print_forget(&job);
}

Test(print_worker, prints_once_and_counts_what_the_printer_counts)
{
    print_ippeve("-2");
    print_add(&job, 3, "copies=2 sides=two-sided-long-edge media=iso_a4_210x297mm");
    print_send(&job);
    print_wait();
    assert_printed(1, 6, false);
    cr_expect(print_asked("IPP_SIDES=two-sided-long-edge"));
    cr_expect_not(print_entry.colour);
    cr_expect_str_eq(print_entry.person, "neustadt/anna");
}

Test(print_worker, prints_five_hundred_pages)
{
    print_ippeve("");
    print_add(&job, 500, "");
    print_send(&job);
    print_wait();
    assert_printed(1, 500, false);
}

Test(print_worker, fits_duplex_and_large_paper_to_a_small_simplex_printer)
{
    print_odd("");
    print_add(&job, 2, "sides=two-sided-long-edge media=iso_a3_297x420mm print-color-mode=color copies=200");
    print_send(&job);
    print_wait();
    assert_printed(1, 198, false);
    cr_expect(print_asked("one-sided"));
    cr_expect(print_asked("iso_a4_210x297mm"));
    cr_expect(print_asked("\"print-scaling\": [\"fit\"]") || print_asked("fit"));
    cr_expect_not(print_asked("color"));
}

Test(print_worker, umlauts_in_the_value_of_an_option_arrive)
{
    print_odd("");
    print_add(&job, 1, "output-bin=fach-für-öffentliches");
    print_send(&job);
    print_wait();
    assert_printed(1, 1, false);
    cr_expect(print_asked("fach-für-öffentliches"));
}

Test(print_worker, a_title_is_nowhere_at_the_printer)
{
    print_odd("");
    print_add(&job, 1, "job-name=Gehalt title=Gehalt");
    print_send(&job);
    print_wait();
    assert_printed(1, 1, false);
    cr_expect_not(print_asked("Gehalt"));
    cr_expect(print_asked("pult-"));
}

Test(print_worker, a_broken_document_is_held)
{
    print_ippeve("");
    print_add_bytes(&job, "application/pdf", "", "%PDF-1.4 no more", 16);
    print_send(&job);
    print_wait();
    assert_held(SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_told, 0);
}

Test(print_worker, counts_the_document_where_the_printer_counts_nothing)
{
    print_odd("silent");
    print_add(&job, 7, "copies=2");
    print_send(&job);
    print_wait();
    assert_printed(1, 14, true);
}

Test(print_worker, a_printer_without_create_job_prints_too)
{
    print_odd("whole");
    print_add(&job, 2, "");
    print_send(&job);
    print_wait();
    assert_printed(1, 2, false);
}

Test(print_worker, a_printer_that_takes_no_pdf_gets_what_it_takes)
{
    size_t size;
    print_odd("raster");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    cr_assert_null(print_record(&job));
    char *paper = print_paper(&size);
    cr_expect(size > 4 && memcmp(paper, "RaS2", 4) == 0);
    free(paper);
    print_forget(&job);
}

Test(print_worker, a_document_that_nothing_can_be_made_of_is_held)
{
    print_odd("raster");
    print_add_bytes(&job, "application/pdf", "", "%PDF-1.4 no more", 16);
    print_send(&job);
    print_wait();
    assert_held(SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_papers(), 0);
}

Test(print_worker, a_format_that_no_tool_reads_is_held)
{
    print_odd("");
    print_add_bytes(&job, "image/urf", "", "UNIRAST", 7);
    print_send(&job);
    print_wait();
    assert_held(SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_papers(), 0);
}

Test(print_worker, a_busy_printer_gets_it_later)
{
    print_odd("busy");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    assert_held(SPOOL_WAITING, JOB_REASON_NONE);
    print_habits("");
    print_send(&job);
    print_wait();
    assert_printed(1, 1, false);
}

Test(print_worker, a_printer_without_paper_is_told_of_and_gets_nothing)
{
    print_odd("stopped");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    assert_held(SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_expect_eq(print_state, PRINTER_STOPPED);
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

Test(print_worker, a_printer_that_is_off_leaves_the_job_waiting)
{
    print_odd("");
    print_printer_off();
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    assert_held(SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    print_forget(&job);
}

Test(print_worker, a_printer_is_told_to_be_back_without_a_job)
{
    print_odd("stopped");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    cr_expect_eq(print_state, PRINTER_STOPPED);
    print_habits("");
    for (int i = 0; i < 600 && print_state != PRINTER_IDLE; i++)
        print_pause(50);
    cr_expect_eq(print_state, PRINTER_IDLE);
    print_send(&job);
    print_wait();
    assert_printed(1, 1, false);
}

// ---- what they answer

Test(print_worker, nonsense_is_no_answer)
{
    static const char *const habits[] = {"garbage", "endless", "deep"};
    print_odd("");
    print_add(&job, 1, "");
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
        print_habits(habits[i]);
        print_send(&job);
        print_wait();
        assert_held(SPOOL_WAITING, JOB_PRINTER_AWAY);
        cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    }
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

Test(print_worker, nonsense_once_it_has_the_job_is_waited_out)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_habits("garbage");
    print_pause(1500);
    cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    print_habits("");
    print_wait();
    assert_printed(1, 1, false);
}

Test(print_worker, a_printer_that_forgets_leaves_its_person_to_say)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_habits("restarted");
    print_wait();
    assert_held(SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    print_forget(&job);
}

Test(print_worker, half_a_document_is_never_taken_for_all)
{
    print_odd("breaks");
    print_add(&job, 40, "");
    print_send(&job);
    print_wait();
    assert_held(SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    cr_expect_eq(print_papers(), 1);
    print_forget(&job);
}

Test(print_worker, a_lost_answer_prints_nothing_twice)
{
    print_odd("deaf");
    print_add(&job, 3, "");
    print_send(&job);
    print_wait();
    assert_printed(1, 3, false);
}

Test(print_worker, a_printer_switched_off_in_the_middle_is_asked_when_it_is_back)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_printer_off();
    print_pause(1500);
    cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    cr_expect_eq(print_record(&job)->state, SPOOL_SENT);
    cr_expect_eq(print_record(&job)->reason, JOB_PRINTER_AWAY);
    print_forget(&job);
}

// ---- cancelling

Test(print_worker, a_job_in_print_is_cancelled_at_the_printer)
{
    print_odd("slow");
    print_add(&job, 2, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_worker_cancel(print_worker, job.id, JOB_BY_ITS_PERSON);
    print_wait();
    cr_assert_null(print_record(&job));
    print_wait_requests("Cancel-Job", 1);
    // What came out before is paid for.
    cr_expect_eq(print_told, 1);
    cr_expect_eq(print_entry.impressions, 2);
    print_forget(&job);
}

Test(print_worker, a_job_that_was_not_sent_yet_is_cancelled_here)
{
    print_odd("");
    print_add(&job, 2, "");
    print_send(&job);
    print_worker_cancel(print_worker, job.id, JOB_BY_ITS_PERSON);
    print_wait();
    cr_assert_null(print_record(&job));
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

// ---- who it is

static void worker_with(const char *fingerprint, const char *credentials)
{
    char uri[URI_SIZE];
    snprintf(uri, sizeof uri, "ipps://127.0.0.1:%d/ipp/print", PRINT_PORT);
    print_worker_for(uri, fingerprint, credentials);
}

Test(print_worker, another_certificate_gets_no_document_and_no_password)
{
    char fingerprint[DIGEST_SIZE], other[DIGEST_SIZE], file[] = "/tmp/pult-credentials-XXXXXX";
    int made = mkstemp(file);
    cr_assert(write(made, "pult:geheim\n", 12) == 12);
    close(made);
    print_odd_ipps("credentials", fingerprint);
    memset(other, 'a', sizeof other);
    other[sizeof other - 1] = 0;
    print_add(&job, 1, "");
    worker_with(other, file);
    print_send(&job);
    print_wait();
    assert_held(SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_expect_eq(print_papers(), 0);
    // Nor without our name.
    worker_with(fingerprint, "");
    print_send(&job);
    print_wait();
    assert_held(SPOOL_WAITING, JOB_PRINTER_AWAY);
    worker_with(fingerprint, file);
    print_send(&job);
    print_wait();
    assert_printed(1, 1, false);
    unlink(file);
}

// ---- what a crash leaves behind, at each point

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

static int64_t leave_behind(bool with_document, size_t bytes)
{
    struct printer_address address = {0};
    char name[SPOOL_JOB_NAME_SIZE];
    struct fault why = {0};
    snprintf(address.uri, sizeof address.uri, "ipp://127.0.0.1:%d/ipp/print", PRINT_PORT);
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
    assert_held(SPOOL_WAITING, JOB_REASON_NONE);
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

static void dies_in_the_document(bool odd)
{
    start_crash(odd);
    int papers = print_papers();
    leave_behind(true, job.size / 2);
    print_crashed(&job, SPOOL_SENDING, 0);
    print_wait();
    // A printer that could make nothing of the half has printed nothing: then nobody has to be asked, but is.
    const struct spool_job *record = print_record(&job);
    cr_assert(record);
    cr_expect(record->state == SPOOL_UNCERTAIN || record->state == SPOOL_WAITING, "%s",
              spool_state_words[record->state]);
    cr_expect_leq(print_papers(), papers + 1);
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

Test(print_worker, dies_before_create_job_at_ippeveprinter)
{
    dies_before_create_job(false);
}

Test(print_worker, dies_before_create_job_at_the_odd_printer)
{
    dies_before_create_job(true);
}

Test(print_worker, dies_after_create_job_at_ippeveprinter)
{
    dies_after_create_job(false);
}

Test(print_worker, dies_after_create_job_at_the_odd_printer)
{
    dies_after_create_job(true);
}

Test(print_worker, dies_in_the_document_at_ippeveprinter)
{
    dies_in_the_document(false);
}

Test(print_worker, dies_in_the_document_at_the_odd_printer)
{
    dies_in_the_document(true);
}

Test(print_worker, dies_before_the_answer_at_ippeveprinter)
{
    dies_before_the_answer(false);
}

Test(print_worker, dies_before_the_answer_at_the_odd_printer)
{
    dies_before_the_answer(true);
}

Test(print_worker, dies_once_it_was_sent_at_ippeveprinter)
{
    dies_once_it_was_sent(false);
}

Test(print_worker, dies_once_it_was_sent_at_the_odd_printer)
{
    dies_once_it_was_sent(true);
}

Test(print_worker, a_printer_that_remembers_nothing_is_not_believed)
{
    print_odd("forgets");
    print_add(&job, 1, "");
    print_crashed(&job, SPOOL_SENDING, 0);
    print_wait();
    assert_held(SPOOL_UNCERTAIN, JOB_SERVER_RESTARTED);
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

Test(print_worker, after_a_crash_pages_are_counted_by_a_key_that_is_asked_for)
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

Test(print_worker, an_entry_of_the_accounts_outlives_a_crash_once)
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
