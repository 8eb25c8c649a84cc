// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/spool.h"
#include "broker/api/codec.h"
#include "broker/api/job.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-print/document.h"
#include "broker/pult-print/ended_jobs.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uthash.h>

enum { RECORD_MAX = 16 * 1024, SUM = 64 };

struct spool_entry {
    struct spool_job job;
    bool unwritten; // what is on the disk is older
    UT_hash_handle hh;
};

struct spool {
    struct loop *loop;
    char folder[SPOOL_PATH_SIZE];
    int descriptor; // of the folder, locked
    struct spool_writer *writer;
    struct spool_entry *by_id;
    struct spool_entry **entries; // oldest first
    size_t count, capacity;
    uint64_t bytes;
    struct ended_jobs ended;
    spool_changed *changed; // NULL: nobody is told
    void *arg;
};

struct pending_write {
    struct spool_write write; // first: they are freed as one
    struct spool *spool;
    spool_done *done;
    void *arg;
    struct spool_job job; // of a new one
    bool is_new;
};

// ---- a record as it stands in its file: its JSON, and in the next line what that amounts to

static void sum_up(char sum[SUM + 1], const char *bytes, size_t length)
{
    unsigned char digest[SUM / 2];
    bool made = EVP_Digest(bytes, length, digest, NULL, EVP_sha256(), NULL) == 1;
    assert(made);
    text_hex(sum, digest, sizeof digest);
}

static void print_record(struct text *out, const struct spool_job *job)
{
    char sum[SUM + 1];
    codec_print_record(out, spool_job_type.fields, CODEC_JOURNAL, job);
    sum_up(sum, out->bytes, out->length);
    text_addf(out, "\n%s\n", sum);
}

static bool parse_record(struct spool_job *job, const char *bytes, size_t length, struct fault *why)
{
    char sum[SUM + 1];
    const char *line = memchr(bytes, '\n', length);
    if (!line || (size_t)(line - bytes) + SUM + 2 != length)
        return fault_set(why, FAULT_BROKEN, "it is cut");
    sum_up(sum, bytes, (size_t)(line - bytes));
    if (memcmp(line + 1, sum, SUM) != 0)
        return fault_set(why, FAULT_BROKEN, "it was altered");
    return codec_decode(&spool_job_type, CODEC_JOURNAL, bytes, (size_t)(line - bytes), job, why);
}

// ---- in memory

static struct spool_entry *find_entry(const struct spool *spool, const char *id)
{
    struct spool_entry *entry = NULL;
    HASH_FIND_STR(spool->by_id, id, entry);
    return entry;
}

static void add_entry(struct spool *spool, const struct spool_job *job)
{
    struct spool_entry *entry = mem_new(1, sizeof *entry);
    assert(!find_entry(spool, job->id));
    entry->job = *job;
    HASH_ADD_STR(spool->by_id, job.id, entry);
    mem_reserve(&spool->entries, &spool->capacity, spool->count + 1, sizeof *spool->entries);
    spool->entries[spool->count++] = entry;
    spool->bytes += (uint64_t)job->size;
}

static void remove_entry(struct spool *spool, struct spool_entry *entry)
{
    size_t at = 0;
    while (spool->entries[at] != entry)
        at++;
    memmove(spool->entries + at, spool->entries + at + 1, (spool->count - at - 1) * sizeof *spool->entries);
    spool->count--;
    spool->bytes -= (uint64_t)entry->job.size;
    HASH_DEL(spool->by_id, entry);
    free(entry);
}

size_t spool_count(const struct spool *spool)
{
    return spool->count;
}

const struct spool_job *spool_at(const struct spool *spool, size_t index)
{
    assert(index < spool->count);
    return &spool->entries[index]->job;
}

const struct spool_job *spool_find(const struct spool *spool, const char *id)
{
    const struct spool_entry *entry = find_entry(spool, id);
    return entry ? &entry->job : NULL;
}

bool spool_knows(const struct spool *spool, const char *id)
{
    return find_entry(spool, id) || ended_jobs_have(&spool->ended, id);
}

uint64_t spool_bytes(const struct spool *spool)
{
    return spool->bytes;
}

void spool_document_path(const struct spool *spool, const char *id, char path[SPOOL_PATH_SIZE])
{
    spool_path(path, spool->folder, id, "doc");
}

struct document_reader *spool_document_open(const struct spool *spool, const char *id,
                                            const unsigned char key[DOCUMENT_KEY_BYTES], struct fault *why)
{
    char path[SPOOL_PATH_SIZE];
    spool_document_path(spool, id, path);
    return document_open(path, id, key, why);
}

void spool_on_change(struct spool *spool, spool_changed *changed, void *arg)
{
    spool->changed = changed;
    spool->arg = arg;
}

static void tell_changed(const struct spool *spool, const struct spool_job *job)
{
    if (spool->changed)
        spool->changed(spool->arg, job);
}

// ---- writing

static void settle_write(struct spool *spool, const struct pending_write *pending, const struct spool_write *write)
{
    bool is_written = write->why.kind == FAULT_NONE;
    struct spool_entry *entry = find_entry(spool, write->id);
    if (pending->is_new && is_written) {
        add_entry(spool, &pending->job);
        tell_changed(spool, &pending->job);
    }
    if (pending->is_new || !entry)
        return;
    if (!is_written) {
        entry->unwritten = true;
        log_error("spool", "%s: %s", write->id, write->why.text);
    } else if (write->is_over) {
        ended_jobs_add(&spool->ended, write->id, clock_wall_ms());
        remove_entry(spool, entry);
    } else {
        entry->unwritten = false;
    }
}

static void write_finished(void *arg, struct spool_write *write)
{
    struct pending_write *pending = arg;
    settle_write(pending->spool, pending, write);
    if (pending->done)
        pending->done(pending->arg, &write->why);
    spool_write_free(write);
}

static void push_write(struct spool *spool, const struct spool_job *job, struct file_draft *document, spool_done *done,
                       void *arg)
{
    struct pending_write *pending = mem_new(1, sizeof *pending);
    struct spool_write *write = &pending->write;
    pending->spool = spool;
    pending->done = done;
    pending->arg = arg;
    pending->is_new = document != NULL;
    pending->job = *job;
    TEXT_PUT(write->id, job->id);
    write->document = document;
    write->is_over = spool_job_is_over(job);
    write->finished = write_finished;
    write->arg = pending;
    print_record(&write->record, job);
    spool_writer_push(spool->writer, write);
}

void spool_add(struct spool *spool, const struct spool_job *job, struct file_draft *document, spool_done *done,
               void *arg)
{
    assert(document && spool_id_is_valid(job->id) && !spool_knows(spool, job->id) && !spool_job_is_over(job));
    push_write(spool, job, document, done, arg);
}

void spool_put(struct spool *spool, const struct spool_job *job, spool_done *done, void *arg)
{
    struct spool_entry *entry = find_entry(spool, job->id);
    assert(entry && !spool_job_is_over(&entry->job) && job->size == entry->job.size);
    entry->job = *job;
    entry->job.changed_ms = clock_wall_ms();
    entry->unwritten = false;
    push_write(spool, &entry->job, NULL, done, arg);
    tell_changed(spool, &entry->job);
}

bool spool_is_written(const struct spool *spool, const char *id)
{
    const struct spool_entry *entry = find_entry(spool, id);
    return !entry || !entry->unwritten;
}

void spool_note(struct spool *spool, const struct spool_job *job)
{
    struct spool_entry *entry = find_entry(spool, job->id);
    assert(entry && !spool_job_is_over(&entry->job) && !spool_job_is_over(job));
    entry->job = *job;
    tell_changed(spool, &entry->job);
}

void spool_sweep(struct spool *spool, int64_t now_ms)
{
    char id[SPOOL_ID_SIZE], path[SPOOL_PATH_SIZE];
    for (size_t i = 0; i < spool->count; i++) {
        struct spool_entry *entry = spool->entries[i];
        if (entry->unwritten)
            push_write(spool, &entry->job, NULL, NULL, NULL);
    }
    while (ended_jobs_forget(&spool->ended, now_ms - SPOOL_REMEMBERED_MS, id)) {
        spool_path(path, spool->folder, id, "end");
        file_remove_lazily(path);
    }
}

// ---- what is there at the start

static void put_aside(const struct spool *spool, const char *id, const char *end, const struct fault *what)
{
    char from[SPOOL_PATH_SIZE], to[SPOOL_PATH_SIZE];
    struct fault why = {0};
    spool_path(from, spool->folder, id, end);
    spool_path(to, spool->folder, id, text_equal(end, "job") ? "bad" : "doc.bad");
    if (!file_rename(from, to, &why) && why.kind != FAULT_ABSENT)
        log_error("spool", "%s", why.text);
    if (what)
        log_error("spool",
                  "the record of job %s is damaged (%s); it is put aside as %s and not printed: its person has "
                  "to print again",
                  id, what->text, to);
}

static uint64_t length_of_document(const struct spool *spool, const char *id)
{
    struct stat status;
    char path[SPOOL_PATH_SIZE] = "";
    spool_document_path(spool, id, path);
    return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void check_document(struct spool *spool, struct spool_job *job)
{
    if (length_of_document(spool, job->id) == document_length((uint64_t)job->size))
        return;
    log_error("spool", "the document of job %s is damaged: it is cut or gone; the job is held", job->id);
    // What the printer has already is not taken back.
    if (job->state != SPOOL_WAITING && job->state != SPOOL_HELD)
        return;
    job->state = SPOOL_HELD;
    job->reason = JOB_DAMAGED;
}

static void read_job(struct spool *spool, const char *id)
{
    size_t length = 0;
    struct fault why = {0};
    struct spool_job job = {0};
    char path[SPOOL_PATH_SIZE], bytes[RECORD_MAX];
    spool_path(path, spool->folder, id, "job");
    bool read = file_read(path, bytes, sizeof bytes, &length, &why) && parse_record(&job, bytes, length, &why) &&
                (text_equal(job.id, id) || fault_set(&why, FAULT_BROKEN, "it is another job's"));
    if (!read) {
        put_aside(spool, id, "job", &why);
        put_aside(spool, id, "doc", NULL);
        return;
    }
    check_document(spool, &job);
    add_entry(spool, &job);
}

static void read_end(struct spool *spool, const char *id)
{
    struct stat status;
    char path[SPOOL_PATH_SIZE];
    spool_path(path, spool->folder, id, "end");
    if (stat(path, &status) == 0)
        ended_jobs_add(&spool->ended, id, (int64_t)status.st_mtim.tv_sec * 1000);
}

// "j-....job" and the like; false: it is another file.
static bool read_file_name(char id[SPOOL_ID_SIZE], const char *name, const char *end)
{
    if (strlen(name) < SPOOL_ID_SIZE || name[SPOOL_ID_SIZE - 1] != '.' || !text_equal(name + SPOOL_ID_SIZE, end))
        return false;
    memcpy(id, name, SPOOL_ID_SIZE - 1);
    id[SPOOL_ID_SIZE - 1] = 0;
    return spool_id_is_valid(id);
}

typedef void name_work(struct spool *spool, const char *id);

static bool each_file(struct spool *spool, const char *end, name_work *work, struct fault *why)
{
    char id[SPOOL_ID_SIZE];
    DIR *folder = opendir(spool->folder);
    if (!folder)
        return fault_set(why, FAULT_UNAVAILABLE, "%.200s: %s", spool->folder, strerror(errno));
    for (const struct dirent *one; (one = readdir(folder));)
        if (read_file_name(id, one->d_name, end))
            work(spool, id);
    closedir(folder);
    return true;
}

static void remove_file(const struct spool *spool, const char *id, const char *end)
{
    char path[SPOOL_PATH_SIZE];
    spool_path(path, spool->folder, id, end);
    file_remove_lazily(path);
}

static void remove_if_over(struct spool *spool, const char *id)
{
    if (ended_jobs_have(&spool->ended, id))
        remove_file(spool, id, "job");
}

// Of a job that is over, or that was never said to be stored.
static void remove_if_nobodys(struct spool *spool, const char *id)
{
    char path[SPOOL_PATH_SIZE];
    spool_path(path, spool->folder, id, "job");
    if (!file_exists(path))
        remove_file(spool, id, "doc");
}

static void remove_draft_of_document(struct spool *spool, const char *id)
{
    remove_file(spool, id, "doc.new");
}

static void remove_draft_of_record(struct spool *spool, const char *id)
{
    remove_file(spool, id, "job.new");
}

static void remove_draft_of_end(struct spool *spool, const char *id)
{
    remove_file(spool, id, "end.new");
}

static int by_age(const void *a, const void *b)
{
    const struct spool_job *one = &(*(struct spool_entry *const *)a)->job,
                           *other = &(*(struct spool_entry *const *)b)->job;
    return one->created_ms != other->created_ms ? (one->created_ms > other->created_ms ? 1 : -1)
                                                : strcmp(one->id, other->id);
}

static bool read_folder(struct spool *spool, struct fault *why)
{
    static const struct {
        const char *end;
        name_work *work;
    } steps[] = {
        {"doc.new", remove_draft_of_document},
        {"job.new", remove_draft_of_record},
        {"end.new", remove_draft_of_end},
        {"end", read_end},
        {"job", remove_if_over},
        {"doc", remove_if_nobodys},
        {"job", read_job},
    };
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (!each_file(spool, steps[i].end, steps[i].work, why))
            return false;
    if (spool->count)
        qsort(spool->entries, spool->count, sizeof *spool->entries, by_age);
    return true;
}

static bool lock_folder(struct spool *spool, struct fault *why)
{
    if (mkdir(spool->folder, 0700) != 0 && errno != EEXIST)
        return fault_set(why, FAULT_UNAVAILABLE, "%.200s: %s", spool->folder, strerror(errno));
    spool->descriptor = open(spool->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (spool->descriptor >= 0 && flock(spool->descriptor, LOCK_EX | LOCK_NB) == 0)
        return true;
    return fault_set(why, FAULT_BUSY, "%.200s: %s", spool->folder,
                     errno == EWOULDBLOCK ? "another pult-print has it" : strerror(errno));
}

struct spool *spool_open(struct loop *loop, const char *folder, struct fault *why)
{
    struct spool *spool = mem_new(1, sizeof *spool);
    spool->loop = loop;
    spool->descriptor = -1;
    TEXT_PUT(spool->folder, folder);
    if (lock_folder(spool, why) && read_folder(spool, why) &&
        (spool->writer = spool_writer_new(loop, spool->folder, why)))
        return spool;
    spool_free(spool);
    return NULL;
}

void spool_free(struct spool *spool)
{
    if (!spool)
        return;
    spool_writer_free(spool->writer);
    while (spool->count)
        remove_entry(spool, spool->entries[spool->count - 1]);
    free(spool->entries);
    ended_jobs_fini(&spool->ended);
    if (spool->descriptor >= 0)
        close(spool->descriptor);
    free(spool);
}
