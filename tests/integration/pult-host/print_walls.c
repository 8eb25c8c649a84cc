// SPDX-License-Identifier: EUPL-1.2
// What people on a session host may not do to a real cupsd, and to each other by it.
#include "tests/integration/pult-host/cupsd.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(print_walls, .init = cupsd_init, .fini = cupsd_fini, .timeout = 280);

Test(print_walls, nobody_prints_as_somebody_else)
{
    cupsd_has_queues();
    cupsd_prints(CUPSD_BEN, "-U anna -d next-to-me");
    cr_expect(cupsd_said.exit_code != 0 && strstr(cupsd_said.err, "Unauthorized"), "%s%s", cupsd_said.out,
              cupsd_said.err);
    cupsd_as(CUPSD_BEN, "sh -c 'CUPS_USER=anna lp -d next-to-me ${CUPS_SERVER%/*}/a.pdf'");
    cr_expect(cupsd_said.exit_code != 0 && strstr(cupsd_said.err, "Unauthorized"), "%s%s", cupsd_said.out,
              cupsd_said.err);
    cupsd_prints(CUPSD_BEN, "-d room1"); // its tenant's people only
    cr_expect(cupsd_said.exit_code != 0 && strstr(cupsd_said.err, "Not allowed"), "%s%s", cupsd_said.out,
              cupsd_said.err);
    cupsd_prints(CUPSD_BEN, "-d next-to-me");
    cupsd_expect(1, "requesting-user-name", "ben");
}

// Of any job, by who says to be `name`.
static bool sees_title(uid_t uid, const char *name)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        cups_job_t *jobs = NULL;
        bool sees = false;
        if (setuid(uid) != 0)
            _exit(2);
        cupsSetUser(name);
        for (int i = cupsGetJobs2(CUPS_HTTP_DEFAULT, &jobs, NULL, 0, CUPS_WHICHJOBS_ALL); i > 0; i--)
            sees |= strstr(jobs[i - 1].title, CUPSD_TITLE) != NULL;
        _exit(sees ? 1 : 0);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

Test(print_walls, nobody_is_told_what_somebody_else_prints)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    cupsd_as(CUPSD_BEN, "lpstat -l -o");
    cr_expect(strstr(cupsd_said.out, "next-to-me-1") && !strstr(cupsd_said.out, "anna"), "%s", cupsd_said.out);
    cupsd_as(CUPSD_BEN, "lpstat -U anna -o");
    cr_expect(!strstr(cupsd_said.out, "next-to-me-1"), "%s", cupsd_said.out);
    cr_expect(sees_title(CUPSD_ANNA, "anna"));
    cr_expect(!sees_title(CUPSD_BEN, "ben") && !sees_title(CUPSD_BEN, "anna"));
    cupsd_as(CUPSD_BEN, "cancel next-to-me-1");
    cr_expect(cupsd_said.exit_code != 0);
    cupsd_plan("0000");
    cupsd_expect(1, "requesting-user-name", "anna");
}

static void become(uid_t uid)
{
    if (setuid(uid) != 0)
        _exit(2);
    cupsSetUser(uid == CUPSD_ANNA ? "anna" : "ben");
}

// In any value that cupsd has of the job.
static bool is_told(uid_t uid, ipp_op_t operation, const char *word)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        bool told = false;
        become(uid);
        ipp_t *request = ippNewRequest(operation);
        if (operation == IPP_OP_GET_JOBS)
            ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, "ipp://localhost/");
        else
            ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "job-uri", NULL, "ipp://localhost/jobs/1");
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, cupsUser());
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_KEYWORD, "requested-attributes", NULL, "all");
        ipp_t *answer = cupsDoRequest(CUPS_HTTP_DEFAULT, request, "/");
        for (ipp_attribute_t *at = ippFirstAttribute(answer); at; at = ippNextAttribute(answer)) {
            char text[CUPSD_LINE_SIZE] = "";
            ippAttributeString(at, text, sizeof text);
            told |= strstr(text, word) != NULL;
        }
        _exit(told);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

// Programs name a job by its file, too.
Test(print_walls, nobody_is_told_what_somebody_elses_file_is_called)
{
    cupsd_has_queues();
    cupsd_plan("silent");
    cupsd_shell("cp %s/a.pdf %s/" CUPSD_TITLE ".pdf; chmod 644 %s/*.pdf", cupsd_folder, cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_ANNA, "sh -c 'lp -t x ${CUPS_SERVER%/*}/" CUPSD_TITLE ".pdf'");
    cupsd_expect_success();
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    cr_expect(is_told(CUPSD_ANNA, IPP_OP_GET_JOBS, CUPSD_TITLE));
    cr_expect_not(is_told(CUPSD_BEN, IPP_OP_GET_JOBS, CUPSD_TITLE));
    cr_expect_not(is_told(CUPSD_BEN, IPP_OP_GET_JOB_ATTRIBUTES, CUPSD_TITLE));
    cr_expect_not(is_told(CUPSD_BEN, IPP_OP_GET_JOBS, "urn:uuid"));
    cr_expect(is_told(CUPSD_BEN, IPP_OP_GET_JOBS, "/jobs/1"), "that it is there");
    cupsd_plan("0000");
    cupsd_await_empty();
}

// cupsd's filters may read its spool, and one for forms reads what the form names.
Test(print_walls, nobody_prints_what_somebody_else_has_in_the_spool)
{
    cupsd_has_queues();
    cupsd_shell("cp /usr/share/cups/data/default-testpage.pdf %s/b.pdf; chmod 644 %s/b.pdf; "
                "printf '#PDF-BANNER\\nTemplate %s/spool/d00001-001\\n' >%s/form; chmod 644 %s/form",
                cupsd_folder, cupsd_folder, cupsd_folder, cupsd_folder, cupsd_folder);
    cupsd_as(CUPSD_ANNA, "sh -c 'lp -t x -H indefinite ${CUPS_SERVER%/*}/b.pdf'");
    cupsd_expect_success();
    cupsd_shell("test -e %s/spool/d00001-001", cupsd_folder);
    cupsd_expect_success();
    cupsd_as(CUPSD_BEN, "sh -c 'lp -t x ${CUPS_SERVER%/*}/form'");
    cupsd_expect_success();
    cupsd_await("test $(lpstat -o | wc -l) = 1");
    cupsd_shell("grep -q 'this kind of document' %s/error_log && ! test -e %s/server/begun", cupsd_folder,
                cupsd_folder);
    cupsd_expect_success();
}

// By HTTP, as its web pages do it.
Test(print_walls, nobody_reads_or_changes_how_cupsd_is_set_up)
{
    static const char *const requests[] = {"-T /etc/hostname http://localhost/admin/conf/cupsd.conf",
                                           "http://localhost/admin/conf/cupsd.conf",
                                           "http://localhost/admin/log/error_log"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        char line[CUPSD_LINE_SIZE];
        snprintf(line, sizeof line, "curl -sS -o /dev/null -w '%%{http_code}' --unix-socket %s %s", cupsd_socket,
                 requests[i]);
        cupsd_as(CUPSD_BEN, line);
        cr_expect(cupsd_said.out[0] == '4', "%s: %s%s", requests[i], cupsd_said.out, cupsd_said.err);
    }
}

// Whether cupsd lets Ben hear of all events at this address, or of job 1 there.
static bool may_subscribe(ipp_op_t operation, const char *address, bool of_job)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        if (setuid(CUPSD_BEN) != 0)
            _exit(2);
        cupsSetUser("ben");
        ipp_t *request = ippNewRequest(operation);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL, address);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_NAME, "requesting-user-name", NULL, "ben");
        if (of_job)
            ippAddInteger(request, IPP_TAG_OPERATION, IPP_TAG_INTEGER, "notify-job-id", 1);
        ippAddString(request, IPP_TAG_SUBSCRIPTION, IPP_TAG_KEYWORD, "notify-pull-method", NULL, "ippget");
        ippAddString(request, IPP_TAG_SUBSCRIPTION, IPP_TAG_KEYWORD, "notify-events", NULL, "job-created");
        ippDelete(cupsDoRequest(CUPS_HTTP_DEFAULT, request, "/"));
        _exit(cupsLastError() <= IPP_STATUS_OK_CONFLICTING);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

// Events of jobs bear their titles, whoever hears them.
Test(print_walls, nobody_hears_of_what_somebody_else_prints)
{
    static const char *const addresses[] = {"ipp://localhost/", "ipp://localhost/printers/next-to-me"};
    cupsd_has_queues();
    cupsd_plan("silent");
    cupsd_prints(CUPSD_ANNA, "-d next-to-me");
    cupsd_await("test -e %s/server/begun", cupsd_folder);
    for (int i = 0; i < 2; i++) {
        cr_expect_not(may_subscribe(IPP_OP_CREATE_PRINTER_SUBSCRIPTIONS, addresses[i], false), "%s", addresses[i]);
        cr_expect_not(may_subscribe(IPP_OP_CREATE_PRINTER_SUBSCRIPTIONS, addresses[i], true), "%s", addresses[i]);
        cr_expect_not(may_subscribe(IPP_OP_CREATE_JOB_SUBSCRIPTIONS, addresses[i], true), "%s", addresses[i]);
    }
    cupsd_plan("0000");
    cupsd_await_empty();
}

static bool may(uid_t uid, ipp_op_t operation, const char *changed)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        become(uid);
        ipp_t *request = ippNewRequest(operation);
        ippAddString(request, IPP_TAG_OPERATION, IPP_TAG_URI, "printer-uri", NULL,
                     operation == IPP_OP_CUPS_ADD_MODIFY_CLASS ? "ipp://localhost/classes/mine"
                                                               : "ipp://localhost/printers/next-to-me");
        if (changed)
            ippAddString(request, IPP_TAG_PRINTER, IPP_TAG_TEXT, changed, NULL, "Another");
        ippDelete(cupsDoRequest(CUPS_HTTP_DEFAULT, request, "/"));
        _exit(cupsLastError() <= IPP_STATUS_OK_CONFLICTING);
    }
    waitpid(child, &status, 0);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 1;
}

Test(print_walls, nobody_makes_a_queue_of_their_own)
{
    cupsd_as(CUPSD_ANNA, "lpadmin -p mine -E -v ipp://localhost:9/ipp/print");
    cr_expect(cupsd_said.exit_code != 0, "%s%s", cupsd_said.out, cupsd_said.err);
    cupsd_shell("test -z \"$(ss -Hltn | grep -v :8631)\""); // and nobody elsewhere reaches cupsd
    cupsd_expect_success();
}

// All that is no job of theirs, and no look at which queues there are.
Test(print_walls, nobody_changes_what_a_queue_is_called)
{
    cupsd_has_queues();
    for (int i = 0; i < 2; i++) {
        cr_expect_not(may(i ? CUPSD_ANNA : CUPSD_BEN, IPP_OP_SET_PRINTER_ATTRIBUTES, "printer-info"));
        cr_expect_not(may(i ? CUPSD_ANNA : CUPSD_BEN, IPP_OP_CUPS_GET_PPDS, NULL));
        cr_expect_not(may(i ? CUPSD_ANNA : CUPSD_BEN, IPP_OP_CUPS_ADD_MODIFY_CLASS, "printer-info"));
        cr_expect(may(i ? CUPSD_ANNA : CUPSD_BEN, IPP_OP_GET_PRINTER_ATTRIBUTES, NULL));
        cr_expect(may(i ? CUPSD_ANNA : CUPSD_BEN, IPP_OP_CUPS_GET_PPD, NULL));
    }
    cupsd_shell("lpstat -l -p next-to-me | grep -q 'Description: Next to me$'");
    cupsd_expect_success();
}

// Of a host full of people, each of whose programs keep some.
Test(print_walls, idle_connections_keep_nobody_from_printing)
{
    enum { CONNECTIONS = 250 };
    int lines[CONNECTIONS];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", cupsd_socket);
    cupsd_has_queues();
    for (int i = 0; i < CONNECTIONS; i++) {
        lines[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert(lines[i] >= 0 && connect(lines[i], (struct sockaddr *)&address, sizeof address) == 0);
    }
    cupsd_as(CUPSD_ANNA, "sh -c 'timeout 60 lp -t x ${CUPS_SERVER%/*}/a.pdf'");
    cupsd_expect_success();
    cupsd_expect(1, "requesting-user-name", "anna");
    for (int i = 0; i < CONNECTIONS; i++)
        close(lines[i]);
}
