// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/journal.h"
#include "broker/base/text.h"
#include "broker/store/job_queue.h"

#include <pthread.h>
#include <stdlib.h>

struct journal {
    struct job_queue *queue;
    pthread_mutex_t lock; // guards the chain: the loop reads, the queue changes
    struct chain *chain;
    struct signed_head head; // the loop's copy
};

struct change {
    struct job job; // first: a change is a job
    struct journal *journal;
    enum store_outcome (*make)(struct chain *chain, const struct change *change, struct fault *why);
    const struct store_batch *batch;
    uint64_t first, last;
    const char *bytes;
    size_t length;
    char id[ID_SIZE];
    store_done *done;
    void *arg;
    enum store_outcome outcome;
    struct fault why;
    struct signed_head head;
};

static void run_change(struct job *job)
{
    struct change *change = (struct change *)job;
    struct journal *journal = change->journal;
    pthread_mutex_lock(&journal->lock);
    change->outcome = change->make(journal->chain, change, &change->why);
    change->head = *chain_head(journal->chain);
    pthread_mutex_unlock(&journal->lock);
}

static void finish_change(struct job *job)
{
    struct change *change = (struct change *)job;
    if (change->outcome != STORE_UNKNOWN)
        change->journal->head = change->head;
    change->done(change->arg, change->outcome, &change->why);
}

static void push(struct journal *journal, const struct change *change)
{
    struct change *job = mem_copy(change, sizeof *change);
    job->journal = journal;
    job->job.run = run_change;
    job->job.finish = finish_change;
    job_queue_push(journal->queue, &job->job);
}

static void tidy(void *arg)
{
    struct journal *journal = arg;
    pthread_mutex_lock(&journal->lock);
    chain_tidy(journal->chain);
    pthread_mutex_unlock(&journal->lock);
}

bool journal_is_absent(const struct chain_config *config)
{
    return chain_is_absent(config);
}

bool journal_create(const struct chain_config *config, struct fault *why)
{
    return chain_create(config, why);
}

bool journal_open(const struct chain_config *config, struct loop *loop, struct journal **journal, struct fault *why)
{
    struct chain *chain = NULL;
    if (!chain_open(config, &chain, why))
        return false;
    struct journal *opened = mem_new(1, sizeof *opened);
    opened->chain = chain;
    opened->head = *chain_head(chain);
    pthread_mutex_init(&opened->lock, NULL);
    opened->queue = job_queue_new(loop);
    job_queue_on_idle(opened->queue, tidy, opened);
    *journal = opened;
    return true;
}

void journal_close(struct journal *journal)
{
    if (!journal)
        return;
    job_queue_free(journal->queue);
    chain_close(journal->chain);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
}

const struct signed_head *journal_head(const struct journal *journal)
{
    return &journal->head;
}

// ---- changes

static enum store_outcome make_append(struct chain *chain, const struct change *change, struct fault *why)
{
    return chain_append(chain, change->batch, why);
}

static void append(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    push(self, &(struct change){.make = make_append, .batch = batch, .done = done, .arg = arg});
}

static enum store_outcome make_snapshot(struct chain *chain, const struct change *change, struct fault *why)
{
    return chain_keep_snapshot(chain, change->last, change->bytes, change->length, why);
}

void journal_keep_snapshot(struct journal *journal, uint64_t seq, const char *bytes, size_t length, store_done *done,
                           void *arg)
{
    push(journal, &(struct change){
                      .make = make_snapshot, .last = seq, .bytes = bytes, .length = length, .done = done, .arg = arg});
}

static enum store_outcome make_erasure(struct chain *chain, const struct change *change, struct fault *why)
{
    return chain_erase(chain, change->first, change->last, why);
}

void journal_erase(struct journal *journal, uint64_t first, uint64_t last, store_done *done, void *arg)
{
    push(journal, &(struct change){.make = make_erasure, .first = first, .last = last, .done = done, .arg = arg});
}

static enum store_outcome make_pruning(struct chain *chain, const struct change *change, struct fault *why)
{
    return chain_prune(chain, change->last, why);
}

void journal_prune(struct journal *journal, uint64_t last, store_done *done, void *arg)
{
    push(journal, &(struct change){.make = make_pruning, .last = last, .done = done, .arg = arg});
}

static enum store_outcome make_person_erasure(struct chain *chain, const struct change *change, struct fault *why)
{
    return chain_erase_person(chain, change->id, why);
}

static void erase_person(void *self, const char *id, store_done *done, void *arg)
{
    struct change change = {.make = make_person_erasure, .done = done, .arg = arg};
    TEXT_PUT(change.id, id);
    push(self, &change);
}

// ---- reading

static bool replay(void *self, uint64_t from, bool (*event)(void *arg, const struct store_event *event), void *arg,
                   struct fault *why)
{
    struct journal *journal = self;
    pthread_mutex_lock(&journal->lock);
    bool right = chain_replay(journal->chain, from, event, arg, why);
    pthread_mutex_unlock(&journal->lock);
    return right;
}

bool journal_read_snapshot(struct journal *journal, uint64_t *seq, char **bytes, size_t *length, struct fault *why)
{
    pthread_mutex_lock(&journal->lock);
    bool right = chain_read_snapshot(journal->chain, seq, bytes, length, why);
    pthread_mutex_unlock(&journal->lock);
    return right;
}

bool journal_each_person(struct journal *journal, void (*person)(void *arg, const struct store_person *person),
                         void *arg, struct fault *why)
{
    pthread_mutex_lock(&journal->lock);
    bool right = chain_each_person(journal->chain, person, arg, why);
    pthread_mutex_unlock(&journal->lock);
    return right;
}

struct store_port journal_port(struct journal *journal)
{
    return (struct store_port){.self = journal, .append = append, .replay = replay, .erase_person = erase_person};
}
