// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/health_checks.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 30 * 1000, AGAIN_MS = 5 * 1000, DEADLINE_MS = 10 * 1000, PATH_SIZE = 300 };

static const struct {
    const char *name;
    health_check *check;
} rows[] = {
    {"xrdp", health_check_xrdp},   {"session manager", health_check_sesman}, {"accounts", health_check_accounts},
    {"disks", health_check_disks}, {"state directory", health_check_state},
};

enum { ROWS = sizeof rows / sizeof *rows };

// What a thread works with; its own copy, since it may outlive everything.
struct health_job {
    size_t row;
    struct health_checks_config config;
    char certificate[PATH_SIZE], account[PATH_SIZE], state_dir[PATH_SIZE];
    char fault[HEALTH_FAULT_SIZE];
    struct health_checks *checks; // for the loop's thread only
};

struct health_checks {
    struct loop *loop;
    struct health_job plan;
    loop_work *changed;
    void *arg;
    struct loop_timer *every, *deadline;
    struct worker *workers[ROWS];
    char faults[ROWS][HEALTH_FAULT_SIZE];
};

static void run(void *arg)
{
    struct health_job *job = arg;
    if (rows[job->row].check(&job->config, job->fault))
        job->fault[0] = 0;
}

static void set_fault(struct health_checks *checks, size_t row, const char *fault)
{
    if (text_equal(checks->faults[row], fault))
        return;
    text_cut(checks->faults[row], HEALTH_FAULT_SIZE, fault);
    if (*fault)
        log_warn("host", "%s", fault);
    else
        log_info("host", "%s: ok", rows[row].name);
    checks->changed(checks->arg);
}

static void done(void *arg)
{
    struct health_job *job = arg;
    struct health_checks *checks = job->checks;
    size_t row = job->row;
    assert(row < ROWS && checks->workers[row]);
    char fault[HEALTH_FAULT_SIZE];
    TEXT_PUT(fault, job->fault);
    worker_free(take(checks->workers[row]));
    set_fault(checks, row, fault);
    // Trouble is looked at more often: its end should be noticed soon.
    if (*fault)
        loop_timer_start(checks->every, AGAIN_MS);
}

static void start_check(struct health_checks *checks, size_t row)
{
    struct fault why = {0};
    assert(!checks->workers[row]);
    struct health_job *job = mem_copy(&checks->plan, sizeof checks->plan);
    job->row = row;
    job->checks = checks;
    job->config.certificate = job->certificate;
    job->config.probe_account = job->account;
    job->config.state_dir = job->state_dir;
    checks->workers[row] = worker_new(checks->loop, run, done, free, job, &why);
    if (!checks->workers[row]) {
        free(job);
        set_fault(checks, row, "cannot start a thread for a health check");
    }
}

static void start_all(void *arg)
{
    struct health_checks *checks = arg;
    for (size_t row = 0; row < ROWS; row++)
        if (!checks->workers[row])
            start_check(checks, row);
    loop_timer_start(checks->deadline, DEADLINE_MS);
    loop_timer_start(checks->every, EVERY_MS);
}

// One that hangs is not started again before it has come back.
static void too_late(void *arg)
{
    struct health_checks *checks = arg;
    char fault[HEALTH_FAULT_SIZE];
    for (size_t row = 0; row < ROWS; row++) {
        snprintf(fault, sizeof fault, "%s: the check has not finished within %d s", rows[row].name, DEADLINE_MS / 1000);
        if (checks->workers[row])
            set_fault(checks, row, fault);
    }
}

struct health_checks *health_checks_new(struct loop *loop, const struct health_checks_config *config,
                                        loop_work *changed, void *arg)
{
    struct health_checks *checks = mem_new(1, sizeof *checks);
    checks->loop = loop;
    checks->changed = changed;
    checks->arg = arg;
    checks->plan.config = *config;
    TEXT_PUT(checks->plan.certificate, config->certificate);
    TEXT_PUT(checks->plan.account, config->probe_account);
    TEXT_PUT(checks->plan.state_dir, config->state_dir);
    for (size_t row = 0; row < ROWS; row++)
        snprintf(checks->faults[row], HEALTH_FAULT_SIZE, "%s: not checked yet", rows[row].name);
    checks->every = loop_timer_new(loop, start_all, checks);
    checks->deadline = loop_timer_new(loop, too_late, checks);
    loop_timer_start(checks->every, 0);
    return checks;
}

void health_checks_free(struct health_checks *checks)
{
    if (!checks)
        return;
    for (size_t row = 0; row < ROWS; row++)
        worker_free(checks->workers[row]);
    loop_timer_free(checks->every);
    loop_timer_free(checks->deadline);
    free(checks);
}

void health_checks_print(const struct health_checks *checks, struct text *text)
{
    for (size_t row = 0; row < ROWS; row++)
        if (*checks->faults[row])
            text_addf(text, "%s%s", text->length ? "\n" : "", checks->faults[row]);
}
