// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/disconnect.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-host/sockets.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

enum { GRACE_MS = 1000 };

struct disconnection {
    struct disconnection *next, **at;
    struct process process;
    struct loop_timer *grace;
};

struct disconnects {
    struct loop *loop;
    struct disconnection *first;
};

static void disconnection_free(struct disconnection *one)
{
    assert(*one->at == one);
    *one->at = one->next;
    if (one->next)
        one->next->at = one->at;
    loop_timer_free(one->grace);
    free(one);
}

static void grace_is_over(void *arg)
{
    struct disconnection *one = arg;
    process_signal(&one->process, SIGKILL);
    disconnection_free(one);
}

void disconnects_add(struct disconnects *disconnects, uint64_t inode, const char *what)
{
    struct process process;
    pid_t pid = sockets_owner("/proc", "xrdp", inode);
    if (pid == 0 || !process_read("/proc", pid, &process))
        log_info("session", "%s: no such connection", what);
    else
        disconnects_add_process(disconnects, &process, what);
}

void disconnects_add_process(struct disconnects *disconnects, const struct process *process, const char *what)
{
    if (!process_signal(process, SIGTERM)) {
        log_info("session", "%s: no such connection", what);
        return;
    }
    log_info("session", "%s: disconnecting", what);
    struct disconnection *one = mem_new(1, sizeof *one);
    one->process = *process;
    one->next = disconnects->first;
    one->at = &disconnects->first;
    if (one->next)
        one->next->at = &one->next;
    disconnects->first = one;
    one->grace = loop_timer_new(disconnects->loop, grace_is_over, one);
    loop_timer_start(one->grace, GRACE_MS);
}

struct disconnects *disconnects_new(struct loop *loop)
{
    struct disconnects *disconnects = mem_new(1, sizeof *disconnects);
    disconnects->loop = loop;
    return disconnects;
}

void disconnects_free(struct disconnects *disconnects)
{
    if (!disconnects)
        return;
    while (disconnects->first)
        disconnection_free(disconnects->first);
    free(disconnects);
}
