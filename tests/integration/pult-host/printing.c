// SPDX-License-Identifier: EUPL-1.2
// What people print on a session host, by a real cupsd, up to the print server.
#include "tests/integration/pult-host/cupsd.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <stdio.h>
#include <string.h>

TestSuite(printing, .init = cupsd_init, .fini = cupsd_fini, .timeout = 280);

// ---- handing over

Test(printing, a_job_is_handed_over_as_it_is_with_its_proven_owner)
{
    cupsd_has_queues();
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_expect_success();
    cupsd_expect(1, "path", "/ipp/print/next-to-me");
    cupsd_expect(1, "host", "neustadt/ts1");
    cupsd_expect(1, "requesting-user-name", "anna");
    cupsd_expect(1, "document-format", "application/pdf");
    cupsd_expect(1, "print-color-mode", "monochrome");
    cupsd_expect(1, "sides", "null");
    cupsd_shell("cmp %s/a.pdf %s/server/1.document", cupsd_folder, cupsd_folder);
    cupsd_expect_success();
    cupsd_shell(
        "test $(jq -r '.\"job-name\"' %s/server/1.json) = pult-$(jq -r '.\"job-uuid\"' %s/server/1.json | cut -c10-)",
        cupsd_folder, cupsd_folder);
    cupsd_expect_success();
    cupsd_await_empty();
    cupsd_shell("grep -r " CUPSD_TITLE " %s", cupsd_folder);
    cr_assert_eq(cupsd_said.exit_code, 1, "the title stands in %s", cupsd_said.out);
}

Test(printing, options_are_said_as_ipp_has_them)
{
    cupsd_has_queues();
    cupsd_prints(CUPSD_CARL,
                 "-d next-to-me -n 3 -o sides=two-sided-long-edge -o media=A3 -o ColorModel=RGB -o number-up=2 -o "
                 "page-ranges=2-5");
    cupsd_expect_success();
    cupsd_expect(1, "requesting-user-name", "NEUSTADT\\carl");
    cupsd_expect(1, "copies", "3");
    cupsd_expect(1, "sides", "two-sided-long-edge");
    cupsd_expect(1, "media", "iso_a3_297x420mm");
    cupsd_expect(1, "print-color-mode", "color");
    cupsd_expect(1, "number-up", "2");
    cupsd_prints(
        CUPSD_CARL,
        "-d room1 -o Duplex=DuplexTumble -o PageSize=A4 -o landscape -o fit-to-page -o print-color-mode=color");
    cupsd_expect(2, "path", "/ipp/print/neustadt/room1");
    cupsd_expect(2, "sides", "two-sided-short-edge");
    cupsd_expect(2, "media", "iso_a4_210x297mm");
    cupsd_expect(2, "orientation-requested", "4");
    cupsd_expect(2, "print-scaling", "fit");
}

Test(printing, more_copies_than_anybody_takes_are_refused)
{
    cupsd_has_queues();
    cupsd_prints(CUPSD_ANNA, "-d next-to-me -n 1000");
    cr_expect(cupsd_said.exit_code != 0 && strstr(cupsd_said.err, "copies"), "%s%s", cupsd_said.out, cupsd_said.err);
    cupsd_prints(CUPSD_ANNA, "-d next-to-me -n 999");
    cupsd_expect(1, "copies", "999");
}

Test(printing, raster_goes_through_as_it_is_too)
{
    cupsd_has_queues();
    cupsd_shell(
        "printf 'RaS2PwgRaster\\0%%01782d' 0 >%s/a.pwg; printf 'UNIRAST\\0%%064d' 0 >%s/a.urf; chmod 644 %s/a.*",
        cupsd_folder, cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_ANNA, "sh -c 'cd ${CUPS_SERVER%/*} && lp -t x a.pwg && lp -t x a.urf'");
    cupsd_expect_success();
    cupsd_expect(1, "document-format", "image/pwg-raster");
    cupsd_expect(2, "document-format", "image/urf");
    cupsd_shell("cmp %s/a.pwg %s/server/1.document && cmp %s/a.urf %s/server/2.document", cupsd_folder, cupsd_folder,
                cupsd_folder, cupsd_folder);
    cupsd_expect_success();
}

Test(printing, what_is_neither_is_made_into_pdf)
{
    cupsd_has_queues();
    cupsd_shell("printf '%%s\\n' 'Sehr geehrte' 'Damen' >%s/a.txt; chmod 644 %s/a.txt", cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_ANNA, "sh -c 'cd ${CUPS_SERVER%/*} && lp -t x a.txt'");
    cupsd_expect_success();
    cupsd_expect(1, "document-format", "application/pdf");
    cupsd_shell("head -c 5 %s/server/1.document | grep -q %%PDF-", cupsd_folder);
    cupsd_expect_success();
}

static void expect_offer(const char *queue, const char *name, const char *offered)
{
    char uri[CUPSD_LINE_SIZE], text[CUPSD_LINE_SIZE] = "";
    ipp_t *request = ippNewRequest(IPP_OP_GET_PRINTER_ATTRIBUTES);
    snprintf(uri, sizeof uri, "ipp://localhost/printers/%s", queue);
    ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, uri);
    ipp_t *answer = cupsDoRequest(CUPS_HTTP_DEFAULT, request, "/");
    ippAttributeString(ippFindAttribute(answer, name, IPP_TAG_ZERO), text, sizeof text);
    cr_expect_str_eq(text, offered, "%s: %s", name, text);
    ippDelete(answer);
}

Test(printing, programs_are_offered_what_the_printer_has)
{
    cupsd_has_queues();
    expect_offer("next-to-me", "color-supported", "true");
    expect_offer("next-to-me", "print-color-mode-supported", "monochrome,color");
    expect_offer("next-to-me", "print-color-mode-default", "monochrome");
    expect_offer("next-to-me", "sides-supported", "one-sided,two-sided-long-edge,two-sided-short-edge");
    expect_offer("next-to-me", "sides-default", "one-sided");
    expect_offer("next-to-me", "media-supported", "iso_a4_210x297mm,iso_a3_297x420mm");
    expect_offer("next-to-me", "media-default", "iso_a4_210x297mm");
    expect_offer("room1", "color-supported", "false");
    expect_offer("room1", "sides-supported", "one-sided");
    expect_offer("room1", "media-supported", "iso_a4_210x297mm");
}

// Whatever is on the command line of a program everybody here can read.
Test(printing, what_hands_over_has_no_title_on_its_command_line)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    cupsd_shell("cat /proc/[0-9]*/cmdline | grep -aq 'Abmahnung-[S]chulze'"); // which is not what this one is called
    cr_expect_neq(cupsd_said.exit_code, 0, "%s", cupsd_said.out);
    cupsd_shell("grep -l PULT_JOB_USER=anna /proc/[0-9]*/environ");
    cupsd_expect_success();
    cupsd_plan("0000");
    cupsd_expect(1, "requesting-user-name", "anna");
}

// ---- later, and never

// What its owner reads of a job that is not printed yet. lpstat shows that for jobs that wait, by its long form.
static void expect_told(const char *sentence)
{
    char shown[CUPSD_LINE_SIZE];
    snprintf(shown, sizeof shown, "lpstat -l -o | grep -q '%s'", sentence);
    cupsd_await("setpriv --reuid %d --regid %d --clear-groups %s", CUPSD_ANNA, CUPSD_ANNA, shown);
}

static void expect_waits(const char *answer)
{
    cupsd_shell("rm -f %s/server/begun", cupsd_folder);
    cupsd_plan(answer);
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_expect_success();
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    expect_told("It is tried again.");
}

Test(printing, what_is_not_stored_waits_and_is_handed_over_later)
{
    cupsd_has_queues();
    static const char *const answers[] = {"0507", "0500", "http 503", "http 403", "half"};
    enum { COUNT = sizeof answers / sizeof *answers };
    for (int i = 0; i < COUNT; i++) {
        expect_waits(answers[i]);
        cupsd_plan("0000");
        if (i > 0)
            cupsd_await_empty();
        else // once, by itself
            cupsd_await("test -z \"$(lpstat -o)\"");
    }
    cupsd_expect_each_once(COUNT);
}

// Neither a host of the same authority, nor another print server.
Test(printing, no_other_server_gets_what_people_print)
{
    static const char *const others[] = {"/CN=neustadt\\/ts2/OU=host", "/CN=kreis\\/print2/OU=print-server"};
    cupsd_has_queues();
    for (int i = 0; i < 2; i++) {
        cupsd_shell("tests/integration/pult-host/print_host server %s $PULT_BUILD other%d %d '%s'", cupsd_folder, i,
                    8632 + i, others[i]);
        cupsd_expect_success();
        cupsd_shell("sed -i 's/8631/%d/' %s/printing.json", 8632 + i, cupsd_state);
        cupsd_prints(CUPSD_ANNA, "-d next-to-me");
        cupsd_await("grep -q refused %s/other%d.log", cupsd_folder, i);
        expect_told("It is tried again.");
        cupsd_shell("sed -i 's/%d/8631/' %s/printing.json && ! test -e %s/other%d/begun", 8632 + i, cupsd_state,
                    cupsd_folder, i);
        cupsd_expect_success();
        cupsd_await_empty();
    }
}

Test(printing, what_is_refused_for_good_goes_and_the_queue_goes_on)
{
    cupsd_has_queues();
    const char *const answers[] = {"0403", "0408", "http 413", "040a", "0400"};
    for (int i = 0; i < 5; i++) {
        cupsd_shell("rm -f %s/server/begun", cupsd_folder);
        cupsd_plan(answers[i]);
        cupsd_prints(CUPSD_ANNA, "-d next-to-me");
        cupsd_await("test -e %s/server/begun", cupsd_folder);
        cupsd_await_empty();
    }
    cupsd_shell("grep -c 'Not printed:' %s/error_log; grep " CUPSD_TITLE " %s/error_log", cupsd_folder, cupsd_folder);
    cr_expect_str_eq(cupsd_said.out, "5\n");
    cupsd_plan("0000");
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("cat %s/server/begun | grep -q .", cupsd_folder);
    cupsd_await_empty();
}

// cupsd hands over the first alone, and then its queue stands still for everybody.
Test(printing, several_documents_in_one_job_are_refused_and_hold_up_nobody)
{
    cupsd_has_queues();
    cupsd_shell("cd %s; cp a.pdf b.pdf; echo Sehr geehrte >a.txt; echo Damen >b.txt; chmod 644 *.pdf *.txt",
                cupsd_folder);
    static const char *const documents[] = {"a.pdf b.pdf a.pdf", "a.txt b.txt", "a.txt b.pdf", "a.pdf b.txt",
                                            "-o job-sheets=standard a.pdf"};
    enum { COUNT = sizeof documents / sizeof *documents };
    for (int i = 0; i < COUNT; i++) {
        char line[CUPSD_LINE_SIZE];
        snprintf(line, sizeof line, "sh -c 'cd ${CUPS_SERVER%%/*} && lp -t x %s'", documents[i]);
        cupsd_as(CUPSD_ANNA, line);
        cupsd_expect_success();
        cupsd_await("test -z \"$(lpstat -o)\"");
    }
    cupsd_shell("grep -q 'Not printed: these are several documents' %s/error_log && ! test -e %s/server/begun",
                cupsd_folder, cupsd_folder);
    cupsd_expect_success();
    cupsd_prints(CUPSD_BEN, "-d next-to-me");
    cupsd_expect(1, "requesting-user-name", "ben");
    cupsd_expect_each_once(1);
}

// By the package's settings a quarter of an hour.
Test(printing, a_document_without_an_end_does_not_hold_up_the_others_for_ever)
{
    cupsd_shell("grep -qx 'MaxJobTime 900' broker/pult-host/package/cupsd.conf");
    cupsd_expect_success();
    cupsd_kill();
    cupsd_shell("tests/integration/pult-host/print_host cupsd %s $PULT_BUILD 'JobRetryInterval 1' 'MaxJobTime 2'",
                cupsd_folder);
    cupsd_expect_success();
    cupsd_has_queues();
    cupsd_shell("printf '%%%%!PS\\n{} loop\\n' >%s/a.ps; chmod 644 %s/a.ps", cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_BEN, "sh -c 'lp -t x ${CUPS_SERVER%/*}/a.ps'");
    cupsd_expect_success();
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("grep -q '\"anna\"' %s/server/*.json", cupsd_folder);
    cupsd_await("test -z \"$(lpstat -o)\"");
}

// Nor is its title written down then.
Test(printing, half_of_what_a_filter_was_to_make_is_not_printed)
{
    cupsd_has_queues();
    cupsd_shell("rm %s/bin/filter && mkdir %s/bin/filter && ln -s /usr/lib/cups/filter/* %s/bin/filter/", cupsd_folder,
                cupsd_folder, cupsd_folder);
    cupsd_expect_success();
    cupsd_shell("cd %s/bin/filter && rm texttopdf && printf '#!/bin/sh\nprintf %%%%PDF-1.4; exit 1\n' >texttopdf && "
                "chmod 755 texttopdf; echo Damen >%s/a.txt; chmod 644 %s/a.txt",
                cupsd_folder, cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_ANNA, "sh -c 'lp -t " CUPSD_TITLE " ${CUPS_SERVER%/*}/a.txt'");
    cupsd_expect_success();
    cupsd_await("grep -q 'could not be made into PDF' %s/error_log", cupsd_folder);
    cupsd_await("test -z \"$(lpstat -o)\"");
    cupsd_shell("ls %s/server/1.json || grep " CUPSD_TITLE " %s/error_log", cupsd_folder, cupsd_folder);
    cr_expect_neq(cupsd_said.exit_code, 0, "%s", cupsd_said.out);
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_expect_each_once(1);
}

// ---- what ends in the middle

static void stop_cupsd(const char *signal)
{
    cupsd_shell("kill -%s $(cat %s/cupsd.pid); tail -s 0.02 --pid=$(cat %s/cupsd.pid) -f /dev/null", signal,
                cupsd_folder, cupsd_folder);
}

// The backend outlives cupsd, and the next one begins the same job again beside it.
Test(printing, each_job_is_handed_over_when_cupsd_is_killed)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    for (int i = 0; i < 5; i++)
        cupsd_prints(CUPSD_ANNA, i % 2 ? "-d room1" : "-d next-to-me");
    cupsd_await("grep -q 2 %s/server/begun", cupsd_folder);
    stop_cupsd("KILL");
    cupsd_start();
    cupsd_await("lpstat -l -o | grep -q 'handed over already'");
    cupsd_plan("0000");
    cupsd_expect_each_once(5);
}

Test(printing, each_job_is_handed_over_when_cupsd_is_stopped)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    for (int i = 0; i < 3; i++)
        cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    stop_cupsd("TERM");
    cupsd_plan("0000");
    cupsd_start();
    cupsd_expect_each_once(3);
}

// By itself, however the last one ended.
Test(printing, what_waits_is_tried_again_by_the_next_cupsd)
{
    cupsd_has_queues();
    expect_waits("0507");
    stop_cupsd("TERM");
    cupsd_start();
    stop_cupsd("KILL");
    cupsd_plan("0000");
    cupsd_start();
    cupsd_await("test -z \"$(lpstat -o)\"");
    cupsd_expect_each_once(1);
    // Its person may have gone meanwhile: the print server is told how long ago it was printed.
    cupsd_shell("grep -q '\"pult-age\": [1-9]' %s/server/*.json", cupsd_folder);
}

// ---- the door for Kerberos

static void door(const char *user, const char *extra)
{
    cupsd_shell("cd %s && env -i PATH=$PATH DEVICE_URI='pult-door:%s/door.sock?next-to-me' CUPS_SERVERBIN=%s/bin "
                "CUPS_STATEDIR=%s/run "
                "CONTENT_TYPE=application/pdf %s bin/backend/pult 7 '%s' " CUPSD_TITLE " 2 "
                "'sides=one-sided job-uuid=urn:uuid:180e924b-cb8e-3957-6940-58f4524a367d' a.pdf",
                cupsd_folder, cupsd_folder, cupsd_folder, cupsd_folder, extra, user);
}

Test(printing, the_door_takes_principals_and_nobody_else)
{
    static const char *const others[] = {"anna",
                                         "",
                                         "anonymous",
                                         "remroot",
                                         "root",
                                         "anonymous@HALL.EXAMPLE",
                                         "remroot@HALL.EXAMPLE",
                                         "@HALL.EXAMPLE",
                                         "anna@",
                                         "anna @HALL.EXAMPLE"};
    cupsd_shell("cp %s/bin/daemon/pult %s/bin/daemon/pult-door; setsid -f tests/integration/pult-host/print_receiver "
                "%s/server %s/door.sock "
                ">%s/door.log 2>&1 </dev/null",
                cupsd_folder, cupsd_folder, cupsd_folder, cupsd_folder, cupsd_folder);
    cupsd_await("test -S %s/door.sock", cupsd_folder);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        door(others[i], "AUTH_UID=2001");
        cr_expect(cupsd_said.exit_code == 5 && strstr(cupsd_said.err, "Kerberos ticket"), "%s: %d %s", others[i],
                  cupsd_said.exit_code, cupsd_said.err);
    }
    door("anna@HALL.EXAMPLE", "");
    cr_expect_eq(cupsd_said.exit_code, 0, "%s", cupsd_said.err);
    cupsd_expect(1, "requesting-user-name", "anna@HALL.EXAMPLE");
    cupsd_expect(1, "copies", "2");
    cr_expect(!strstr(cupsd_said.err, CUPSD_TITLE));
}

Test(printing, a_job_that_nobody_is_proven_to_own_is_refused)
{
    static const char line[] =
        "cd %s && env -i DEVICE_URI='pult:%s?next-to-me' CUPS_SERVERBIN=%s/bin CUPS_STATEDIR=%s/run "
        "CONTENT_TYPE=application/pdf %s bin/backend/pult 7 anna " CUPSD_TITLE " 1 "
        "'job-uuid=urn:uuid:180e924b-cb8e-3957-6940-58f4524a367d' a.pdf";
    cupsd_shell(line, cupsd_folder, cupsd_state, cupsd_folder, cupsd_folder, "");
    cr_expect_eq(cupsd_said.exit_code, 5, "%d %s", cupsd_said.exit_code, cupsd_said.err);
    cupsd_shell(line, cupsd_folder, cupsd_state, cupsd_folder, cupsd_folder, "AUTH_UID=-1");
    cr_expect_eq(cupsd_said.exit_code, 5);
    cupsd_shell(line, cupsd_folder, cupsd_state, cupsd_folder, cupsd_folder,
                "AUTH_UID=4711"); // which the directory may know again later
    cr_expect_eq(cupsd_said.exit_code, 6);
    cupsd_shell(line, cupsd_folder, cupsd_state, cupsd_folder, cupsd_folder, "AUTH_UID=2002");
    cr_expect_eq(cupsd_said.exit_code, 0, "%s", cupsd_said.err);
    cupsd_expect(1, "requesting-user-name", "ben");
}
