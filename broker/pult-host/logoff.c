// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/logoff.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

enum { LOOK_MS = 50 };

const struct logoff_pace logoff_graceful = {
    .programs_ms = 10000, .window_manager_ms = 5000, .killed_ms = 2000, .server_ms = 5000};
// For somebody whose logon waits: all within a good second.
const struct logoff_pace logoff_fast = {
    .programs_ms = 400, .window_manager_ms = 200, .killed_ms = 300, .server_ms = 300};

enum step { STEP_PROGRAMS, STEP_WINDOW_MANAGER, STEP_KILL, STEP_SERVER, STEP_KILL_SERVER, STEP_COUNT };

struct logoff {
    struct loop *loop;
    struct xrdp_session session;
    struct logoff_pace pace;
    enum step step;
    bool finished;
    int64_t step_ms;           // when it began
    struct program_list first; // who was there at the beginning
    struct loop_timer *look;
    logoff_done *done;
    void *arg;
};

static bool is_meant(enum step step, enum program_kind kind)
{
    switch (step) {
    case STEP_PROGRAMS:
        return kind == PROGRAM_OTHER;
    case STEP_WINDOW_MANAGER:
    case STEP_KILL:
        return kind != PROGRAM_PLUMBING;
    case STEP_SERVER:
    case STEP_KILL_SERVER:
    case STEP_COUNT:
        return true;
    }
    return false;
}

static int64_t patience_ms(const struct logoff *logoff)
{
    switch (logoff->step) {
    case STEP_PROGRAMS:
        return logoff->pace.programs_ms;
    case STEP_WINDOW_MANAGER:
        return logoff->pace.window_manager_ms;
    case STEP_KILL:
    case STEP_KILL_SERVER:
        return logoff->pace.killed_ms;
    case STEP_SERVER:
        return logoff->pace.server_ms;
    case STEP_COUNT:
        return 0;
    }
    return 0;
}

static void begin_step(struct logoff *logoff, enum step step)
{
    struct program_list list = {0};
    assert(step < STEP_COUNT);
    bool kill = step == STEP_KILL || step == STEP_KILL_SERVER;
    // As long as sesexec lives, it is the one that ends X server and channel server.
    bool sesexec_does = step == STEP_SERVER && !logoff->session.orphan;
    logoff->step = step;
    logoff->step_ms = clock_steady_ms();
    inventory_programs(&list, "/proc", &logoff->session);
    for (size_t i = 0; i < list.count && !sesexec_does; i++)
        if (is_meant(step, list.rows[i].kind))
            process_signal(&list.rows[i].process, kill ? SIGKILL : SIGTERM);
    inventory_programs_drop(&list);
}

// While its server lives. That may be on its way out, without a command line to know it by.
static bool some_left(const struct logoff *logoff)
{
    struct program_list list = {0};
    bool left = is_meant(logoff->step, PROGRAM_PLUMBING);
    inventory_programs(&list, "/proc", &logoff->session);
    for (size_t i = 0; i < list.count; i++)
        left = left || is_meant(logoff->step, list.rows[i].kind);
    inventory_programs_drop(&list);
    return left;
}

static void finish_logoff(struct logoff *logoff, bool gone)
{
    assert(!logoff->finished);
    logoff->finished = true;
    // Without its X server the display is anybody's: only who was seen to belong to it may be ended.
    for (size_t i = 0; i < logoff->first.count; i++)
        process_signal(&logoff->first.rows[i].process, SIGKILL);
    log_info("session", "display :%d %s", logoff->session.display, gone ? "logged off" : "could not be ended");
    logoff->done(logoff->arg, gone);
}

static void look(void *arg)
{
    struct logoff *logoff = arg;
    bool in_time = clock_steady_ms() - logoff->step_ms < patience_ms(logoff);
    if (!process_lives("/proc", &logoff->session.server)) {
        finish_logoff(logoff, true);
    } else if (in_time && some_left(logoff)) {
        loop_timer_start(logoff->look, LOOK_MS);
    } else if (logoff->step == STEP_KILL_SERVER) {
        finish_logoff(logoff, false);
    } else {
        begin_step(logoff, logoff->step + 1);
        loop_timer_start(logoff->look, 0);
    }
}

struct logoff *logoff_new(struct loop *loop, const struct xrdp_session *session, const struct logoff_pace *pace,
                          logoff_done *done, void *arg)
{
    struct logoff *logoff = mem_new(1, sizeof *logoff);
    logoff->loop = loop;
    logoff->session = *session;
    logoff->pace = *pace;
    logoff->done = done;
    logoff->arg = arg;
    logoff->look = loop_timer_new(loop, look, logoff);
    inventory_programs(&logoff->first, "/proc", session);
    begin_step(logoff, STEP_PROGRAMS);
    loop_timer_start(logoff->look, 0);
    return logoff;
}

void logoff_hurry(struct logoff *logoff, const struct logoff_pace *pace)
{
    assert(!logoff->finished);
    logoff->pace = *pace;
    loop_timer_start(logoff->look, 0);
}

void logoff_free(struct logoff *logoff)
{
    if (!logoff)
        return;
    loop_timer_free(logoff->look);
    inventory_programs_drop(&logoff->first);
    free(logoff);
}
