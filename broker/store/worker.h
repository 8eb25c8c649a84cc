// SPDX-License-Identifier: EUPL-1.2
// A thread that does what blocks, one job after the other, and answers in the loop's thread.
#pragma once
#include "broker/base/loop.h"

// The beginning of a job's own struct, allocated with mem_new; the worker frees it.
struct job {
    struct job *next;
    void (*run)(struct job *job);    // in the worker
    void (*finish)(struct job *job); // in the loop
};

struct worker;

struct worker *worker_new(struct loop *loop);
// Runs what is still queued and ends the thread. What has not been answered by then never is. Not before the loop has
// ended: an answer on its way would find no worker.
void worker_free(struct worker *worker); // NULL allowed
// Runs `idle(arg)` in the worker after each job, its answer being on the way.
void worker_on_idle(struct worker *worker, loop_work *idle, void *arg);
void worker_push(struct worker *worker, struct job *job);
