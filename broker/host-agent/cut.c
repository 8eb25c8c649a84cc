// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/cut.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/host-agent/process.h"
#include "broker/host-agent/sockets.h"

#include <signal.h>
#include <stdlib.h>

enum { GRACE_MS = 1000 };

struct cut {
    struct cut *next, **at;
    struct process process;
    struct loop_timer *grace;
};

struct cuts {
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

void cuts_add(struct cuts *cuts, uint64_t inode, const char *what)
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
    cut->next = cuts->first;
    cut->at = &cuts->first;
    if (cut->next)
        cut->next->at = &cut->next;
    cuts->first = cut;
    cut->grace = loop_timer_new(cuts->loop, grace_is_over, cut);
    loop_timer_start(cut->grace, GRACE_MS);
}

struct cuts *cuts_new(struct loop *loop)
{
    struct cuts *cuts = mem_new(1, sizeof *cuts);
    cuts->loop = loop;
    return cuts;
}

void cuts_free(struct cuts *cuts)
{
    if (!cuts)
        return;
    while (cuts->first)
        cut_free(cuts->first);
    free(cuts);
}
