// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/otp_log.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 300, REWRITE_BYTES = 512 * 1024, FILE_MAX_BYTES = 16 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct waiting {
    struct waiting *next;
    otp_log_done *done;
    void *arg;
};

// One batch, for the thread: appended, or the whole file rewritten.
struct otp_log_job {
    struct text text;
    char path[PATH_SIZE];
    bool rewrites, kept;
    struct fault why;
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

static void write_job(void *arg)
{
    struct otp_log_job *job = arg;
    const struct text *text = &job->text;
    off_t before = job->rewrites ? 0 : job->size;
    job->kept = job->rewrites ? file_replace(job->path, 0600, text->bytes, text->length, &job->why)
                              : file_append(job->path, before, text->bytes, text->length, &job->why);
    assert(text->length == 0 || text->bytes[text->length - 1] == '\n'); // half a line would spoil the next
    if (job->kept)
        job->size = before + (off_t)text->length;
}

static void drop_job(void *arg)
{
    struct otp_log_job *job = arg;
    text_drop(&job->text);
    free(job);
}

// ---- in the loop

static void start_writer(struct otp_log *otp_log);

static void tell_waiting(struct waiting *list, bool kept)
{
    while (list) {
        struct waiting *next = list->next;
        if (list->done)
            list->done(list->arg, kept);
        free(list);
        list = next;
    }
}

static void job_written(void *arg)
{
    struct otp_log_job *job = arg;
    struct otp_log *otp_log = job->otp_log;
    bool kept = job->kept;
    assert(otp_log->writer && otp_log->waiting);
    if (!kept)
        log_error("otp", "%s; no one-time password is accepted until it can be written", job->why.text);
    // After a failed write the file is rewritten: what it holds is not known.
    otp_log->broken = !kept;
    otp_log->size = job->size;
    worker_free(take(otp_log->writer));
    tell_waiting(take(otp_log->waiting), kept);
    start_writer(otp_log);
}

static void start_writer(struct otp_log *otp_log)
{
    struct fault why = {0};
    if (otp_log->writer || !otp_log->next_waiting)
        return;
    assert(!otp_log->waiting && otp_log->next.length);
    struct otp_log_job *job = mem_new(1, sizeof *job);
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
    otp_log->writer = worker_new(otp_log->loop, write_job, job_written, drop_job, job, &why);
    if (otp_log->writer)
        return;
    log_error("otp", "%s", why.text);
    drop_job(job);
    otp_log->broken = true;
    tell_waiting(take(otp_log->waiting), false);
}

void otp_log_keep(struct otp_log *otp_log, const char *nonce, const struct admission *admission, otp_log_done *done,
                  void *arg)
{
    struct waiting *waiting = mem_new(1, sizeof *waiting);
    waiting->done = done;
    waiting->arg = arg;
    waiting->next = otp_log->next_waiting;
    otp_log->next_waiting = waiting;
    bool fits = used_otps_print_one(nonce, admission, &otp_log->next);
    assert(fits); // its session and user name were checked by who made it
    start_writer(otp_log);
}

bool otp_log_is_broken(const struct otp_log *otp_log)
{
    return otp_log->broken;
}

// ---- opening

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

bool otp_log_read(const char *path, struct used_otps *used, struct fault *why)
{
    size_t length;
    struct fault reason = {0};
    owned(bytes) char *bytes = mem_room(FILE_MAX_BYTES);
    if (!file_read(path, bytes, FILE_MAX_BYTES, &length, &reason) && reason.kind != FAULT_ABSENT)
        return fault_set(why, FAULT_BROKEN, "%s", reason.text);
    read_lines(used, path, bytes, length);
    return true;
}

struct otp_log *otp_log_open(struct loop *loop, const char *path, struct used_otps *used, struct fault *why)
{
    if (!otp_log_read(path, used, why))
        return NULL;
    // By the broker's clock, which is not known yet; the day is for a clock of this machine that is wrong.
    used_otps_forget(used, clock_wall_ms() - DAY_MS);
    struct otp_log_job job = {.rewrites = true};
    TEXT_PUT(job.path, path);
    used_otps_print(used, &job.text);
    write_job(&job);
    text_drop(&job.text);
    if (!job.kept) {
        fault_set(why, FAULT_BROKEN, "%s", job.why.text);
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
    tell_waiting(otp_log->waiting, false);
    tell_waiting(otp_log->next_waiting, false);
    text_drop(&otp_log->next);
    free(otp_log);
}
