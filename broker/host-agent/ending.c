// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/ending.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <signal.h>
#include <stdlib.h>

enum { LOOK_MS = 50 };

const struct ending_pace ending_calm = {.programs_ms = 10000, .leader_ms = 5000, .killed_ms = 2000, .server_ms = 5000};
// For who waits at the gate: all within a good second.
const struct ending_pace ending_hurried = {.programs_ms = 400, .leader_ms = 200, .killed_ms = 300, .server_ms = 300};

enum step { STEP_PROGRAMS, STEP_LEADER, STEP_KILL, STEP_SERVER, STEP_KILL_SERVER, STEP_COUNT };

struct ending {
    struct loop *loop;
    struct desktop session;
    struct ending_pace pace;
    enum step step;
    int64_t step_ms;           // when it began
    struct program_list first; // who was there at the beginning
    struct loop_timer *look;
    ending_done *done;
    void *arg;
};

static bool is_meant(enum step step, enum program_kind kind)
{
    switch (step) {
    case STEP_PROGRAMS:
        return kind == PROGRAM_OTHER;
    case STEP_LEADER:
    case STEP_KILL:
        return kind != PROGRAM_PLUMBING;
    case STEP_SERVER:
    case STEP_KILL_SERVER:
    case STEP_COUNT:
        return true;
    }
    return false;
}

static int64_t patience_ms(const struct ending *ending)
{
    switch (ending->step) {
    case STEP_PROGRAMS:
        return ending->pace.programs_ms;
    case STEP_LEADER:
        return ending->pace.leader_ms;
    case STEP_KILL:
    case STEP_KILL_SERVER:
        return ending->pace.killed_ms;
    case STEP_SERVER:
        return ending->pace.server_ms;
    case STEP_COUNT:
        return 0;
    }
    return 0;
}

static void begin(struct ending *ending, enum step step)
{
    struct program_list list = {0};
    bool kill = step == STEP_KILL || step == STEP_KILL_SERVER;
    // While its keeper is there, it is the keeper that ends X server and channel server.
    bool keeper_does = step == STEP_SERVER && !ending->session.orphan;
    ending->step = step;
    ending->step_ms = clock_steady_ms();
    inventory_programs(&list, "/proc", &ending->session);
    for (size_t i = 0; i < list.count && !keeper_does; i++)
        if (is_meant(step, list.rows[i].kind))
            process_signal(&list.rows[i].process, kill ? SIGKILL : SIGTERM);
    inventory_programs_drop(&list);
}

// While its server lives. That may be on its way out, without a command line to know it by.
static bool some_left(const struct ending *ending)
{
    struct program_list list = {0};
    bool left = is_meant(ending->step, PROGRAM_PLUMBING);
    inventory_programs(&list, "/proc", &ending->session);
    for (size_t i = 0; i < list.count; i++)
        left = left || is_meant(ending->step, list.rows[i].kind);
    inventory_programs_drop(&list);
    return left;
}

static void finish(struct ending *ending, bool gone)
{
    // Without its X server the display is anybody's: only who was seen to belong to it may be ended.
    for (size_t i = 0; i < ending->first.count; i++)
        process_signal(&ending->first.rows[i].process, SIGKILL);
    log_info("session", "display :%d %s", ending->session.display, gone ? "is logged off" : "does not end");
    ending->done(ending->arg, gone);
}

static void look(void *arg)
{
    struct ending *ending = arg;
    bool in_time = clock_steady_ms() - ending->step_ms < patience_ms(ending);
    if (!process_lives("/proc", &ending->session.server)) {
        finish(ending, true);
    } else if (in_time && some_left(ending)) {
        loop_timer_start(ending->look, LOOK_MS);
    } else if (ending->step == STEP_KILL_SERVER) {
        finish(ending, false);
    } else {
        begin(ending, ending->step + 1);
        loop_timer_start(ending->look, 0);
    }
}

struct ending *ending_new(struct loop *loop, const struct desktop *session, const struct ending_pace *pace,
                          ending_done *done, void *arg)
{
    struct ending *ending = mem_new(1, sizeof *ending);
    ending->loop = loop;
    ending->session = *session;
    ending->pace = *pace;
    ending->done = done;
    ending->arg = arg;
    ending->look = loop_timer_new(loop, look, ending);
    inventory_programs(&ending->first, "/proc", session);
    begin(ending, STEP_PROGRAMS);
    loop_timer_start(ending->look, 0);
    return ending;
}

void ending_hurry(struct ending *ending, const struct ending_pace *pace)
{
    ending->pace = *pace;
    loop_timer_start(ending->look, 0);
}

void ending_free(struct ending *ending)
{
    if (!ending)
        return;
    loop_timer_free(ending->look);
    inventory_programs_drop(&ending->first);
    free(ending);
}
