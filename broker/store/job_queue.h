// SPDX-License-Identifier: EUPL-1.2
// A thread that does what blocks, one job after the other, and answers in the loop's thread.
#pragma once
#include "broker/base/loop.h"

// The beginning of a job's own struct, allocated with mem_new; the queue frees it.
struct job {
    struct job *next;
    void (*run)(struct job *job);    // in the queue's thread
    void (*finish)(struct job *job); // in the loop
    void (*drop)(struct job *job);   // frees what it holds, finished or not; NULL: nothing
};

struct job_queue;

struct job_queue *job_queue_new(struct loop *loop);
// Runs what is still queued and ends the thread. What has not been answered by then never is. Not before the loop has
// ended: an answer on its way would find no queue.
void job_queue_free(struct job_queue *queue); // NULL allowed
// Runs `idle(arg)` in that thread after each job, its answer being on the way.
void job_queue_on_idle(struct job_queue *queue, loop_work *idle, void *arg);
void job_queue_push(struct job_queue *queue, struct job *job);
