// SPDX-License-Identifier: EUPL-1.2
// Who may hand jobs over to a print server, and what becomes of them; its broker is away all the time.
#include "broker/base/text.h"
#include "broker/pult-print/listening.h"
#include "tests/integration/pult-print/print_fixture.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <cups/cups.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEXT_TO_ME "/ipp/print/next-to-me"
#define UUID(number) "urn:uuid:00000000-0000-0000-0000-00000000000" #number

TestSuite(doors, .init = print_fixture_init, .fini = print_fixture_fini, .timeout = 200);

static const struct spool_job *only_job(void)
{
    struct spool *spool = print_fixture_spool();
    cr_assert_eq(spool_count(spool), 1);
    return spool_at(spool, 0);
}

Test(doors, a_job_is_stored_when_it_is_answered)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    job.user = "jürgen";
    ipp_t *message = print_fixture_message(&job);
    ippAddInteger(message, IPP_TAG_JOB, IPP_TAG_INTEGER, "copies", 3);
    ippAddString(message, IPP_TAG_JOB, IPP_TAG_KEYWORD, "sides", NULL, "two-sided-long-edge");
    ippAddString(message, IPP_TAG_JOB, IPP_TAG_NAME, "output-bin", NULL, "Fächer");
    ippAddString(message, IPP_TAG_JOB, IPP_TAG_KEYWORD, "media", NULL, "iso_a3_297x420mm");
    ippAddRange(message, IPP_TAG_JOB, "page-ranges", 2, 5);
    ippAddInteger(message, IPP_TAG_JOB, IPP_TAG_INTEGER, "pult-age", 3600); // it waited at its host so long
    print_fixture_write("request", message, &job);
    cr_assert_eq(print_fixture_post("request", "ts1", "/ipp/print/neustadt/room1", ""), IPP_STATUS_OK);
    print_fixture_stop();
    const struct spool_job *stored = only_job();
    cr_assert_str_eq(stored->host, "neustadt/ts1");
    cr_assert_str_eq(stored->user_name, "jürgen");
    cr_assert_str_eq(stored->principal, "");
    cr_assert_str_eq(stored->target, "neustadt/room1");
    cr_assert_str_eq(stored->format, "application/pdf");
    cr_assert_str_eq(stored->options, "copies=3 sides=two-sided-long-edge media=iso_a3_297x420mm page-ranges=2-5");
    cr_assert(stored->size == 100000 && stored->created_ms > 0 && stored->certified_ms > 0);
    cr_assert_eq(stored->changed_ms - stored->created_ms, 3600 * 1000);
    cr_assert_eq(strlen(stored->certificate), 64);
    cr_assert(print_fixture_is_whole(stored, 'a'));
}

Test(doors, a_title_is_nowhere)
{
    struct program_result found;
    char line[300];
    print_fixture_start("log-level = debug");
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    print_fixture_stop();
    snprintf(line, sizeof line, "grep -rl Geheim %s %s", print_fixture_path("state"), print_fixture_path("log"));
    program_run(&found, line, NULL);
    cr_assert_str_eq(found.out, "");
}

Test(doors, documents_come_with_a_length_or_in_chunks_and_many_by_one_connection)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    job.size = 3000000;
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    job.uuid = UUID(2);
    job.letter = 'b';
    print_fixture_write("request", print_fixture_message(&job), &job);
    cr_assert_eq(print_fixture_post("request", "ts1", NEXT_TO_ME, "-H 'Transfer-Encoding: chunked'"), IPP_STATUS_OK);
    job.uuid = UUID(3);
    job.letter = 'c';
    job.size = 0;
    print_fixture_write("third", print_fixture_message(&job), &job);
    cr_assert_eq(print_fixture_post("third", "ts1", NEXT_TO_ME,
                                    "-v -o /dev/null https://127.0.0.1:8631" NEXT_TO_ME " 2>verbose"),
                 IPP_STATUS_OK);
    print_fixture_shell("grep -q 'Re-using existing .*connection' verbose");
    print_fixture_stop();
    struct spool *spool = print_fixture_spool();
    cr_assert_eq(spool_count(spool), 3);
    for (size_t i = 0; i < 3; i++)
        cr_assert(print_fixture_is_whole(spool_at(spool, i), (char)('a' + i)));
}

Test(doors, the_same_job_again_is_answered_the_same_and_is_nothing_new)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    for (int again = 0; again < 2; again++) {
        job.letter = 'x'; // and whatever it says now
        cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
        print_fixture_stop();
        print_fixture_start("");
    }
    print_fixture_enrol("ts2", NOUN_HOST, "neustadt/ts2");
    cr_assert_eq(print_fixture_post("request", "ts2", NEXT_TO_ME, ""), IPP_STATUS_OK);
    print_fixture_stop();
    struct spool *spool = print_fixture_spool();
    cr_assert_eq(spool_count(spool), 2, "another host's job is another one");
    cr_assert_str_eq(spool_at(spool, 0)->user_name, "anna");
    cr_assert(print_fixture_is_whole(spool_at(spool, 0), 'a'));
    cr_assert_str_eq(spool_at(spool, 1)->host, "neustadt/ts2");
}

// Its broker, who would have it try again, is away.
Test(doors, a_port_that_somebody_else_has_is_tried_until_it_is_free)
{
    struct fault why = {0};
    struct print_request job = print_fixture_job(UUID(1));
    int other = listening_on_port("", PRINT_PORT, &why);
    cr_assert_geq(other, 0, "%s", why.text);
    print_fixture_start("");
    close(other);
    for (int tries = 0; print_fixture_send(&job) != IPP_STATUS_OK; tries++) {
        cr_assert_lt(tries, 600, "nobody listens");
        usleep(50 * 1000);
    }
}

// Whoever prints may choose what a job is called, and so might keep out what somebody else prints.
Test(doors, a_job_of_somebody_else_is_another_whatever_it_is_called)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    job.user = "ben";
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    print_fixture_stop();
    cr_assert_eq(print_fixture_files(), 2 * 2); // a record and a document each
}

Test(doors, a_job_of_before_a_kill_is_there_after_it)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    cr_assert_eq(kill(print_fixture_pid(), SIGKILL), 0);
    print_fixture_stop();
    cr_assert(print_fixture_is_whole(only_job(), 'a'));
}

Test(doors, connections_that_are_kept_without_a_job_make_room)
{
    enum { KEPT = 600, VISITORS = 512 };
    char line[100];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct rlimit files = {2000, 2000};
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    print_fixture_start("patience-seconds = 600");
    snprintf(address.sun_path, sizeof address.sun_path, "%s", print_fixture_path("run/door.sock"));
    for (int i = 0; i < KEPT; i++) {
        int kept = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert(kept >= 0 && connect(kept, (struct sockaddr *)&address, sizeof address) == 0);
    }
    snprintf(line, sizeof line, "while [ $(ls /proc/%d/fd | wc -l) -lt %d ]; do sleep 0.01; done",
             (int)print_fixture_pid(), VISITORS);
    print_fixture_shell(line);
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    print_fixture_stop();
}

// ---- who may not

Test(doors, nobody_but_a_session_host_is_heard)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    print_fixture_write("request", print_fixture_message(&job), &job);
    print_fixture_enrol("desk", NOUN_DEVICE, "neustadt/ts1"); // the same id as the host
    print_fixture_enrol("other", NOUN_PRINT_SERVER, "neustadt/ts1");
    print_fixture_shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc "
                        "-subj '/OU=host/CN=neustadt\\/ts1' -keyout own.key -out own.crt 2>/dev/null && "
                        "cat own.key own.crt >own.pem");
    static const char *const machines[] = {NULL, "desk", "other", "own"};
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        cr_assert_eq(print_fixture_post("request", machines[i], NEXT_TO_ME, ""), -1);
        cr_assert(text_starts(print_fixture_http, "56 000") || text_starts(print_fixture_http, "35 000") ||
                      text_starts(print_fixture_http, "52 000") || text_starts(print_fixture_http, "55 000"),
                  "%s: %s", machines[i] ? machines[i] : "none", print_fixture_http);
    }
    cr_assert_eq(print_fixture_files(), 0);
    cr_assert_eq(print_fixture_post("request", "ts1", NEXT_TO_ME, ""), IPP_STATUS_OK);
}

Test(doors, requests_that_are_wrong_are_refused_for_good)
{
    print_fixture_start("");
    static const struct {
        ipp_op_t operation;
        const char *user, *uuid, *format;
        ipp_status_t status;
    } rows[] = {
        {IPP_OP_PRINT_JOB, NULL, UUID(1), "application/pdf", IPP_STATUS_ERROR_NOT_AUTHORIZED},
        {IPP_OP_PRINT_JOB, "", UUID(1), "application/pdf", IPP_STATUS_ERROR_NOT_AUTHORIZED},
        {IPP_OP_PRINT_JOB, "anonymous", UUID(1), "application/pdf", IPP_STATUS_ERROR_NOT_AUTHORIZED},
        {IPP_OP_PRINT_JOB, "Remroot", UUID(1), "application/pdf", IPP_STATUS_ERROR_NOT_AUTHORIZED},
        {IPP_OP_PRINT_JOB, "anna\nben", UUID(1), "application/pdf", IPP_STATUS_ERROR_NOT_AUTHORIZED},
        {IPP_OP_PRINT_JOB, "anna", NULL, "application/pdf", IPP_STATUS_ERROR_BAD_REQUEST},
        {IPP_OP_PRINT_JOB, "anna", UUID(1), NULL, IPP_STATUS_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED},
        {IPP_OP_PRINT_JOB, "anna", UUID(1), "text/plain", IPP_STATUS_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED},
        {IPP_OP_CREATE_JOB, "anna", UUID(1), "application/pdf", IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED},
        {IPP_OP_GET_JOBS, "anna", UUID(1), "application/pdf", IPP_STATUS_ERROR_OPERATION_NOT_SUPPORTED},
        {IPP_OP_VALIDATE_JOB, "anna", UUID(1), "application/pdf", IPP_STATUS_OK},
        {IPP_OP_GET_PRINTER_ATTRIBUTES, NULL, NULL, NULL, IPP_STATUS_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct print_request request = {.operation = rows[i].operation,
                                        .user = rows[i].user,
                                        .uuid = rows[i].uuid,
                                        .format = rows[i].format,
                                        .size = 1000,
                                        .letter = 'a'};
        cr_assert_eq(print_fixture_send(&request), (int)rows[i].status, "row %zu: %s", i, print_fixture_http);
    }
    cr_assert_eq(print_fixture_files(), 0);
}

Test(doors, what_is_no_ipp_or_no_http_of_ours_is_refused)
{
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    job.size = 3000000; // the answer is there before all of it was sent
    print_fixture_write("request", print_fixture_message(&job), &job);
    static const struct {
        const char *path, *options, *http;
    } rows[] = {
        {"/ipp/print", "", "0 404"},
        {"/ipp/print/neustadt/", "", "0 404"},
        {"/ipp/print/../../etc/passwd", "--path-as-is", "0 404"},
        {NEXT_TO_ME, "-X PUT", "0 405"},
        {NEXT_TO_ME, "-H 'Content-Type: text/plain'", "0 415"},
        {NEXT_TO_ME, "-H 'Content-Length: 5' -H 'Transfer-Encoding: chunked'", "0 400"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        print_fixture_post("request", "ts1", rows[i].path, rows[i].options);
        cr_assert(strstr(print_fixture_http, rows[i].http + 2), "row %zu: %s", i, print_fixture_http);
    }
    print_fixture_shell("head -c 100000 /dev/urandom >noise; head -c 40 request >short");
    cr_assert_eq(print_fixture_post("noise", "ts1", NEXT_TO_ME, ""), (int)IPP_STATUS_ERROR_BAD_REQUEST);
    cr_assert_eq(print_fixture_post("short", "ts1", NEXT_TO_ME, ""), (int)IPP_STATUS_ERROR_BAD_REQUEST);
    cr_assert_eq(print_fixture_files(), 0);
    cr_assert_eq(print_fixture_post("request", "ts1", NEXT_TO_ME, ""), IPP_STATUS_OK);
}

// ---- how much

Test(doors, a_document_that_is_too_large_is_refused_and_leaves_nothing)
{
    print_fixture_start("job-mib = 1");
    struct print_request job = print_fixture_job(UUID(1));
    job.size = 8 * 1024 * 1024;
    cr_assert_eq(print_fixture_send(&job), (int)IPP_STATUS_ERROR_REQUEST_ENTITY);
    cr_assert_eq(print_fixture_post("request", "ts1", NEXT_TO_ME, "-H 'Transfer-Encoding: chunked'"),
                 (int)IPP_STATUS_ERROR_REQUEST_ENTITY);
    cr_assert_eq(print_fixture_files(), 0);
    job.size = 1024 * 1024;
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
}

Test(doors, who_has_too_many_jobs_is_told_later_and_others_are_not)
{
    print_fixture_start("jobs = 4\nhost-jobs = 3\nuser-jobs = 2");
    static const struct {
        const char *uuid, *user, *host;
        ipp_status_t status;
    } rows[] = {
        {UUID(1), "anna", "ts1", IPP_STATUS_OK},         {UUID(2), "anna", "ts1", IPP_STATUS_OK},
        {UUID(3), "anna", "ts1", IPP_STATUS_ERROR_BUSY}, {UUID(3), "ben", "ts1", IPP_STATUS_OK},
        {UUID(4), "ben", "ts1", IPP_STATUS_ERROR_BUSY},  {UUID(4), "ben", "ts2", IPP_STATUS_OK},
        {UUID(5), "eva", "ts2", IPP_STATUS_ERROR_BUSY},  {UUID(1), "anna", "ts1", IPP_STATUS_OK},
    };
    print_fixture_enrol("ts2", NOUN_HOST, "neustadt/ts2");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct print_request job = print_fixture_job(rows[i].uuid);
        job.user = rows[i].user;
        print_fixture_write("request", print_fixture_message(&job), &job);
        cr_assert_eq(print_fixture_post("request", rows[i].host, NEXT_TO_ME, ""), (int)rows[i].status, "row %zu", i);
    }
}

Test(doors, on_a_full_disk_jobs_are_told_later_and_none_is_lost)
{
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    mkdir(print_fixture_path("state/spool"), 0700);
    cr_assert(mount("disk", print_fixture_path("state/spool"), "tmpfs", 0, "size=6m") == 0);
    print_fixture_start("");
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    job.uuid = UUID(2);
    job.size = 20 * 1024 * 1024;
    cr_assert_eq(print_fixture_send(&job), (int)IPP_STATUS_ERROR_TEMPORARY);
    cr_assert_eq(print_fixture_files(), 2, "something is left of a job that did not fit");
    job.size = 1000000;
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK, "the same job later, when there is room");
    print_fixture_stop();
    print_fixture_start("disk-reserve-mib = 5");
    job.uuid = UUID(3);
    job.size = 10;
    cr_assert_eq(print_fixture_send(&job), (int)IPP_STATUS_ERROR_TEMPORARY);
    print_fixture_stop();
    struct spool *spool = print_fixture_spool();
    cr_assert_eq(spool_count(spool), 2);
    cr_assert(print_fixture_is_whole(spool_at(spool, 0), 'a') && print_fixture_is_whole(spool_at(spool, 1), 'a'));
    print_fixture_close_spool();
    umount(print_fixture_path("state/spool"));
}

Test(doors, a_spool_that_cannot_be_written_is_told_later_and_comes_back)
{
    struct print_request job = print_fixture_job(UUID(1));
    char folder[200];
    TEXT_PUT(folder, print_fixture_path("state/spool"));
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    print_fixture_start("");
    cr_assert(mount(folder, folder, NULL, MS_BIND, NULL) == 0 &&
              mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0);
    cr_assert_eq(print_fixture_send(&job), (int)IPP_STATUS_ERROR_TEMPORARY);
    cr_assert_eq(umount(folder), 0);
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK, "the same job later");
    print_fixture_stop();
    cr_assert_eq(spool_count(print_fixture_spool()), 1);
}

Test(doors, a_client_that_stalls_is_cut_off_and_holds_nobody_up)
{
    print_fixture_start("patience-seconds = 1");
    struct print_request job = print_fixture_job(UUID(1));
    print_fixture_write("slow", print_fixture_message(&job), &job);
    pid_t slow = fork();
    if (slow == 0) {
        print_fixture_post("slow", "ts1", NEXT_TO_ME, "--limit-rate 2k --expect100-timeout 1");
        _exit(text_starts(print_fixture_http, "0 ") ? 1 : 0); // curl has to have failed
    }
    int status;
    cr_assert_eq(waitpid(slow, &status, 0), slow);
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it was not cut off");
    cr_assert_eq(print_fixture_files(), 0);
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
}

// With sanitizers a program keeps for a while what it has freed.
#ifdef __SANITIZE_ADDRESS__
enum { MEMORY_MAX_KIB = 320 * 1024 };
#else
enum { MEMORY_MAX_KIB = 64 * 1024 };
#endif

Test(doors, memory_does_not_grow_with_documents)
{
    struct program_result memory;
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    job.size = 100 * 1024 * 1024;
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
    char line[200];
    snprintf(line, sizeof line, "awk /^Private/{s+=$2}END{print(s)} /proc/%d/smaps_rollup", print_fixture_pid());
    program_run(&memory, line, NULL);
    int64_t kib;
    memory.out[strcspn(memory.out, "\n")] = 0;
    cr_assert(text_number(memory.out, 1, MEMORY_MAX_KIB, &kib), "private memory: %s KiB", memory.out);
}

// ---- without a broker, and on the same machine

static int print_at_door(const char *user, const char *uuid)
{
    struct print_request job = print_fixture_job(uuid);
    job.user = user;
    int status = -1;
    http_t *http = httpConnect2(print_fixture_path("run/door.sock"), 0, NULL, AF_UNSPEC, HTTP_ENCRYPTION_IF_REQUESTED,
                                1, 5000, NULL);
    if (!http)
        return -1;
    print_fixture_write("page", ippNew(), &(struct print_request){.size = 0});
    cr_assert_eq(truncate(print_fixture_path("page"), 0), 0);
    int file = creat(print_fixture_path("page"), 0644);
    cr_assert_eq(write(file, "aaaa", 4), 4);
    close(file);
    ipp_t *answer = cupsDoFileRequest(http, print_fixture_message(&job), NEXT_TO_ME, print_fixture_path("page"));
    if (answer)
        status = ippGetStatusCode(answer);
    ippDelete(answer);
    httpClose(http);
    return status;
}

Test(doors, the_kerberos_door_takes_a_principal_and_nothing_else)
{
    print_fixture_start("");
    static const char *const nobodies[] = {
        "",      "anna",          "anonymous",  "remroot", "anonymous@HALL", "remroot@HALL", "@HALL.EXAMPLE",
        "anna@", "anna ben@HALL", "HTTP/x@HALL"};
    for (size_t i = 0; i < sizeof nobodies / sizeof *nobodies; i++)
        cr_assert_eq(print_at_door(nobodies[i], UUID(1)), (int)IPP_STATUS_ERROR_NOT_AUTHORIZED, "\"%s\" %s",
                     nobodies[i], cupsLastErrorString());
    cr_assert_eq(print_fixture_files(), 0);
    cr_assert_eq(print_at_door("anna@HALL.EXAMPLE", UUID(1)), IPP_STATUS_OK);
    print_fixture_stop();
    const struct spool_job *job = only_job();
    cr_assert_str_eq(job->principal, "anna@HALL.EXAMPLE");
    cr_assert(!job->host[0] && !job->user_name[0] && !job->certificate[0]);
    cr_assert(print_fixture_is_whole(job, 'a'));
}

// Of the print server, in the time that a client has nothing else to do.
static int64_t processor_ms_in_a_second(void)
{
    clockid_t clock;
    struct timespec before, after, second = {.tv_sec = 1};
    cr_assert_eq(clock_getcpuclockid(print_fixture_pid(), &clock), 0);
    cr_assert_eq(clock_gettime(clock, &before), 0);
    nanosleep(&second, NULL);
    cr_assert_eq(clock_gettime(clock, &after), 0);
    return (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
}

Test(doors, who_asks_and_takes_no_answer_keeps_nobody_busy)
{
    char body[1000], request[1500];
    print_fixture_start("");
    struct print_request question = {.operation = IPP_OP_GET_PRINTER_ATTRIBUTES};
    print_fixture_write("question", print_fixture_message(&question), &question);
    FILE *file = fopen(print_fixture_path("question"), "r");
    size_t length = fread(body, 1, sizeof body, file), head;
    fclose(file);
    head = (size_t)snprintf(request, sizeof request,
                            "POST " NEXT_TO_ME " HTTP/1.1\r\nContent-Type: application/ipp\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            length);
    memcpy(request + head, body, length);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    TEXT_PUT(address.sun_path, print_fixture_path("run/door.sock"));
    int door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(connect(door, (const struct sockaddr *)&address, sizeof address), 0);
    struct timeval patience = {.tv_sec = 1};
    cr_assert_eq(setsockopt(door, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience), 0);
    for (size_t sent = 0; send(door, request, head + length, MSG_NOSIGNAL) > 0; sent++)
        cr_assert_lt(sent, 100000, "it takes everything");
    int64_t busy_ms = processor_ms_in_a_second();
    cr_assert_lt(busy_ms, 200, "%lld ms", (long long)busy_ms);
    close(door);
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), IPP_STATUS_OK);
}

static int print_as(const char *user)
{
    const struct passwd *entry = getpwnam(user);
    cr_assert(entry);
    uid_t uid = entry->pw_uid;
    cr_assert_eq(chmod(print_fixture_path(""), 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        if (setresuid(uid, uid, uid) != 0)
            _exit(3);
        _exit(print_at_door("anna@HALL.EXAMPLE", UUID(1)) == IPP_STATUS_OK ? 0 : 1);
    }
    int status;
    cr_assert(waitpid(child, &status, 0) == child && WIFEXITED(status));
    unlink(print_fixture_path("page"));
    return WEXITSTATUS(status);
}

Test(doors, the_kerberos_door_is_for_root_and_cupsd)
{
    print_fixture_start("");
    cr_assert_eq(print_as("nobody"), 1);
    cr_assert_eq(print_fixture_files(), 0);
    cr_assert_eq(print_as("lp"), 0);
}

Test(doors, without_ever_having_heard_of_a_broker_jobs_are_told_later)
{
    print_fixture_forget_broker();
    print_fixture_start("");
    struct print_request job = print_fixture_job(UUID(1));
    cr_assert_eq(print_fixture_send(&job), -1);
    cr_assert(text_starts(print_fixture_http, "7 "), "the port is open: %s", print_fixture_http);
    cr_assert_eq(print_at_door("anna@HALL.EXAMPLE", UUID(1)), (int)IPP_STATUS_ERROR_TEMPORARY);
    cr_assert_eq(print_fixture_files(), 0);
}
