// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/print_queues.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"
#include "broker/pult-host/cups_queues.h"
#include "broker/pult-host/print_server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVERY_MS = 15 * 1000, AGAIN_MS = 3 * 1000, REST_MAX_MS = 10 * 1000 };

// What a thread works with: its own copy, since it may outlive everything.
struct settle_job {
    struct cups_queues_plan plan;
    char socket[300], state_dir[300];
    struct cups_queues_result result;
    bool settled;
    struct fault why;
    struct print_queues *queues; // for the loop's thread only
};

struct print_queues {
    struct loop *loop;
    struct print_queues_config config;
    loop_work *changed;
    void *arg;
    bool known;                 // the broker has said which there shall be
    struct host_message wanted; // its queues and people
    struct worker *worker;      // one at a time
    bool outdated;              // what it works at
    int64_t began_ms, next_ms;  // steady; when it began, and not before when the next one begins
    struct loop_timer *every;
    char fault[CUPS_QUEUES_FAULT_SIZE];
};

static bool backend_is_there(const char *path, char fault[CUPS_QUEUES_FAULT_SIZE])
{
    if (access(path, X_OK) == 0)
        return true;
    snprintf(fault, CUPS_QUEUES_FAULT_SIZE, "printing: cupsd's backend is missing: %.120s: %s", path, strerror(errno));
    return false;
}

// ---- settling, in a thread

static void drop_job(void *arg)
{
    struct settle_job *job = arg;
    free((void *)(uintptr_t)job->plan.queues);
    free((void *)(uintptr_t)job->plan.people);
    free(job);
}

static void settle(void *arg)
{
    struct settle_job *job = arg;
    job->settled = cups_queues_settle(&job->plan, &job->result, &job->why);
}

static void set_fault(struct print_queues *queues, const char *fault)
{
    if (text_equal(queues->fault, fault))
        return;
    text_cut(queues->fault, sizeof queues->fault, fault);
    if (*fault)
        log_warn("print", "%s", fault);
    else
        log_info("print", "printing: ok");
    queues->changed(queues->arg);
}

static void tell_result(struct print_queues *queues, const struct settle_job *job)
{
    const struct cups_queues_result *result = &job->result;
    char fault[CUPS_QUEUES_FAULT_SIZE] = "";
    if (result->added || result->changed || result->removed)
        log_info("print", "queues: %zu added, %zu changed, %zu removed", result->added, result->changed,
                 result->removed);
    bool has_backend = backend_is_there(queues->config.backend, fault); // without it cupsd takes no queue
    if (has_backend && !job->settled)
        snprintf(fault, sizeof fault, "printing: %.200s", job->why.text);
    else if (has_backend && *result->fault)
        snprintf(fault, sizeof fault, "printing: %.200s", result->fault);
    set_fault(queues, fault);
}

static void settle_soon(struct print_queues *queues)
{
    int64_t wait_ms = queues->next_ms - clock_steady_ms();
    loop_timer_start(queues->every, wait_ms > 0 ? wait_ms : 0);
}

static void settled(void *arg)
{
    struct settle_job *job = arg;
    struct print_queues *queues = job->queues;
    assert(queues->worker && queues->known);
    tell_result(queues, job);
    int64_t wait_ms = !*queues->fault && !job->result.kept ? EVERY_MS : AGAIN_MS;
    worker_free(take(queues->worker));
    // With hundreds of queues one more person keeps cupsd busy for seconds: it rests as long, and who comes meanwhile
    // comes in with the others.
    int64_t now_ms = clock_steady_ms(), rest_ms = now_ms - queues->began_ms;
    queues->next_ms = now_ms + (rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS);
    if (queues->outdated)
        settle_soon(queues);
    else
        loop_timer_start(queues->every, wait_ms);
}

static void *copy_rows(const struct record_list *list, const struct record_type *type)
{
    return list->count ? mem_copy(list->rows, list->count * type->size) : NULL;
}

static void start_settling(void *arg)
{
    struct print_queues *queues = arg;
    struct fault why = {0};
    if (queues->worker || !queues->known)
        return;
    queues->outdated = false;
    queues->began_ms = clock_steady_ms();
    struct settle_job *job = mem_new(1, sizeof *job);
    TEXT_PUT(job->socket, queues->config.socket);
    TEXT_PUT(job->state_dir, queues->config.state_dir);
    job->queues = queues;
    job->plan = (struct cups_queues_plan){.socket = job->socket,
                                          .state_dir = job->state_dir,
                                          .queues = copy_rows(&queues->wanted.queues, &host_queue_type),
                                          .queue_count = queues->wanted.queues.count,
                                          .people = copy_rows(&queues->wanted.people, &host_printing_person_type),
                                          .person_count = queues->wanted.people.count};
    queues->worker = worker_new(queues->loop, settle, settled, drop_job, job, &why);
    if (!queues->worker) {
        drop_job(job);
        loop_timer_start(queues->every, AGAIN_MS);
    }
}

// ---- what the broker says

void print_queues_set_server(struct print_queues *queues, const struct host_printing *printing)
{
    struct fault why = {0};
    struct host_printing before;
    bool was_there = print_server_read(&before, queues->config.state_dir, &why);
    if (was_there ? memcmp(&before, printing, sizeof before) == 0 : !printing->address[0])
        return;
    if (!print_server_write(printing, queues->config.state_dir, &why))
        log_error("print", "%s", why.text);
    else if (printing->address[0])
        log_info("print", "what people print goes to %s (%s)", printing->server, printing->address);
    else
        log_info("print", "there is no print server any more");
}

void print_queues_set(struct print_queues *queues, const struct host_message *message)
{
    free(queues->wanted.queues.rows);
    free(queues->wanted.people.rows);
    queues->wanted.queues = message->queues;
    queues->wanted.people = message->people;
    queues->wanted.queues.rows = copy_rows(&message->queues, &host_queue_type);
    queues->wanted.people.rows = copy_rows(&message->people, &host_printing_person_type);
    queues->known = true;
    queues->outdated = true;
    if (!queues->worker)
        settle_soon(queues);
}

void print_queues_print(const struct print_queues *queues, struct text *text)
{
    if (*queues->fault && queues->wanted.queues.count)
        text_addf(text, "%s%s", text->length ? "\n" : "", queues->fault);
}

bool print_queues_check(const struct print_queues_config *config, struct text *text)
{
    char fault[CUPS_QUEUES_FAULT_SIZE];
    struct host_printing printing;
    struct fault why = {0};
    if (!print_server_read(&printing, config->state_dir, &why))
        return true;
    bool answers = cups_queues_answers(config->socket), is_there = backend_is_there(config->backend, fault);
    if (!answers)
        text_addf(text, "printing: cupsd does not answer at %s", config->socket);
    if (!is_there)
        text_addf(text, "%s%s", text->length ? "\n" : "", fault);
    return answers && is_there;
}

struct print_queues *print_queues_new(struct loop *loop, const struct print_queues_config *config, loop_work *changed,
                                      void *arg)
{
    struct print_queues *queues = mem_new(1, sizeof *queues);
    queues->loop = loop;
    queues->config = *config;
    queues->changed = changed;
    queues->arg = arg;
    queues->every = loop_timer_new(loop, start_settling, queues);
    return queues;
}

void print_queues_free(struct print_queues *queues)
{
    if (!queues)
        return;
    worker_free(queues->worker);
    loop_timer_free(queues->every);
    free(queues->wanted.queues.rows);
    free(queues->wanted.people.rows);
    free(queues);
}
