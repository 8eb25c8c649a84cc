// SPDX-License-Identifier: EUPL-1.2
#include "broker/host-agent/fitness.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVERY_MS = 30 * 1000, AGAIN_MS = 5 * 1000, DEADLINE_MS = 10 * 1000, PATH_SIZE = 300 };

static const struct {
    const char *name;
    fitness_check *check;
} rows[] = {
    {"xrdp", fitness_xrdp},   {"session manager", fitness_sesman}, {"accounts", fitness_accounts},
    {"disks", fitness_disks}, {"state folder", fitness_state},
};

enum { ROWS = sizeof rows / sizeof *rows };

// What a thread works with; its own copy, since it may outlive everything.
struct job {
    size_t row;
    struct fitness_config config;
    char certificate[PATH_SIZE], account[PATH_SIZE], state_dir[PATH_SIZE];
    char fault[FITNESS_FAULT_SIZE];
    struct fitness *fitness; // for the loop's thread only
};

struct fitness {
    struct loop *loop;
    struct job plan;
    loop_work *changed;
    void *arg;
    struct loop_timer *every, *deadline;
    struct worker *workers[ROWS];
    char faults[ROWS][FITNESS_FAULT_SIZE];
};

static void run(void *arg)
{
    struct job *job = arg;
    if (rows[job->row].check(&job->config, job->fault))
        job->fault[0] = 0;
}

static void set_fault(struct fitness *fitness, size_t row, const char *fault)
{
    if (text_equal(fitness->faults[row], fault))
        return;
    text_cut(fitness->faults[row], FITNESS_FAULT_SIZE, fault);
    if (*fault)
        log_warn("host", "%s", fault);
    else
        log_info("host", "%s: fine", rows[row].name);
    fitness->changed(fitness->arg);
}

static void done(void *arg)
{
    struct job *job = arg;
    struct fitness *fitness = job->fitness;
    size_t row = job->row;
    char fault[FITNESS_FAULT_SIZE];
    TEXT_PUT(fault, job->fault);
    worker_free(take(fitness->workers[row]));
    set_fault(fitness, row, fault);
    // Trouble is looked at more often: its end should be noticed soon.
    if (*fault)
        loop_timer_start(fitness->every, AGAIN_MS);
}

static void start(struct fitness *fitness, size_t row)
{
    struct fault why = {0};
    struct job *job = mem_copy(&fitness->plan, sizeof fitness->plan);
    job->row = row;
    job->fitness = fitness;
    job->config.certificate = job->certificate;
    job->config.probe_account = job->account;
    job->config.state_dir = job->state_dir;
    fitness->workers[row] = worker_new(fitness->loop, run, done, free, job, &why);
    if (!fitness->workers[row]) {
        free(job);
        set_fault(fitness, row, "no thread can be started for a check");
    }
}

static void start_all(void *arg)
{
    struct fitness *fitness = arg;
    for (size_t row = 0; row < ROWS; row++)
        if (!fitness->workers[row])
            start(fitness, row);
    loop_timer_start(fitness->deadline, DEADLINE_MS);
    loop_timer_start(fitness->every, EVERY_MS);
}

// One that hangs is not started again before it has come back.
static void too_late(void *arg)
{
    struct fitness *fitness = arg;
    char fault[FITNESS_FAULT_SIZE];
    for (size_t row = 0; row < ROWS; row++) {
        snprintf(fault, sizeof fault, "%s: the check does not end within %d s", rows[row].name, DEADLINE_MS / 1000);
        if (fitness->workers[row])
            set_fault(fitness, row, fault);
    }
}

struct fitness *fitness_new(struct loop *loop, const struct fitness_config *config, loop_work *changed, void *arg)
{
    struct fitness *fitness = mem_new(1, sizeof *fitness);
    fitness->loop = loop;
    fitness->changed = changed;
    fitness->arg = arg;
    fitness->plan.config = *config;
    TEXT_PUT(fitness->plan.certificate, config->certificate);
    TEXT_PUT(fitness->plan.account, config->probe_account);
    TEXT_PUT(fitness->plan.state_dir, config->state_dir);
    for (size_t row = 0; row < ROWS; row++)
        snprintf(fitness->faults[row], FITNESS_FAULT_SIZE, "%s: not checked yet", rows[row].name);
    fitness->every = loop_timer_new(loop, start_all, fitness);
    fitness->deadline = loop_timer_new(loop, too_late, fitness);
    loop_timer_start(fitness->every, 0);
    return fitness;
}

void fitness_free(struct fitness *fitness)
{
    if (!fitness)
        return;
    for (size_t row = 0; row < ROWS; row++)
        worker_free(fitness->workers[row]);
    loop_timer_free(fitness->every);
    loop_timer_free(fitness->deadline);
    free(fitness);
}

void fitness_print(const struct fitness *fitness, struct text *text)
{
    for (size_t row = 0; row < ROWS; row++)
        if (*fitness->faults[row])
            text_addf(text, "%s%s", text->length ? "\n" : "", fitness->faults[row]);
}
