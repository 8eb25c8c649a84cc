// SPDX-License-Identifier: EUPL-1.2
// What cupsd's backend hands to pult-host, which hands it over to a print server by connections that it keeps.
#include "broker/api/host_link.h"
#include "broker/base/file.h"
#include "broker/base/loop.h"
#include "broker/base/text.h"
#include "broker/pult-host/backend_socket.h"
#include "broker/pult-host/print_server.h"
#include "tests/integration/pult-print/print_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define UUID(number) "urn:uuid:" #number "0000000-0000-0000-0000-000000000000"

static pid_t host; // what there is of pult-host
static struct backend_socket *backends;

// Before the backend ends.
static void note_waiting(void *arg)
{
    struct fault why = {0};
    (void)arg;
    if (backend_socket_waits(backends, "root"))
        cr_assert(file_replace(print_fixture_path("waits"), 0600, "root", 4, &why), "%s", why.text);
    else
        cr_assert(file_remove(print_fixture_path("waits"), &why), "%s", why.text);
}

static bool waits_for_server(void)
{
    return file_exists(print_fixture_path("waits"));
}

static void start_host(void)
{
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    host = fork();
    if (host == 0) {
        struct fault why = {0};
        struct loop *loop = loop_new();
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        backends = backend_socket_open(loop, print_fixture_path("host"), &why);
        if (!backends)
            _exit(1);
        backend_socket_on_wait(backends, note_waiting, NULL);
        if (write(ready[1], "!", 1) != 1)
            _exit(1);
        loop_run(loop);
        _exit(0);
    }
    char byte;
    cr_assert(host > 0 && read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
}

static void end_host(void)
{
    cr_assert(kill(host, SIGKILL) == 0 && waitpid(host, NULL, 0) == host);
}

static void init(void)
{
    char authority[HOST_AUTHORITY_SIZE], line[300];
    struct fault why = {0};
    struct host_printing printing = {.address = "127.0.0.1", .port = PRINT_PORT, .server = "neustadt/print"};
    print_fixture_init();
    print_fixture_shell("mkdir -m 700 host cups serverbin serverbin/daemon && cp ts1.pem host/host.pem && "
                        "openssl x509 -in ca.crt -outform DER | base64 -w0 >authority && "
                        "head -c 100000 /dev/zero | tr '\\0' a >document");
    cr_assert(file_read_text(print_fixture_path("authority"), authority, sizeof authority, &why), "%s", why.text);
    TEXT_PUT(printing.authority, authority);
    cr_assert(print_server_write(&printing, print_fixture_path("host"), &why), "%s", why.text);
    snprintf(line, sizeof line, "pult:%s?next-to-me", print_fixture_path("host"));
    setenv("DEVICE_URI", line, 1);
    setenv("AUTH_UID", "0", 1);
    setenv("CONTENT_TYPE", "application/pdf", 1);
    setenv("CUPS_STATEDIR", print_fixture_path("cups"), 1);
    setenv("CUPS_SERVERBIN", print_fixture_path("serverbin"), 1);
    start_host();
    print_fixture_start("");
}

TestSuite(backends, .init = init, .fini = print_fixture_fini, .timeout = 200);

static struct program_result said;

static int print_job(const char *uuid)
{
    char line[500];
    snprintf(line, sizeof line, "broker/pult-host/pult-backend 1 root Geheim 1 job-uuid=%s %s", uuid,
             print_fixture_path("document"));
    program_run(&said, line, NULL);
    return said.exit_code;
}

static struct spool *spool;

static size_t stored(void)
{
    print_fixture_stop();
    spool = print_fixture_spool();
    for (size_t i = 0; i < spool_count(spool); i++)
        cr_assert(print_fixture_is_whole(spool_at(spool, i), 'a'));
    return spool_count(spool);
}

static int connections(void)
{
    program_run(&said, "ss -Htn state established", NULL);
    int count = 0;
    for (const char *at = said.out; (at = strstr(at, ":8631")); at++)
        count++;
    return count / 2; // each has two ends here
}

Test(backends, one_job_after_the_other_goes_by_one_connection)
{
    cr_assert(print_job(UUID(1)) == 0 && print_job(UUID(2)) == 0 && print_job(UUID(3)) == 0);
    cr_assert_eq(connections(), 1);
    cr_assert_eq(print_job(UUID(3)), 0, "once more, and nothing new");
    cr_assert_eq(stored(), 3);
    cr_assert_str_eq(spool_at(spool, 0)->host, "neustadt/ts1");
    cr_assert_str_eq(spool_at(spool, 0)->user_name, "root");
}

Test(backends, a_print_server_that_ended_meanwhile_is_called_again)
{
    cr_assert_eq(print_job(UUID(1)), 0);
    print_fixture_stop();
    cr_assert_eq(print_job(UUID(2)), 6);
    cr_assert(strstr(said.err, "does not answer") && waits_for_server(), "%s", said.err);
    print_fixture_start("");
    cr_assert_eq(print_job(UUID(2)), 0);
    cr_assert_not(waits_for_server());
    cr_assert_eq(stored(), 2);
}

Test(backends, a_renewed_certificate_is_shown_from_then_on)
{
    cr_assert_eq(print_job(UUID(1)), 0);
    print_fixture_enrol("host/host", NOUN_HOST, "neustadt/ts1");
    cr_assert_eq(print_job(UUID(2)), 0);
    cr_assert_eq(stored(), 2);
    cr_assert_str_neq(spool_at(spool, 0)->certificate, spool_at(spool, 1)->certificate);
}

Test(backends, another_print_server_is_called_from_then_on)
{
    struct fault why = {0};
    struct host_printing printing;
    cr_assert_eq(print_job(UUID(1)), 0);
    cr_assert(print_server_read(&printing, print_fixture_path("host"), &why));
    TEXT_PUT(printing.server, "neustadt/other");
    cr_assert(print_server_write(&printing, print_fixture_path("host"), &why));
    cr_assert_eq(print_job(UUID(2)), 6, "this one is not neustadt/other");
    cr_assert(file_remove(print_fixture_path("host/printing.json"), &why));
    cr_assert_eq(print_job(UUID(2)), 6);
    cr_assert(strstr(said.err, "knows no print server"), "%s", said.err);
    cr_assert_eq(stored(), 1);
}

Test(backends, what_is_refused_is_said_to_its_owner)
{
    setenv("AUTH_UID", "", 1);
    cr_assert_eq(print_job(UUID(1)), 5);
    cr_assert_str_eq(said.err, "ERROR: Not printed: it is not known who printed it.\n");
    setenv("AUTH_UID", "0", 1);
    setenv("CONTENT_TYPE", "text/plain", 1);
    cr_assert_eq(print_job(UUID(1)), 5);
    cr_assert(strstr(said.err, "kind of document"), "%s", said.err);
    cr_assert_eq(stored(), 0);
}

static pid_t start_job(const char *uuid)
{
    char options[100], path[300];
    snprintf(options, sizeof options, "job-uuid=%s", uuid);
    snprintf(path, sizeof path, "%s/broker/pult-host/pult-backend", getenv("PULT_BUILD"));
    pid_t backend = fork();
    if (backend == 0) {
        execl(path, "pult", "1", "root", "Geheim", "1", options, print_fixture_path("document"), (char *)NULL);
        _exit(127);
    }
    return backend;
}

static int code_of(pid_t backend)
{
    int status;
    cr_assert_eq(waitpid(backend, &status, 0), backend);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(backends, a_job_is_handed_over_once_at_a_time)
{
    program_freeze(print_fixture_pid());
    pid_t backend = start_job(UUID(1));
    while (connections() == 0)
        usleep(10000);
    cr_assert_eq(print_job(UUID(1)), 6, "cupsd was killed and starts it beside");
    cr_assert(strstr(said.err, "already") && !waits_for_server(), "%s", said.err);
    pid_t other = start_job(UUID(2));
    setenv("AUTH_UID", "1", 1);
    pid_t others = start_job(UUID(1)); // of somebody else, who has chosen that number
    cr_assert_eq(kill(print_fixture_pid(), SIGCONT), 0);
    cr_assert(code_of(backend) == 0 && code_of(other) == 0 && code_of(others) == 0, "another is not kept from it");
    cr_assert_eq(stored(), 3);
}

Test(backends, whoever_cannot_be_kept_apart_is_not_handed_over)
{
    print_fixture_shell("mkdir host/pult-jobs.lock");
    cr_assert_eq(print_job(UUID(1)), 6);
    cr_assert(strstr(said.err, "cannot hand it over") && !waits_for_server(), "%s", said.err);
    print_fixture_shell("rmdir host/pult-jobs.lock");
    cr_assert_eq(print_job(UUID(1)), 0);
}

Test(backends, a_job_whose_backend_was_ended_is_given_up)
{
    print_fixture_shell("head -c 50000000 /dev/zero | tr '\\0' a >document");
    program_freeze(print_fixture_pid());
    pid_t backend = start_job(UUID(1));
    while (connections() == 0)
        usleep(10000);
    cr_assert(kill(backend, SIGTERM) == 0 && code_of(backend) == -1);
    while (connections() > 0)
        usleep(10000);
    cr_assert_eq(kill(print_fixture_pid(), SIGCONT), 0);
    cr_assert_eq(print_job(UUID(2)), 0, "%s", said.err);
    cr_assert_eq(stored(), 1);
    cr_assert_eq(print_fixture_files(), 2);
}

#define BY_A_PIPE                                                                                                      \
    "printf '%%%%PDF-1.4 aaaaaa\\n%%s' '%s' | $PULT_BUILD/broker/pult-host/pult-backend 1 root Geheim 1 "              \
    "job-uuid=" UUID(1)

Test(backends, what_a_filter_makes_is_for_the_program_behind)
{
    char line[500];
    print_fixture_shell("cp $PULT_BUILD/broker/pult-host/pult-handover serverbin/daemon/pult");
    snprintf(line, sizeof line, BY_A_PIPE, "");
    program_run(&said, "bash", line);
    cr_assert_eq(said.exit_code, 5, "%s: the filter has failed", said.err);
    cr_assert(strstr(said.err, "could not be made into PDF"), "%s", said.err);
    snprintf(line, sizeof line, BY_A_PIPE, "%%EOF");
    program_run(&said, "bash", line);
    cr_assert_eq(said.exit_code, 0, "%s", said.err);
    print_fixture_stop();
    cr_assert_eq(spool_count(print_fixture_spool()), 1);
}

Test(backends, without_pult_host_the_program_behind_hands_over)
{
    end_host();
    cr_assert_eq(print_job(UUID(1)), 6);
    cr_assert(strstr(said.err, "serverbin/daemon/pult is missing"), "%s", said.err);
    print_fixture_shell("cp $PULT_BUILD/broker/pult-host/pult-handover serverbin/daemon/pult");
    cr_assert_eq(print_job(UUID(1)), 0, "%s", said.err);
    start_host();
    cr_assert_eq(print_job(UUID(2)), 0);
    cr_assert_eq(stored(), 2);
}

static int connect_host(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int line = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", print_fixture_path("host/print.sock"));
    cr_assert(connect(line, (struct sockaddr *)&address, sizeof address) == 0);
    return line;
}

Test(backends, nobody_but_root_is_heard)
{
    struct stat status;
    cr_assert(stat(print_fixture_path("host/print.sock"), &status) == 0 && (status.st_mode & 0777) == 0600);
    print_fixture_shell("chmod 711 host && chmod 666 host/print.sock");
    pid_t other = fork();
    if (other == 0) {
        char byte;
        _exit(setuid(1) != 0 || recv(connect_host(), &byte, 1, 0) != 0);
    }
    cr_assert_eq(code_of(other), 0, "the connection is closed");
    cr_assert_eq(print_job(UUID(1)), 0);
}

Test(backends, what_is_no_job_ends_the_connection)
{
    char byte;
    int line = connect_host();
    cr_assert_eq(send(line, "nonsense", 8, 0), 8);
    cr_assert_eq(recv(line, &byte, 1, 0), 0);
    close(line);
    cr_assert_eq(print_job(UUID(1)), 0);
}
