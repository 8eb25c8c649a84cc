// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/layout_keeper.h"
#include "broker/base/child.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// It ends with its X server, and when there is none yet.
enum { WAIT_FIRST_MS = 1000, WAIT_MOST_MS = 60 * 1000 };

struct layout_keeper {
    struct loop *loop;
    const char *program;
    struct account account;
    char display[32], cookies[INVENTORY_PATH_SIZE + 16];
    struct child *child;
    struct loop_timer *again;
    int64_t wait_ms;
    bool stopped;
};

static void program_ended(void *arg, int status)
{
    struct layout_keeper *keeper = arg;
    log_debug("keyboard", "%s: pult-session-keyboard ended with %d", keeper->display, status);
    child_free(take(keeper->child));
    if (keeper->stopped)
        return;
    loop_timer_start(keeper->again, keeper->wait_ms);
    keeper->wait_ms = keeper->wait_ms * 2 > WAIT_MOST_MS ? WAIT_MOST_MS : keeper->wait_ms * 2;
}

static void start_program(void *arg)
{
    struct layout_keeper *keeper = arg;
    const char *const arguments[] = {keeper->program, NULL};
    const char *const environment[] = {keeper->display, keeper->cookies, "PATH=/usr/bin:/bin", "LANG=C.UTF-8", NULL};
    struct fault why = {0};
    struct child_plan plan = {
        .arguments = arguments, .environment = environment, .account = &keeper->account, .input = -1, .output = -1};
    assert(!keeper->child && !keeper->stopped);
    keeper->child = child_start(keeper->loop, &plan, program_ended, keeper, &why);
    if (!keeper->child)
        log_warn("keyboard", "%s", why.text);
}

struct layout_keeper *layout_keeper_new(struct loop *loop, const char *program, const struct xrdp_session *session)
{
    struct layout_keeper *keeper = mem_new(1, sizeof *keeper);
    keeper->loop = loop;
    keeper->program = program;
    keeper->account = (struct account){
        .uid = session->owner.uid, .gid = session->owner.gid, .group_count = session->owner.group_count};
    memcpy(keeper->account.groups, session->owner.groups, keeper->account.group_count * sizeof *keeper->account.groups);
    snprintf(keeper->display, sizeof keeper->display, "DISPLAY=:%d", session->display);
    snprintf(keeper->cookies, sizeof keeper->cookies, "XAUTHORITY=%s", session->cookies);
    keeper->wait_ms = WAIT_FIRST_MS;
    keeper->again = loop_timer_new(loop, start_program, keeper);
    start_program(keeper);
    return keeper;
}

bool layout_keeper_stop(struct layout_keeper *keeper)
{
    keeper->stopped = true;
    loop_timer_stop(keeper->again);
    if (keeper->child)
        child_end(keeper->child);
    return !keeper->child;
}

void layout_keeper_free(struct layout_keeper *keeper)
{
    if (!keeper)
        return;
    child_free(keeper->child);
    loop_timer_free(keeper->again);
    free(keeper);
}
