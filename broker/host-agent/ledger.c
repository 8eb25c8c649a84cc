// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/ledger.h"
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

enum { PATH_SIZE = 300, WRITE_ANEW_BYTES = 512 * 1024, FILE_MAX_BYTES = 16 * 1024 * 1024, DAY_MS = 24 * 3600 * 1000 };

struct waiting {
    struct waiting *next;
    ledger_done *done;
    void *arg;
};

// One batch, for the thread: appended, or the whole file written anew.
struct job {
    struct text text;
    char path[PATH_SIZE];
    bool anew;
    int error;
    off_t size;            // of the file, after
    struct ledger *ledger; // for the loop's thread only
};

struct ledger {
    struct loop *loop;
    struct spent *spent;
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
        job->anew = true;
    if (file >= 0)
        close(file);
    return fine;
}

static bool write_anew(struct job *job)
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
    off_t before = job->anew ? 0 : job->size;
    if (job->anew ? write_anew(job) : append(job)) {
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

static void start(struct ledger *ledger);

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
    struct ledger *ledger = job->ledger;
    if (job->error)
        log_error("gate", "%s: %s; nobody can be let in", ledger->path, strerror(job->error));
    // After a failed write the file is written anew: what it holds is not known.
    ledger->broken = job->error != 0;
    ledger->size = job->size;
    bool kept = !ledger->broken;
    worker_free(take(ledger->writer));
    tell(take(ledger->waiting), kept);
    start(ledger);
}

static void start(struct ledger *ledger)
{
    struct fault why = {0};
    if (ledger->writer || !ledger->next_waiting)
        return;
    struct job *job = mem_new(1, sizeof *job);
    job->ledger = ledger;
    job->size = ledger->size;
    job->anew = ledger->broken || ledger->size > WRITE_ANEW_BYTES;
    TEXT_PUT(job->path, ledger->path);
    job->text = ledger->next;
    ledger->next = (struct text){0};
    if (job->anew) {
        struct text all = {0};
        spent_print(ledger->spent, &all);
        text_add(&all, job->text.bytes, job->text.length);
        text_drop(&job->text);
        job->text = all;
    }
    ledger->waiting = take(ledger->next_waiting);
    ledger->writer = worker_new(ledger->loop, work, written, drop_job, job, &why);
    if (ledger->writer)
        return;
    log_error("gate", "%s", why.text);
    drop_job(job);
    ledger->broken = true;
    tell(take(ledger->waiting), false);
}

void ledger_keep(struct ledger *ledger, const struct otp *otp, ledger_done *done, void *arg)
{
    struct waiting *waiting = mem_new(1, sizeof *waiting);
    waiting->done = done;
    waiting->arg = arg;
    waiting->next = ledger->next_waiting;
    ledger->next_waiting = waiting;
    bool fits = spent_print_one(otp, &ledger->next);
    assert(fits); // its session and login were checked by who made it
    start(ledger);
}

bool ledger_is_broken(const struct ledger *ledger)
{
    return ledger->broken;
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

static void read_lines(struct spent *spent, const char *path, const char *bytes, size_t length)
{
    int wrong = 0;
    for (const char *end; length && (end = memchr(bytes, '\n', length)) != NULL;) {
        wrong += !spent_read_line(spent, bytes, (size_t)(end - bytes));
        length -= (size_t)(end + 1 - bytes);
        bytes = end + 1;
    }
    if (wrong)
        log_warn("gate", "%s: %d lines cannot be read and are passed over", path, wrong);
}

struct ledger *ledger_open(struct loop *loop, const char *path, struct spent *spent, struct fault *why)
{
    struct text text = {0};
    if (!read_file(path, &text)) {
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
        return NULL;
    }
    if (text.bytes)
        read_lines(spent, path, text.bytes, text.length);
    text_drop(&text);
    // By the broker's clock, which is not known yet; the day is for a clock of this machine that is wrong.
    spent_forget(spent, clock_wall_ms() - DAY_MS);
    struct job job = {.anew = true};
    TEXT_PUT(job.path, path);
    spent_print(spent, &job.text);
    work(&job);
    text_drop(&job.text);
    if (job.error) {
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(job.error));
        return NULL;
    }
    struct ledger *ledger = mem_new(1, sizeof *ledger);
    ledger->loop = loop;
    ledger->spent = spent;
    ledger->size = job.size;
    TEXT_PUT(ledger->path, path);
    return ledger;
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    worker_free(ledger->writer);
    for (struct waiting *one = ledger->waiting; one; one = one->next)
        one->done = NULL;
    for (struct waiting *one = ledger->next_waiting; one; one = one->next)
        one->done = NULL;
    tell(ledger->waiting, false);
    tell(ledger->next_waiting, false);
    text_drop(&ledger->next);
    free(ledger);
}
