// SPDX-License-Identifier: EUPL-1.2
// What is kept of jobs over restarts, power cuts, full disks and damage.
#include "broker/pult-print/spool.h"
#include "broker/api/job.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/text.h"
#include "broker/pult-print/document.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DOCUMENT = 70000, JOBS_MAX = 300 };

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct spool *spool;
static struct fault why, told;
static int waiting;
static unsigned char keys[JOBS_MAX][DOCUMENT_KEY_BYTES];

static void open_spool(void)
{
    spool = spool_open(loop, folder, &why);
    cr_assert(spool, "%s", why.text);
}

static void close_spool(void)
{
    spool_free(spool);
    spool = NULL;
}

static void start(void)
{
    loop = loop_new();
    folder_make(folder, "spool");
    open_spool();
}

static void stop(void)
{
    close_spool();
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(spool, .init = start, .fini = stop, .timeout = 120);

static void done(void *arg, const struct fault *result)
{
    (void)arg;
    if (result->kind != FAULT_NONE)
        told = *result;
    if (--waiting == 0)
        loop_stop(loop);
}

static void wait_for_all(void)
{
    told = (struct fault){0};
    if (waiting)
        loop_run(loop);
}

static const char *id_of(int number)
{
    static char id[2][SPOOL_ID_SIZE];
    static int at;
    snprintf(id[at = !at], SPOOL_ID_SIZE, "j-%032x", (unsigned)number);
    return id[at];
}

static const char *file_of(int number, const char *end)
{
    static char path[2][SPOOL_PATH_SIZE];
    static int at;
    spool_path(path[at = !at], folder, id_of(number), end);
    return path[at];
}

// Its bytes are all its number.
static struct file_draft *make_document(int number)
{
    char path[SPOOL_PATH_SIZE], bytes[DOCUMENT];
    spool_document_path(spool, id_of(number), path);
    struct document_writer *writer = document_create(path, id_of(number), &why);
    cr_assert(writer, "%s", why.text);
    memset(bytes, number, sizeof bytes);
    struct file_draft *draft = document_add(writer, bytes, sizeof bytes, &why) ? document_finish(writer, &why) : NULL;
    memcpy(keys[number], document_key(writer), DOCUMENT_KEY_BYTES);
    document_writer_free(writer);
    return draft;
}

static struct spool_job job_of(int number)
{
    struct spool_job job = {.size = DOCUMENT, .created_ms = 1000 + number};
    TEXT_PUT(job.id, id_of(number));
    TEXT_PUT(job.host, "neustadt/ts1");
    TEXT_PUT(job.user_name, "jürgen");
    TEXT_PUT(job.options, "copies=2 sides=one-sided");
    TEXT_PUT(job.sealed, "c2VhbGVk");
    return job;
}

static void push_document(int number, struct file_draft *draft)
{
    struct spool_job job = job_of(number);
    cr_assert(draft, "%s", why.text);
    waiting++;
    spool_add(spool, &job, draft, done, NULL);
}

static void push_new(int number)
{
    push_document(number, make_document(number));
}

static void add(int number)
{
    push_new(number);
    wait_for_all();
}

static void set_state(int number, enum spool_state state)
{
    struct spool_job job = *spool_find(spool, id_of(number));
    job.state = state;
    waiting++;
    spool_put(spool, &job, done, NULL);
    wait_for_all();
}

static bool is_whole(const struct spool *of, int number)
{
    size_t length = 1, all = 0;
    char path[SPOOL_PATH_SIZE], bytes[4096];
    spool_document_path(of, id_of(number), path);
    struct document_reader *reader = document_open(path, id_of(number), keys[number], &why);
    while (reader && length && document_read(reader, bytes, sizeof bytes, &length, &why)) {
        for (size_t i = 0; i < length; i++)
            cr_assert_eq(bytes[i], (char)number);
        all += length;
    }
    document_close(reader);
    return all == DOCUMENT;
}

static void open_again(void)
{
    close_spool();
    open_spool();
}

static void alter(const char *path, off_t at)
{
    unsigned char byte;
    int file = open(path, O_RDWR);
    cr_assert_eq(pread(file, &byte, 1, at), 1, "%s", path);
    byte ^= 1;
    cr_assert_eq(pwrite(file, &byte, 1, at), 1);
    close(file);
}

// ---- in order

Test(spool, keeps_a_job_over_a_restart)
{
    add(1);
    cr_assert_eq(told.kind, FAULT_NONE);
    cr_assert_eq(spool_bytes(spool), DOCUMENT);
    open_again();
    cr_assert_eq(spool_count(spool), 1);
    const struct spool_job *job = spool_find(spool, id_of(1));
    cr_assert(job && job == spool_at(spool, 0));
    cr_assert_str_eq(job->user_name, "jürgen");
    cr_assert_str_eq(job->options, "copies=2 sides=one-sided");
    cr_assert_eq(job->created_ms, 1001);
    cr_assert_eq(job->state, SPOOL_WAITING);
    cr_assert(is_whole(spool, 1));
}

Test(spool, is_known_only_once_it_is_on_the_disk)
{
    push_new(1);
    cr_assert_not(spool_knows(spool, id_of(1)));
    wait_for_all();
    cr_assert(spool_knows(spool, id_of(1)));
    cr_assert(file_exists(file_of(1, "job")) && file_exists(file_of(1, "doc")));
}

Test(spool, changes_in_memory_at_once_and_on_the_disk_when_done)
{
    add(1);
    struct spool_job job = *spool_find(spool, id_of(1));
    job.state = SPOOL_SENDING;
    TEXT_PUT(job.printer, "neustadt/room1");
    waiting = 2;
    spool_put(spool, &job, done, NULL);
    cr_assert_eq(spool_find(spool, id_of(1))->state, SPOOL_SENDING);
    job.state = SPOOL_SENT;
    job.printer_job = 7;
    spool_put(spool, &job, done, NULL);
    wait_for_all();
    open_again();
    const struct spool_job *found = spool_find(spool, id_of(1));
    cr_assert(found->state == SPOOL_SENT && found->printer_job == 7 && found->changed_ms > 0);
    cr_assert_str_eq(found->printer, "neustadt/room1");
}

Test(spool, forgets_the_document_of_a_job_that_is_over_and_knows_the_job_for_a_week)
{
    add(1);
    add(2);
    set_state(1, SPOOL_DONE);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(spool_count(spool), 1);
        cr_assert_eq(spool_bytes(spool), DOCUMENT);
        cr_assert_null(spool_find(spool, id_of(1)));
        cr_assert(spool_knows(spool, id_of(1)));
        cr_assert_not(file_exists(file_of(1, "doc")) || file_exists(file_of(1, "job")));
        open_again();
    }
    spool_sweep(spool, clock_wall_ms() + SPOOL_REMEMBERED_MS - 60000);
    cr_assert(spool_knows(spool, id_of(1)));
    spool_sweep(spool, clock_wall_ms() + SPOOL_REMEMBERED_MS + 60000);
    cr_assert_not(spool_knows(spool, id_of(1)));
    cr_assert_not(file_exists(file_of(1, "end")));
    cr_assert(spool_knows(spool, id_of(2)));
}

Test(spool, writes_many_at_a_time_and_lists_them_by_age)
{
    for (int i = JOBS_MAX - 1; i >= 0; i--)
        push_new(i);
    wait_for_all();
    cr_assert_eq(told.kind, FAULT_NONE);
    open_again();
    cr_assert_eq(spool_count(spool), JOBS_MAX);
    for (int i = 0; i < JOBS_MAX; i++) {
        cr_assert_str_eq(spool_at(spool, (size_t)i)->id, id_of(i));
        cr_assert(is_whole(spool, i));
    }
}

Test(spool, of_which_another_program_has_it_is_not_opened)
{
    struct spool *second = spool_open(loop, folder, &why);
    cr_assert_null(second);
    cr_assert_eq(why.kind, FAULT_BUSY);
}

// ---- the power goes

// 1: job 1 waits; 2: it is being sent; 3: job 2 waits as well; 4: job 1 is over.
static int which_version(const char *at)
{
    struct loop *own = loop_new();
    struct spool *found = spool_open(own, at, &why);
    cr_assert(found, "%s", why.text);
    const struct spool_job *first = spool_find(found, id_of(1)), *second = spool_find(found, id_of(2));
    bool is_over = !first && spool_knows(found, id_of(1)), is_sending = first && first->state == SPOOL_SENDING;
    int version = is_over && second      ? 4
                  : is_sending && second ? 3
                  : is_sending           ? 2
                  : first && !second     ? 1
                  : first                ? -1
                                         : 0;
    if ((first && !is_whole(found, 1)) || (second && !is_whole(found, 2)) || (version == 0 && second))
        version = -1;
    if ((first && first->reason) || (second && second->reason))
        version = -1;
    spool_free(found);
    loop_free(own);
    return version;
}

static void take_step(int step)
{
    power_fixture_begin();
    if (step == 1 || step == 3)
        add(step == 1 ? 1 : 2);
    else
        set_state(1, step == 2 ? SPOOL_SENDING : SPOOL_DONE);
    cr_assert_eq(told.kind, FAULT_NONE);
    power_fixture_done();
}

// What stands in the file of a job that is over does not matter, so that its last step needs no sync of it.
Test(spool, has_what_was_acknowledged_whenever_the_power_goes)
{
    power_fixture_start(folder);
    for (int step = 1; step <= 3; step++)
        take_step(step);
    power_fixture_check(which_version);
    take_step(4);
    power_fixture_check_holds(which_version);
    power_fixture_stop();
}

static int count_whole(const char *at)
{
    struct loop *own = loop_new();
    struct spool *found = spool_open(own, at, &why);
    int count = (int)spool_count(found);
    for (int i = 0; i < count; i++) {
        const struct spool_job *job = spool_at(found, (size_t)i);
        int number = (int)strtol(job->id + 2, NULL, 16);
        cr_assert(is_whole(found, number) && !job->reason, "%s is not whole", job->id);
    }
    spool_free(found);
    loop_free(own);
    return count == 3 ? 1 : 0;
}

Test(spool, has_each_of_many_whole_or_not_at_all_whenever_the_power_goes)
{
    struct file_draft *drafts[4];
    power_fixture_start(folder);
    power_fixture_begin();
    for (int i = 1; i <= 3; i++) // what is noted is noted by one thread at a time
        drafts[i] = make_document(i);
    for (int i = 1; i <= 3; i++)
        push_document(i, drafts[i]);
    wait_for_all();
    power_fixture_done();
    power_fixture_check_holds(count_whole);
    power_fixture_stop();
}

// ---- damage

Test(spool, puts_a_damaged_record_aside_and_says_so)
{
    struct stat status;
    add(1);
    add(2);
    cr_assert_eq(stat(file_of(1, "job"), &status), 0);
    for (off_t at = 0; at < status.st_size - 1; at += 5) {
        open_again();
        cr_assert(spool_find(spool, id_of(1)));
        close_spool();
        alter(file_of(1, "job"), at);
        open_spool();
        cr_assert_null(spool_find(spool, id_of(1)), "byte %ld was altered, and the job is taken all the same",
                       (long)at);
        cr_assert(spool_find(spool, id_of(2)));
        cr_assert(file_exists(file_of(1, "bad")) && file_exists(file_of(1, "doc.bad")));
        cr_assert_eq(rename(file_of(1, "bad"), file_of(1, "job")), 0);
        cr_assert_eq(rename(file_of(1, "doc.bad"), file_of(1, "doc")), 0);
        alter(file_of(1, "job"), at);
    }
}

Test(spool, does_not_take_a_record_for_another_jobs)
{
    add(1);
    add(2);
    close_spool();
    cr_assert_eq(rename(file_of(1, "job"), file_of(2, "job")), 0);
    open_spool();
    cr_assert_null(spool_find(spool, id_of(1)));
    cr_assert_null(spool_find(spool, id_of(2)));
}

Test(spool, holds_a_job_whose_document_is_cut_or_gone)
{
    for (int number = 1; number <= 2; number++) {
        add(number);
        close_spool();
        if (number == 1)
            cr_assert_eq(truncate(file_of(number, "doc"), 100), 0);
        else
            cr_assert_eq(unlink(file_of(number, "doc")), 0);
        open_spool();
        const struct spool_job *job = spool_find(spool, id_of(number));
        cr_assert(job && job->state == SPOOL_HELD && job->reason == JOB_DAMAGED);
    }
}

Test(spool, leaves_what_a_printer_has_as_it_is_though_its_document_is_gone)
{
    add(1);
    set_state(1, SPOOL_SENT);
    close_spool();
    cr_assert_eq(unlink(file_of(1, "doc")), 0);
    open_spool();
    cr_assert_eq(spool_find(spool, id_of(1))->state, SPOOL_SENT);
}

Test(spool, passes_over_what_is_none_of_its_files)
{
    close_spool();
    cr_assert(file_replace(file_of(1, "doc"), 0600, "x", 1, &why)); // of a job that was never stored
    cr_assert(file_replace(file_of(2, "doc.new"), 0600, "x", 1, &why));
    char path[100];
    snprintf(path, sizeof path, "%s/j-UMLAUT.job", folder);
    cr_assert(file_replace(path, 0600, "x", 1, &why));
    open_spool();
    cr_assert_eq(spool_count(spool), 0);
    cr_assert_not(file_exists(file_of(1, "doc")) || file_exists(file_of(2, "doc.new")));
    cr_assert(file_exists(path));
}

// ---- the disk is full

Test(spool, tells_when_the_disk_is_full_and_writes_later)
{
    char filler[100];
    static char bytes[64 * 1024];
    close_spool();
    cr_assert(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    cr_assert(mount("disk", folder, "tmpfs", 0, "size=256k") == 0);
    open_spool();
    add(1);
    snprintf(filler, sizeof filler, "%s/filler", folder);
    int file = open(filler, O_WRONLY | O_CREAT, 0600);
    while (write(file, bytes, sizeof bytes) > 0)
        ;
    while (write(file, bytes, 1) > 0)
        ;
    set_state(1, SPOOL_SENDING);
    cr_assert_eq(told.kind, FAULT_UNAVAILABLE);
    cr_assert_null(make_document(2));
    cr_assert_eq(why.kind, FAULT_UNAVAILABLE);
    cr_assert(ftruncate(file, 0) == 0 && close(file) == 0);
    spool_sweep(spool, clock_wall_ms());
    open_again(); // which waits for what is being written
    cr_assert_eq(spool_find(spool, id_of(1))->state, SPOOL_SENDING);
    cr_assert(is_whole(spool, 1));
    close_spool();
    umount(folder);
}

// ---- names

Test(spool, gives_the_same_id_to_the_same_job_only)
{
    char first[SPOOL_ID_SIZE], other[SPOOL_ID_SIZE], name[SPOOL_JOB_NAME_SIZE];
    spool_id_make(first, "neustadt/ts1", "anna", "urn:uuid:1");
    cr_assert(spool_id_is_valid(first));
    spool_id_make(other, "neustadt/ts1", "anna", "urn:uuid:1");
    cr_assert_str_eq(first, other);
    static const char *const others[][3] = {{"neustadt/ts2", "anna", "urn:uuid:1"},
                                            {"neustadt/ts", "1anna", "urn:uuid:1"},
                                            {"neustadt/ts1", "ben", "urn:uuid:1"},
                                            {"neustadt/ts1", "ann", "aurn:uuid:1"},
                                            {"neustadt/ts1", "anna", "urn:uuid:2"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        spool_id_make(other, others[i][0], others[i][1], others[i][2]);
        cr_assert_str_neq(first, other);
    }
    cr_assert_not(spool_id_is_valid("j-0") || spool_id_is_valid("x-00000000000000000000000000000001"));
    spool_job_name(name, "j-0123456789abcdef0123456789abcdef");
    cr_assert_str_eq(name, "pult-01234567-89ab-cdef-0123-456789abcdef");
}
