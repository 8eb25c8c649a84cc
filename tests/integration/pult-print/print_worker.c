// SPDX-License-Identifier: EUPL-1.2
// A printer's worker at printers that do what they should, and at others.
#include "broker/pult-print/print_worker.h"
#include "broker/base/file.h"
#include "broker/pult-print/ipp_line.h"
#include "tests/integration/pult-print/worker_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(print_worker, .init = print_start, .fini = print_stop, .timeout = 200);

static struct printed_job job;

Test(print_worker, prints_once_and_counts_what_the_printer_counts)
{
    print_ippeve("-2");
    print_add(&job, 3, "copies=2 sides=two-sided-long-edge media=iso_a4_210x297mm");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 6, false);
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
    print_assert_printed(&job, 1, 500, false);
}

Test(print_worker, fits_duplex_and_large_paper_to_a_small_simplex_printer)
{
    print_odd("");
    print_add(&job, 2, "sides=two-sided-long-edge media=iso_a3_297x420mm print-color-mode=color copies=200");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 198, false);
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
    print_assert_printed(&job, 1, 1, false);
    cr_expect(print_asked("fach-für-öffentliches"));
}

Test(print_worker, a_title_is_nowhere_at_the_printer)
{
    print_odd("");
    print_add(&job, 1, "job-name=Gehalt title=Gehalt");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 1, false);
    cr_expect_not(print_asked("Gehalt"));
    cr_expect(print_asked("pult-"));
}

Test(print_worker, a_broken_document_is_held)
{
    print_ippeve("");
    print_add_bytes(&job, "application/pdf", "", "%PDF-1.4 no more", 16);
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_told, 0);
}

Test(print_worker, counts_the_document_where_the_printer_counts_nothing)
{
    print_odd("silent");
    print_add(&job, 7, "copies=2");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 14, true);
}

Test(print_worker, a_printer_without_create_job_prints_too)
{
    print_odd("whole");
    print_add(&job, 2, "");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 2, false);
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

// Of what comes before the damage a program might make paper, and call it all.
Test(print_worker, a_damaged_document_is_not_made_into_another)
{
    static const off_t places[] = {100 * 1000, 100}; // found out in the middle, and at once
    char path[SPOOL_PATH_SIZE];
    unsigned char byte;
    print_odd("raster");
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        print_add(&job, 400, "");
        cr_assert_gt(job.size, 2 * DOCUMENT_PIECE - 30000);
        spool_document_path(print_spool, job.id, path);
        int file = open(path, O_RDWR | O_CLOEXEC);
        cr_assert_eq(pread(file, &byte, 1, places[i]), 1);
        byte ^= 1;
        cr_assert_eq(pwrite(file, &byte, 1, places[i]), 1);
        close(file);
        print_send(&job);
        print_wait();
        print_assert_held(&job, SPOOL_HELD, JOB_DAMAGED);
        print_forget(&job);
    }
    cr_expect_eq(print_papers(), 0);
}

Test(print_worker, a_document_that_nothing_can_be_made_of_is_held)
{
    print_odd("raster");
    print_add_bytes(&job, "application/pdf", "", "%PDF-1.4 no more", 16);
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_papers(), 0);
}

Test(print_worker, a_format_that_no_tool_reads_is_held)
{
    print_odd("");
    print_add_bytes(&job, "image/urf", "", "UNIRAST", 7);
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_HELD, JOB_NOT_SUPPORTED);
    cr_expect_eq(print_papers(), 0);
}

Test(print_worker, a_busy_printer_gets_it_later)
{
    print_odd("busy");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_REASON_NONE);
    print_habits("");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 1, false);
}

Test(print_worker, a_printer_without_paper_is_told_of_and_gets_nothing)
{
    print_odd("stopped");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_expect_eq(print_state, PRINTER_STOPPED);
    cr_expect_eq(print_papers(), 0);
    print_forget(&job);
}

Test(print_worker, a_printer_that_takes_no_jobs_though_idle_has_stopped)
{
    print_odd("closed");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_expect_eq(print_state, PRINTER_STOPPED);
    print_habits("");
    while (print_state != PRINTER_IDLE)
        print_pause(50);
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 1, false);
}

Test(print_worker, a_printer_that_is_off_leaves_the_job_waiting)
{
    print_odd("");
    print_printer_off();
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_AWAY);
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
    print_assert_printed(&job, 1, 1, false);
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
        print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_AWAY);
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
    print_assert_printed(&job, 1, 1, false);
}

Test(print_worker, a_printer_that_forgets_leaves_its_person_to_say)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_habits("restarted");
    print_wait();
    print_assert_held(&job, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    print_forget(&job);
}

Test(print_worker, half_a_document_is_never_taken_for_all)
{
    print_odd("breaks");
    print_add(&job, 40, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    cr_expect_eq(print_papers(), 1);
    print_forget(&job);
}

Test(print_worker, a_lost_answer_prints_nothing_twice)
{
    print_odd("deaf");
    print_add(&job, 3, "");
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 3, false);
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

// ---- a disk on which no job can end

static const struct file_system *disk;

static int open_no_end(const char *path, int flags, mode_t mode)
{
    if (!strstr(path, ".end"))
        return disk->open(path, flags, mode);
    errno = ENOSPC;
    return -1;
}

// The accounts of one job that cannot be written would else hold up those of all that follow.
Test(print_worker, what_was_printed_is_told_as_soon_as_the_disk_has_room_for_its_end)
{
    disk = file_system;
    struct file_system full = *disk;
    full.open = open_no_end;
    print_odd("");
    print_add(&job, 2, "");
    file_system = &full;
    print_send(&job);
    while (spool_is_written(print_spool, job.id))
        print_pause(20);
    cr_expect_eq(print_record(&job)->state, SPOOL_DONE);
    cr_expect_eq(print_told, 0, "after a crash it would be told twice");
    file_system = disk;
    spool_sweep(print_spool, 0);
    print_wait();
    print_assert_printed(&job, 1, 2, false);
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

Test(print_worker, a_job_that_a_busy_printer_has_not_taken_is_cancelled_here)
{
    print_odd("busy");
    print_add(&job, 2, "");
    print_send(&job);
    while (print_record(&job)->state != SPOOL_WAITING)
        print_pause(20);
    print_worker_cancel(print_worker, job.id, JOB_BY_ITS_PERSON);
    print_wait();
    cr_assert_null(print_record(&job), "it is to be sent again");
    cr_expect_eq(print_papers(), 0);
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

Test(print_worker, a_job_at_a_printer_that_is_gone_is_cancelled_all_the_same)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    print_printer_off();
    print_worker_cancel(print_worker, job.id, JOB_BY_AN_ADMINISTRATOR);
    print_wait();
    cr_assert_null(print_record(&job), "it waits for its printer");
    cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    print_forget(&job);
}

Test(print_worker, why_it_is_cancelled_outlives_a_crash)
{
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    struct spool_job record = *print_record(&job);
    record.cancelling = JOB_BY_AN_ADMINISTRATOR;
    spool_put(print_spool, &record, NULL, NULL);
    print_crashed(&job, SPOOL_SENT, record.printer_job);
    print_wait();
    cr_assert_null(print_record(&job));
    cr_expect_eq(print_entry.outcome, SPOOL_CANCELLED);
    cr_expect_eq(print_entry.reason, JOB_BY_AN_ADMINISTRATOR);
    print_forget(&job);
}

Test(print_worker, one_that_is_cancelled_at_the_printer_says_so)
{
    print_odd("panel");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait();
    cr_assert_null(print_record(&job));
    cr_expect_eq(print_entry.outcome, SPOOL_CANCELLED);
    cr_expect_eq(print_entry.reason, JOB_AT_ITS_PRINTER);
    print_forget(&job);
}

// ---- a printer that moves

Test(print_worker, a_printer_that_moved_is_asked_there_what_became_of_its_job)
{
    struct printer_address here = {0};
    print_odd("slow");
    print_add(&job, 1, "");
    print_send(&job);
    print_wait_requests("Get-Job-Attributes", 1);
    int64_t number = print_record(&job)->printer_job;
    print_nowhere();
    print_crashed(&job, SPOOL_SENT, number);
    print_pause(1500);
    cr_expect_eq(print_state, PRINTER_UNREACHABLE);
    snprintf(here.uri, sizeof here.uri, "ipp://127.0.0.1:%d/ipp/print", PRINT_PORT);
    print_worker_move(print_worker, &here);
    print_habits("");
    print_wait();
    print_assert_printed(&job, 1, 1, false);
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
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_expect_eq(print_papers(), 0);
    // Nor without our name, or without knowing which one it is.
    worker_with(fingerprint, "");
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_expect(strstr(print_detail, "none are kept"), "%s", print_detail);
    worker_with("", file);
    print_send(&job);
    print_wait();
    print_assert_held(&job, SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_expect(strstr(print_detail, fingerprint), "%s", print_detail);
    worker_with(fingerprint, file);
    print_send(&job);
    print_wait();
    print_assert_printed(&job, 1, 1, false);
    unlink(file);
}
