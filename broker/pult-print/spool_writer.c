// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/spool_writer.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH_MAX = 128 };

struct spool_writer {
    struct loop *loop;
    char folder[SPOOL_PATH_SIZE];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct spool_write *first, **last;           // to be written
    struct spool_write *written, **written_last; // to be told
    bool ends;
};

struct batch {
    struct spool_write *writes[BATCH_MAX];
    size_t count;
};

void spool_write_free(struct spool_write *write)
{
    file_draft_free(write->document);
    text_drop(&write->record);
    free(write);
}

void spool_path(char path[SPOOL_PATH_SIZE], const char *folder, const char *id, const char *end)
{
    int length = snprintf(path, SPOOL_PATH_SIZE, "%s/%s.%s", folder, id, end);
    assert(length > 0 && length < SPOOL_PATH_SIZE);
    (void)length;
}

// ---- in the thread

static void publish_documents(struct batch *batch)
{
    struct file_draft *drafts[BATCH_MAX] = {NULL};
    struct spool_write *of[BATCH_MAX];
    struct fault whys[BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->writes[i]->document)
            continue;
        of[count] = batch->writes[i];
        drafts[count++] = batch->writes[i]->document;
    }
    file_drafts_publish(drafts, whys, count);
    for (size_t i = 0; i < count; i++)
        of[i]->why = whys[i];
}

static struct file_draft *draft_record(const struct spool_writer *writer, struct spool_write *write)
{
    char path[SPOOL_PATH_SIZE];
    spool_path(path, writer->folder, write->id, write->is_over ? "end" : "job");
    struct file_draft *draft = file_draft_new(path, 0600, &write->why);
    if (draft && file_draft_add(draft, write->record.bytes, write->record.length, &write->why))
        return draft;
    file_draft_free(draft);
    return NULL;
}

static void publish_records(const struct spool_writer *writer, struct batch *batch)
{
    struct file_draft *drafts[BATCH_MAX] = {NULL};
    struct spool_write *of[BATCH_MAX];
    struct fault whys[BATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        of[count] = batch->writes[i];
        if (of[count]->why.kind == FAULT_NONE && (drafts[count] = draft_record(writer, of[count])))
            count++;
    }
    file_drafts_publish(drafts, whys, count);
    for (size_t i = 0; i < count; i++) {
        of[i]->why = whys[i];
        file_draft_free(drafts[i]);
    }
}

static void remove_files(const struct spool_writer *writer, const char *id)
{
    char path[SPOOL_PATH_SIZE];
    spool_path(path, writer->folder, id, "job");
    file_remove_lazily(path);
    spool_path(path, writer->folder, id, "doc");
    file_remove_lazily(path);
}

// What is left of a job that is over, or never was, goes again at the next start if it is still there.
static void remove_leftovers(const struct spool_writer *writer, const struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct spool_write *write = batch->writes[i];
        bool is_there = write->why.kind == FAULT_NONE;
        if (write->is_over ? is_there : write->document && !is_there)
            remove_files(writer, write->id);
    }
}

static void write_batch(const struct spool_writer *writer, struct batch *batch)
{
    publish_documents(batch);
    publish_records(writer, batch);
    remove_leftovers(writer, batch);
}

// Each job once: its next state is for the next batch.
static bool is_in(const struct batch *batch, const struct spool_write *write)
{
    for (size_t i = 0; i < batch->count; i++)
        if (text_equal(batch->writes[i]->id, write->id))
            return true;
    return false;
}

static void take_batch(struct spool_writer *writer, struct batch *batch)
{
    batch->count = 0;
    while (writer->first && batch->count < BATCH_MAX && !is_in(batch, writer->first)) {
        struct spool_write *write = writer->first;
        writer->first = write->next;
        write->next = NULL;
        batch->writes[batch->count++] = write;
    }
    if (!writer->first)
        writer->last = &writer->first;
}

static void tell_finished(void *arg);

static void *write_all(void *arg)
{
    struct spool_writer *writer = arg;
    struct batch batch;
    pthread_mutex_lock(&writer->lock);
    while (writer->first || !writer->ends) {
        if (!writer->first) {
            pthread_cond_wait(&writer->news, &writer->lock);
            continue;
        }
        take_batch(writer, &batch);
        pthread_mutex_unlock(&writer->lock);
        write_batch(writer, &batch);
        pthread_mutex_lock(&writer->lock);
        for (size_t i = 0; i < batch.count; i++) {
            *writer->written_last = batch.writes[i];
            writer->written_last = &batch.writes[i]->next;
        }
        loop_post(writer->loop, tell_finished, writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

// ---- in the loop

static struct spool_write *take_written(struct spool_writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    struct spool_write *written = writer->written;
    writer->written = NULL;
    writer->written_last = &writer->written;
    pthread_mutex_unlock(&writer->lock);
    return written;
}

static void tell_finished(void *arg)
{
    for (struct spool_write *write = take_written(arg); write;) {
        struct spool_write *next = write->next;
        write->finished(write->arg, write);
        write = next;
    }
}

void spool_writer_push(struct spool_writer *writer, struct spool_write *write)
{
    assert(spool_id_is_valid(write->id) && write->record.length && write->finished);
    write->next = NULL;
    pthread_mutex_lock(&writer->lock);
    assert(!writer->ends);
    *writer->last = write;
    writer->last = &write->next;
    pthread_cond_signal(&writer->news);
    pthread_mutex_unlock(&writer->lock);
}

static bool start_thread(struct spool_writer *writer)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&writer->thread, NULL, write_all, writer) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

struct spool_writer *spool_writer_new(struct loop *loop, const char *folder, struct fault *why)
{
    struct spool_writer *writer = mem_new(1, sizeof *writer);
    writer->loop = loop;
    writer->last = &writer->first;
    writer->written_last = &writer->written;
    TEXT_PUT(writer->folder, folder);
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->news, NULL);
    if (start_thread(writer))
        return writer;
    fault_set(why, FAULT_UNAVAILABLE, "cannot start a thread");
    free(writer);
    return NULL;
}

void spool_writer_free(struct spool_writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->ends = true;
    pthread_cond_signal(&writer->news);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    for (struct spool_write *write = take_written(writer); write;) {
        struct spool_write *next = write->next;
        spool_write_free(write);
        write = next;
    }
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->news);
    free(writer);
}
