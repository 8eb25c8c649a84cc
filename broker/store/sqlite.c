// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/sqlite.h"
#include "broker/base/text.h"
#include "broker/store/job_queue.h"
#include "broker/store/journal_copy.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct sqlite_store {
    struct chain_config config;
    struct loop *loop;
    struct job_queue *queue;
    pthread_mutex_t lock; // guards the chain: the loop reads, the queue changes
    struct chain *chain;  // NULL: not open
    struct store_head head;
    struct store_follower follower;
    struct journal_copy *copy; // the queue's; NULL: none is being made
    bool appending, role_is_due;
};

// ---- the start and the end

static struct store_head head_of(const struct chain *chain)
{
    const struct signed_head *newest = chain_head(chain);
    struct store_head head = {.seq = newest->seq, .at_ms = newest->at_ms, .anchor = chain_anchor(chain)};
    memcpy(head.chain, newest->chain, sizeof head.chain);
    return head;
}

static bool store_exists(void *self)
{
    struct sqlite_store *store = self;
    return chain_exists(&store->config);
}

static bool create_store(void *self, struct fault *why)
{
    struct sqlite_store *store = self;
    return chain_create(&store->config, why);
}

static bool accept_store(void *self, struct store_gap *gap, struct fault *why)
{
    struct sqlite_store *store = self;
    return chain_accept(&store->config, gap, why);
}

static bool adopt_store(void *self, struct fault *why)
{
    struct sqlite_store *store = self;
    assert(!store->chain);
    return journal_copy_adopt(&store->config, why);
}

static void tidy_chain(void *arg)
{
    struct sqlite_store *store = arg;
    pthread_mutex_lock(&store->lock);
    chain_tidy(store->chain);
    pthread_mutex_unlock(&store->lock);
}

static bool open_store(void *self, struct fault *why)
{
    struct sqlite_store *store = self;
    assert(!store->chain);
    if (!chain_open(&store->config, &store->chain, why))
        return false;
    store->head = head_of(store->chain);
    store->queue = job_queue_new(store->loop);
    job_queue_on_idle(store->queue, tidy_chain, store);
    return true;
}

static void close_store(void *self)
{
    struct sqlite_store *store = self;
    job_queue_free(store->queue);
    journal_copy_free(store->copy);
    chain_close(store->chain);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static bool replay_snapshot(struct sqlite_store *store, const struct store_reader *reader, uint64_t *from,
                            struct fault *why)
{
    uint64_t seq = 0;
    owned(bytes) char *bytes = NULL;
    size_t length = 0;
    if (!chain_read_snapshot(store->chain, &seq, &bytes, &length, why))
        return false;
    *from = seq + 1;
    return !bytes || !reader->snapshot || reader->snapshot(reader->arg, seq, bytes, length, why);
}

static bool replay_parts(struct sqlite_store *store, uint64_t from, const struct store_reader *reader,
                         struct fault *why)
{
    return (from != STORE_FROM_SNAPSHOT || replay_snapshot(store, reader, &from, why)) &&
           (!reader->event || chain_replay(store->chain, from, 0, reader->event, reader->arg, why)) &&
           (!reader->person || chain_each_person(store->chain, reader->person, reader->arg, why)) &&
           (!reader->erased || chain_each_erased(store->chain, reader->erased, reader->arg, why));
}

static bool replay_store(void *self, uint64_t from, const struct store_reader *reader, struct fault *why)
{
    struct sqlite_store *store = self;
    pthread_mutex_lock(&store->lock);
    bool right = replay_parts(store, from, reader, why);
    pthread_mutex_unlock(&store->lock);
    return right;
}

// ---- changes

struct store_change {
    struct job job; // first: a change is a job
    struct sqlite_store *store;
    enum store_outcome (*make)(struct chain *chain, const struct store_change *change, struct fault *why);
    const struct store_batch *batch;
    const struct store_range *ranges;
    size_t count;
    uint64_t seq;
    const char *bytes;
    size_t length;
    char id[ID_SIZE];
    store_done *done;
    void *arg;
    enum store_outcome outcome;
    struct fault why;
    struct store_head head;
};

static void run_change(struct job *job)
{
    struct store_change *change = (struct store_change *)job;
    struct sqlite_store *store = change->store;
    pthread_mutex_lock(&store->lock);
    change->outcome = change->make(store->chain, change, &change->why);
    change->head = head_of(store->chain);
    pthread_mutex_unlock(&store->lock);
}

static void finish_change(struct job *job)
{
    struct store_change *change = (struct store_change *)job;
    struct sqlite_store *store = change->store;
    assert(change->done); // once
    if (change->outcome != STORE_UNKNOWN) {
        assert(change->head.seq >= store->head.seq);
        store->head = change->head;
    }
    if (change->batch) {
        assert(store->appending);
        store->appending = false;
    }
    take(change->done)(change->arg, change->outcome, &change->why);
}

static void push_change(struct sqlite_store *store, const struct store_change *change)
{
    assert(store->queue && change->done);
    struct store_change *job = mem_copy(change, sizeof *change);
    job->store = store;
    job->job.run = run_change;
    job->job.finish = finish_change;
    job_queue_push(store->queue, &job->job);
}

static enum store_outcome make_append(struct chain *chain, const struct store_change *change, struct fault *why)
{
    return chain_append(chain, change->batch, why);
}

static void append_batch(void *self, const struct store_batch *batch, store_done *done, void *arg)
{
    struct sqlite_store *store = self;
    assert(!store->appending); // one batch at a time
    store->appending = true;
    push_change(store, &(struct store_change){.make = make_append, .batch = batch, .done = done, .arg = arg});
}

static enum store_outcome make_snapshot(struct chain *chain, const struct store_change *change, struct fault *why)
{
    return chain_keep_snapshot(chain, change->seq, change->bytes, change->length, why);
}

static void keep_snapshot(void *self, uint64_t seq, const char *bytes, size_t length, store_done *done, void *arg)
{
    push_change(self,
                &(struct store_change){
                    .make = make_snapshot, .seq = seq, .bytes = bytes, .length = length, .done = done, .arg = arg});
}

static enum store_outcome make_erasure(struct chain *chain, const struct store_change *change, struct fault *why)
{
    return chain_erase(chain, change->ranges, change->count, why);
}

static void erase_payloads(void *self, const struct store_range *ranges, size_t count, store_done *done, void *arg)
{
    push_change(
        self, &(struct store_change){.make = make_erasure, .ranges = ranges, .count = count, .done = done, .arg = arg});
}

static enum store_outcome make_pruning(struct chain *chain, const struct store_change *change, struct fault *why)
{
    return chain_prune(chain, change->seq, why);
}

static void prune_events(void *self, uint64_t last, store_done *done, void *arg)
{
    push_change(self, &(struct store_change){.make = make_pruning, .seq = last, .done = done, .arg = arg});
}

static enum store_outcome make_person_erasure(struct chain *chain, const struct store_change *change, struct fault *why)
{
    return chain_erase_person(chain, change->id, why);
}

static void erase_person(void *self, const char *id, store_done *done, void *arg)
{
    struct store_change change = {.make = make_person_erasure, .done = done, .arg = arg};
    TEXT_PUT(change.id, id);
    push_change(self, &change);
}

// ---- copying: a job a step, so that changes go between

struct copy_step {
    struct job job; // first: a step is a job
    struct sqlite_store *store;
    const char *folder;
    bool right, last;
    struct fault why;
    store_done *done;
    void *arg;
};

static void run_copy_step(struct job *job)
{
    struct copy_step *step = (struct copy_step *)job;
    struct sqlite_store *store = step->store;
    pthread_mutex_lock(&store->lock);
    step->right =
        store->copy || journal_copy_begin(store->chain, &store->config, step->folder, &store->copy, &step->why);
    step->right = step->right && journal_copy_step(store->copy, &step->last, &step->why);
    if (step->last || !step->right)
        journal_copy_free(take(store->copy));
    pthread_mutex_unlock(&store->lock);
}

static void finish_copy_step(struct job *job);

static void push_copy_step(struct sqlite_store *store, const char *folder, store_done *done, void *arg)
{
    struct copy_step *step = mem_new(1, sizeof *step);
    *step = (struct copy_step){.store = store, .folder = folder, .done = done, .arg = arg};
    step->job = (struct job){.run = run_copy_step, .finish = finish_copy_step};
    job_queue_push(store->queue, &step->job);
}

static void finish_copy_step(struct job *job)
{
    struct copy_step *step = (struct copy_step *)job;
    if (step->right && !step->last)
        push_copy_step(step->store, step->folder, step->done, step->arg);
    else
        step->done(step->arg, step->right ? STORE_DURABLE : STORE_REFUSED, &step->why);
}

static void copy_store(void *self, const char *folder, store_done *done, void *arg)
{
    struct sqlite_store *store = self;
    assert(store->queue && done);
    push_copy_step(store, folder, done, arg);
}

static bool verify_copy(const char *folder, struct fault *why)
{
    struct chain *chain = NULL;
    bool whole = chain_open(&(struct chain_config){.folder = folder}, &chain, why);
    chain_close(chain);
    return whole;
}

// ---- reading

struct page_read {
    struct job job; // first: a page is a job
    struct sqlite_store *store;
    uint64_t from;
    size_t limit;
    struct store_event *events; // with payloads of their own
    size_t count, capacity;
    bool whole;
    struct fault why;
    store_page *done;
    void *arg;
};

static bool add_to_page(void *arg, const struct store_event *event, struct fault *why)
{
    struct page_read *page = arg;
    (void)why;
    mem_reserve(&page->events, &page->capacity, page->count + 1, sizeof *page->events);
    struct store_event *copy = &page->events[page->count++];
    *copy = *event;
    copy->payload = event->payload ? mem_copy(event->payload, event->length) : NULL;
    return true;
}

static void run_page(struct job *job)
{
    struct page_read *page = (struct page_read *)job;
    pthread_mutex_lock(&page->store->lock);
    page->whole = chain_replay(page->store->chain, page->from, page->limit, add_to_page, page, &page->why);
    pthread_mutex_unlock(&page->store->lock);
}

static void finish_page(struct job *job)
{
    struct page_read *page = (struct page_read *)job;
    assert(page->count <= page->limit);
    if (page->whole)
        page->done(page->arg, page->events, page->count, NULL);
    else
        page->done(page->arg, NULL, 0, &page->why);
}

static void drop_page(struct job *job)
{
    struct page_read *page = (struct page_read *)job;
    for (size_t i = 0; i < page->count; i++)
        free((char *)page->events[i].payload);
    free(page->events);
}

static void read_page(void *self, uint64_t from, size_t limit, store_page *done, void *arg)
{
    struct sqlite_store *store = self;
    assert(store->queue && limit > 0);
    struct page_read *page = mem_new(1, sizeof *page);
    *page = (struct page_read){.store = store, .from = from, .limit = limit, .done = done, .arg = arg};
    page->job = (struct job){.run = run_page, .finish = finish_page, .drop = drop_page};
    job_queue_push(store->queue, &page->job);
}

static void read_head(void *self, struct store_head *head)
{
    *head = ((struct sqlite_store *)self)->head;
}

// ---- following: nobody else writes, so nothing ever comes

static void tell_role(void *arg)
{
    struct sqlite_store *store = arg;
    assert(store->role_is_due);
    store->role_is_due = false;
    store->follower.role(store->follower.arg, STORE_WRITES);
}

static void follow_journal(void *self, uint64_t from, const struct store_follower *follower)
{
    struct sqlite_store *store = self;
    assert(store->chain && from == store->head.seq + 1);
    store->follower = *follower;
    if (!store->role_is_due)
        loop_post(store->loop, tell_role, store);
    store->role_is_due = true;
}

struct store_port store_open_sqlite(const struct chain_config *config, struct loop *loop)
{
    struct sqlite_store *store = mem_new(1, sizeof *store);
    store->config = *config;
    store->loop = loop;
    pthread_mutex_init(&store->lock, NULL);
    return (struct store_port){
        .self = store,
        .exists = store_exists,
        .create = create_store,
        .accept = accept_store,
        .adopt = adopt_store,
        .open = open_store,
        .replay = replay_store,
        .close = close_store,
        .append = append_batch,
        .keep_snapshot = keep_snapshot,
        .erase = erase_payloads,
        .prune = prune_events,
        .erase_person = erase_person,
        .copy = copy_store,
        .verify_copy = verify_copy,
        .read = read_page,
        .head = read_head,
        .follow = follow_journal,
    };
}
