// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/otp_log.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 300, REWRITE_BYTES = 512 * 1024, FILE_MAX_BYTES = 16 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct waiting {
    struct waiting *next;
    otp_log_done *done;
    void *arg;
};

// One batch, for the thread: appended, or the whole file rewritten.
struct job {
    struct text text;
    char path[PATH_SIZE];
    bool rewrites;
    int error;
    off_t size;              // of the file, after
    struct otp_log *otp_log; // for the loop's thread only
};

struct otp_log {
    struct loop *loop;
    struct used_otps *used;
    char path[PATH_SIZE];
    off_t size;
    bool broken;
    struct text next; // the batch that comes after the one under way
    struct waiting *next_waiting, *waiting;
    struct worker *writer;
};

// ---- in the thread

static bool write_all(int file, const char *bytes, size_t length)
{
    while (length) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        bytes += written > 0 ? written : 0;
        length -= written > 0 ? (size_t)written : 0;
    }
    return true;
}

static bool sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    return fine;
}

static bool append(struct job *job)
{
    int file = open(job->path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    bool fine = file >= 0 && write_all(file, job->text.bytes, job->text.length) && fsync(file) == 0;
    job->error = errno;
    // Half a line would spoil the next one.
    if (!fine && file >= 0 && ftruncate(file, job->size) != 0)
        job->rewrites = true;
    if (file >= 0)
        close(file);
    return fine;
}

static bool rewrite(struct job *job)
{
    char fresh[PATH_SIZE + 8];
    snprintf(fresh, sizeof fresh, "%s.new", job->path);
    unlink(fresh);
    int file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine = file >= 0 && write_all(file, job->text.bytes, job->text.length) && fsync(file) == 0;
    if (file >= 0)
        close(file);
    fine = fine && rename(fresh, job->path) == 0 && sync_folder(job->path);
    job->error = errno;
    return fine;
}

static void work(void *arg)
{
    struct job *job = arg;
    off_t before = job->rewrites ? 0 : job->size;
    if (job->rewrites ? rewrite(job) : append(job)) {
        job->error = 0;
        job->size = before + (off_t)job->text.length;
    }
}

static void drop_job(void *arg)
{
    struct job *job = arg;
    text_drop(&job->text);
    free(job);
}

// ---- in the loop

static void start(struct otp_log *otp_log);

static void tell(struct waiting *list, bool kept)
{
    while (list) {
        struct waiting *next = list->next;
        if (list->done)
            list->done(list->arg, kept);
        free(list);
        list = next;
    }
}

static void written(void *arg)
{
    struct job *job = arg;
    struct otp_log *otp_log = job->otp_log;
    if (job->error)
        log_error("otp", "%s: %s; no one-time password is accepted until it can be written", otp_log->path,
                  strerror(job->error));
    // After a failed write the file is rewritten: what it holds is not known.
    otp_log->broken = job->error != 0;
    otp_log->size = job->size;
    bool kept = !otp_log->broken;
    worker_free(take(otp_log->writer));
    tell(take(otp_log->waiting), kept);
    start(otp_log);
}

static void start(struct otp_log *otp_log)
{
    struct fault why = {0};
    if (otp_log->writer || !otp_log->next_waiting)
        return;
    struct job *job = mem_new(1, sizeof *job);
    job->otp_log = otp_log;
    job->size = otp_log->size;
    job->rewrites = otp_log->broken || otp_log->size > REWRITE_BYTES;
    TEXT_PUT(job->path, otp_log->path);
    job->text = otp_log->next;
    otp_log->next = (struct text){0};
    if (job->rewrites) {
        struct text all = {0};
        used_otps_print(otp_log->used, &all);
        text_add(&all, job->text.bytes, job->text.length);
        text_drop(&job->text);
        job->text = all;
    }
    otp_log->waiting = take(otp_log->next_waiting);
    otp_log->writer = worker_new(otp_log->loop, work, written, drop_job, job, &why);
    if (otp_log->writer)
        return;
    log_error("otp", "%s", why.text);
    drop_job(job);
    otp_log->broken = true;
    tell(take(otp_log->waiting), false);
}

void otp_log_keep(struct otp_log *otp_log, const struct otp *otp, otp_log_done *done, void *arg)
{
    struct waiting *waiting = mem_new(1, sizeof *waiting);
    waiting->done = done;
    waiting->arg = arg;
    waiting->next = otp_log->next_waiting;
    otp_log->next_waiting = waiting;
    bool fits = used_otps_print_one(otp, &otp_log->next);
    assert(fits); // its session and user name were checked by who made it
    start(otp_log);
}

bool otp_log_is_broken(const struct otp_log *otp_log)
{
    return otp_log->broken;
}

// ---- opening

static bool read_file(const char *path, struct text *text)
{
    char bytes[16 * 1024];
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT;
    for (size_t got; text->length < FILE_MAX_BYTES && (got = fread(bytes, 1, sizeof bytes, file)) > 0;)
        text_add(text, bytes, got);
    bool fine = !ferror(file);
    fclose(file);
    return fine;
}

static void read_lines(struct used_otps *used, const char *path, const char *bytes, size_t length)
{
    int wrong = 0;
    for (const char *end; length && (end = memchr(bytes, '\n', length)) != NULL;) {
        wrong += !used_otps_read_line(used, bytes, (size_t)(end - bytes));
        length -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    if (wrong)
        log_warn("otp", "%s: ignored %d damaged lines", path, wrong);
}

struct otp_log *otp_log_open(struct loop *loop, const char *path, struct used_otps *used, struct fault *why)
{
    struct text text = {0};
    if (!read_file(path, &text)) {
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (text.bytes)
        read_lines(used, path, text.bytes, text.length);
    text_drop(&text);
    // By the broker's clock, which is not known yet; the day is for a clock of this machine that is wrong.
    used_otps_forget(used, clock_wall_ms() - DAY_MS);
    struct job job = {.rewrites = true};
    TEXT_PUT(job.path, path);
    used_otps_print(used, &job.text);
    work(&job);
    text_drop(&job.text);
    if (job.error) {
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(job.error));
        return NULL;
    }
    struct otp_log *otp_log = mem_new(1, sizeof *otp_log);
    otp_log->loop = loop;
    otp_log->used = used;
    otp_log->size = job.size;
    TEXT_PUT(otp_log->path, path);
    return otp_log;
}

void otp_log_free(struct otp_log *otp_log)
{
    if (!otp_log)
        return;
    worker_free(otp_log->writer);
    for (struct waiting *one = otp_log->waiting; one; one = one->next)
        one->done = NULL;
    for (struct waiting *one = otp_log->next_waiting; one; one = one->next)
        one->done = NULL;
    tell(otp_log->waiting, false);
    tell(otp_log->next_waiting, false);
    text_drop(&otp_log->next);
    free(otp_log);
}
