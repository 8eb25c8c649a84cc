// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/disconnect.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/pult-host/process.h"
#include "broker/pult-host/sockets.h"

#include <signal.h>
#include <stdlib.h>

enum { GRACE_MS = 1000 };

struct cut {
    struct cut *next, **at;
    struct process process;
    struct loop_timer *grace;
};

struct disconnects {
    struct loop *loop;
    struct cut *first;
};

static void cut_free(struct cut *cut)
{
    *cut->at = cut->next;
    if (cut->next)
        cut->next->at = cut->at;
    loop_timer_free(cut->grace);
    free(cut);
}

static void grace_is_over(void *arg)
{
    struct cut *cut = arg;
    process_signal(&cut->process, SIGKILL);
    cut_free(cut);
}

void disconnects_add(struct disconnects *disconnects, uint64_t inode, const char *what)
{
    struct process process;
    pid_t pid = sockets_owner("/proc", "xrdp", inode);
    if (pid == 0 || !process_read("/proc", pid, &process) || !process_signal(&process, SIGTERM)) {
        log_info("session", "%s: there is no such connection", what);
        return;
    }
    log_info("session", "%s: its connection is cut", what);
    struct cut *cut = mem_new(1, sizeof *cut);
    cut->process = process;
    cut->next = disconnects->first;
    cut->at = &disconnects->first;
    if (cut->next)
        cut->next->at = &cut->next;
    disconnects->first = cut;
    cut->grace = loop_timer_new(disconnects->loop, grace_is_over, cut);
    loop_timer_start(cut->grace, GRACE_MS);
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
        cut_free(disconnects->first);
    free(disconnects);
}
