// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/worker.h"
#include "broker/base/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

// Held by the thread and by whoever waits for it; the last one frees it.
struct worker {
    atomic_int holders;
    int finished; // eventfd
    struct loop_watch *watch;
    loop_work *work, *done, *drop;
    void *arg;
};

static void let_go(struct worker *worker)
{
    if (atomic_fetch_sub(&worker->holders, 1) > 1)
        return;
    worker->drop(worker->arg);
    close(worker->finished);
    free(worker);
}

static void *in_thread(void *arg)
{
    struct worker *worker = arg;
    worker->work(worker->arg);
    eventfd_write(worker->finished, 1);
    let_go(worker);
    return NULL;
}

static void finished(void *arg, bool readable, bool writable)
{
    struct worker *worker = arg;
    (void)readable;
    (void)writable;
    loop_watch_free(take(worker->watch));
    worker->done(worker->arg);
}

static bool start_thread(struct worker *worker)
{
    sigset_t all, before;
    pthread_t thread;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool fine = pthread_create(&thread, NULL, in_thread, worker) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return fine && pthread_detach(thread) == 0;
}

struct worker *worker_new(struct loop *loop, loop_work *work, loop_work *done, loop_work *drop, void *arg,
                          struct fault *why)
{
    struct worker *worker = mem_new(1, sizeof *worker);
    atomic_init(&worker->holders, 2);
    worker->work = work;
    worker->done = done;
    worker->drop = drop;
    worker->arg = arg;
    worker->finished = eventfd(0, EFD_CLOEXEC);
    if (worker->finished < 0 || !start_thread(worker)) {
        fault_set(why, FAULT_UNAVAILABLE, "cannot start a thread");
        if (worker->finished >= 0)
            close(worker->finished);
        free(worker);
        return NULL;
    }
    worker->watch = loop_watch_new(loop, worker->finished, finished, worker);
    loop_watch_set(worker->watch, true, false);
    return worker;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    loop_watch_free(take(worker->watch));
    let_go(worker);
}
