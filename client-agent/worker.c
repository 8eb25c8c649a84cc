// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/worker.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <uv.h>

struct worker {
    uv_work_t uv;
    loop_work *work, *done;
    void *arg;
};

static void work_there(uv_work_t *uv)
{
    struct worker *worker = uv->data;
    worker->work(worker->arg);
}

static void work_is_done(uv_work_t *uv, int status)
{
    (void)status; // never cancelled
    struct worker *worker = uv->data;
    worker->done(worker->arg);
    free(worker);
}

void worker_run(struct loop *loop, loop_work *work, loop_work *done, void *arg)
{
    struct worker *worker = mem_new(1, sizeof *worker);
    worker->work = work;
    worker->done = done;
    worker->arg = arg;
    worker->uv.data = worker;
    int rc = uv_queue_work(loop_uv(loop), &worker->uv, work_there, work_is_done);
    assert(rc == 0);
    (void)rc;
}
