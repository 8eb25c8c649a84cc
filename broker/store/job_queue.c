// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/job_queue.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct queue {
    struct job *first, **last;
};

struct job_queue {
    struct loop *loop;
    pthread_t thread;
    pthread_mutex_t lock; // guards the rest
    pthread_cond_t wake;
    struct queue queued, finished;
    loop_work *idle;
    void *idle_arg;
    bool ending;
};

static void put(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *get(struct queue *queue)
{
    struct job *job = queue->first;
    if (job && !(queue->first = job->next))
        queue->last = &queue->first;
    return job;
}

static void answer(void *arg)
{
    struct job_queue *worker = arg;
    pthread_mutex_lock(&worker->lock);
    struct job *job = get(&worker->finished);
    pthread_mutex_unlock(&worker->lock);
    job->finish(job);
    free(job);
}

static struct job *wait_for_job(struct job_queue *worker)
{
    pthread_mutex_lock(&worker->lock);
    while (!worker->queued.first && !worker->ending)
        pthread_cond_wait(&worker->wake, &worker->lock);
    struct job *job = get(&worker->queued);
    pthread_mutex_unlock(&worker->lock);
    return job;
}

static void *work(void *arg)
{
    struct job_queue *worker = arg;
    for (struct job *job; (job = wait_for_job(worker));) {
        job->run(job);
        pthread_mutex_lock(&worker->lock);
        put(&worker->finished, job);
        loop_work *idle = worker->idle;
        pthread_mutex_unlock(&worker->lock);
        loop_post(worker->loop, answer, worker);
        if (idle)
            idle(worker->idle_arg);
    }
    return NULL;
}

struct job_queue *job_queue_new(struct loop *loop)
{
    struct job_queue *worker = mem_new(1, sizeof *worker);
    worker->loop = loop;
    worker->queued.last = &worker->queued.first;
    worker->finished.last = &worker->finished.first;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->wake, NULL);
    sigset_t all, before; // signals are the loop's
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert(rc == 0);
    (void)rc;
    return worker;
}

void job_queue_free(struct job_queue *worker)
{
    if (!worker)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    for (struct job *job; (job = get(&worker->finished));)
        free(job);
    pthread_cond_destroy(&worker->wake);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

void job_queue_on_idle(struct job_queue *worker, loop_work *idle, void *arg)
{
    pthread_mutex_lock(&worker->lock);
    worker->idle = idle;
    worker->idle_arg = arg;
    pthread_mutex_unlock(&worker->lock);
}

void job_queue_push(struct job_queue *worker, struct job *job)
{
    pthread_mutex_lock(&worker->lock);
    put(&worker->queued, job);
    pthread_cond_signal(&worker->wake);
    pthread_mutex_unlock(&worker->lock);
}
