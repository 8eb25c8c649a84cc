// SPDX-License-Identifier: EUPL-1.2
#include "broker/lone_work.h"

struct lone_work {
    struct loop *loop;
    bool written;
    struct fault *why;
};

static void lone_work_done(void *arg, bool written, const struct fault *why)
{
    struct lone_work *work = arg;
    work->written = written;
    if (!written)
        *work->why = *why;
    loop_stop(work->loop);
}

bool lone_work(struct loop *loop, const struct store_port *store, lone_start *start, struct fault *why)
{
    struct lone_work work = {.loop = loop, .why = why};
    struct lone_append *append = start(store, lone_work_done, &work, why);
    if (append)
        loop_run(loop);
    store->close(store->self);
    lone_append_free(append);
    return work.written;
}
