// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/job_queue.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct job_list {
    struct job *first, **last;
};

struct job_queue {
    struct loop *loop;
    pthread_t thread;
    pthread_mutex_t lock; // guards the rest
    pthread_cond_t wake;
    struct job_list queued, finished;
    loop_work *idle;
    void *idle_arg;
    bool ending;
};

static void append_job(struct job_list *list, struct job *job)
{
    job->next = NULL;
    *list->last = job;
    list->last = &job->next;
}

static struct job *take_job(struct job_list *list)
{
    struct job *job = list->first;
    if (job && !(list->first = job->next))
        list->last = &list->first;
    return job;
}

static void free_job(struct job *job)
{
    if (job->drop)
        job->drop(job);
    free(job);
}

static void answer_job(void *arg)
{
    struct job_queue *queue = arg;
    pthread_mutex_lock(&queue->lock);
    struct job *job = take_job(&queue->finished);
    pthread_mutex_unlock(&queue->lock);
    assert(job); // one finished job for each post
    job->finish(job);
    free_job(job);
}

static struct job *wait_for_job(struct job_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (!queue->queued.first && !queue->ending)
        pthread_cond_wait(&queue->wake, &queue->lock);
    struct job *job = take_job(&queue->queued);
    pthread_mutex_unlock(&queue->lock);
    return job;
}

static void *run_jobs(void *arg)
{
    struct job_queue *queue = arg;
    for (struct job *job; (job = wait_for_job(queue));) {
        job->run(job);
        pthread_mutex_lock(&queue->lock);
        append_job(&queue->finished, job);
        loop_work *idle = queue->idle;
        pthread_mutex_unlock(&queue->lock);
        loop_post(queue->loop, answer_job, queue);
        if (idle)
            idle(queue->idle_arg);
    }
    return NULL;
}

struct job_queue *job_queue_new(struct loop *loop)
{
    struct job_queue *queue = mem_new(1, sizeof *queue);
    queue->loop = loop;
    queue->queued.last = &queue->queued.first;
    queue->finished.last = &queue->finished.first;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->wake, NULL);
    sigset_t all, before; // signals are the loop's
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&queue->thread, NULL, run_jobs, queue);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert(rc == 0);
    (void)rc;
    return queue;
}

void job_queue_free(struct job_queue *queue)
{
    if (!queue)
        return;
    pthread_mutex_lock(&queue->lock);
    queue->ending = true;
    pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
    pthread_join(queue->thread, NULL);
    for (struct job *job; (job = take_job(&queue->finished));)
        free_job(job);
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

void job_queue_on_idle(struct job_queue *queue, loop_work *idle, void *arg)
{
    pthread_mutex_lock(&queue->lock);
    queue->idle = idle;
    queue->idle_arg = arg;
    pthread_mutex_unlock(&queue->lock);
}

void job_queue_push(struct job_queue *queue, struct job *job)
{
    pthread_mutex_lock(&queue->lock);
    append_job(&queue->queued, job);
    pthread_cond_signal(&queue->wake);
    pthread_mutex_unlock(&queue->lock);
}
