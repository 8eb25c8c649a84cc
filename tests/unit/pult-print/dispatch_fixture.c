// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/pult-print/dispatch_fixture.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 8 };

static char folder[FOLDER_SIZE];
struct loop *dispatch_loop;
struct spool *dispatch_spool;
struct job_dispatch *dispatch_now;
static struct print_worker workers[WORKERS_MAX];
struct print_message dispatch_asked[ASKED_SIZE]; // routes
size_t dispatch_asked_count, dispatch_told_printers;
bool dispatch_is_away;
int64_t dispatch_delete_at_ms;
static struct fault why;

// ---- printers

static struct print_worker *open_worker(struct loop *of, struct spool *from, struct accounts *accounts,
                                        const struct print_target *target, const struct print_worker_events *events,
                                        void *arg)
{
    (void)of, (void)from, (void)accounts;
    struct print_worker *worker = workers;
    while (worker->is_open)
        worker++;
    cr_assert_lt(worker, workers + WORKERS_MAX);
    *worker = (struct print_worker){.target = *target, .events = events, .arg = arg, .is_open = true};
    return worker;
}

static void close_worker(struct print_worker *worker)
{
    worker->is_open = false;
}

static bool worker_is_free(const struct print_worker *worker)
{
    return !worker->job[0];
}

void dispatch_set_state(const char *id, enum spool_state state, enum job_reason reason)
{
    struct spool_job job = *spool_find(dispatch_spool, id);
    job.state = state;
    job.reason = reason;
    spool_put(dispatch_spool, &job, NULL, NULL);
}

static void send_job(struct print_worker *worker, const char *job, const unsigned char key[DOCUMENT_KEY_BYTES])
{
    cr_assert(worker_is_free(worker));
    TEXT_PUT(worker->job, job);
    worker->has_key = key[0] == 7;
    dispatch_set_state(job, SPOOL_SENDING, JOB_REASON_NONE);
}

static void recover_job(struct print_worker *worker, const char *job)
{
    cr_assert(worker_is_free(worker));
    TEXT_PUT(worker->job, job);
    worker->recovers = true;
}

static void give_key(struct print_worker *worker, const char *job, const unsigned char *key)
{
    cr_assert_str_eq(worker->job, job);
    worker->has_key = key && key[0] == 7;
    worker->goes_without_key = !key;
}

static void cancel_job(struct print_worker *worker, const char *job, enum job_reason reason)
{
    cr_assert_str_eq(worker->job, job);
    worker->cancelled = reason == JOB_BY_AN_ADMINISTRATOR;
    worker->too_old = reason == JOB_TOO_OLD;
}

static void move_worker(struct print_worker *worker, const struct printer_address *address)
{
    worker->target.address = *address;
}

static const struct print_worker_ports played_workers = {
    .open = open_worker,
    .close = close_worker,
    .move = move_worker,
    .is_free = worker_is_free,
    .send = send_job,
    .recover = recover_job,
    .give_key = give_key,
    .cancel = cancel_job,
};

struct print_worker *dispatch_worker_of(const char *printer)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (workers[i].is_open && text_equal(workers[i].target.id, printer))
            return &workers[i];
    return NULL;
}

const char *dispatch_job_at(const char *printer)
{
    const struct print_worker *worker = dispatch_worker_of(printer);
    return worker ? worker->job : "";
}

void dispatch_end_job(const char *printer, enum spool_state state, enum job_reason reason)
{
    char job[SPOOL_ID_SIZE];
    struct print_worker *worker = dispatch_worker_of(printer);
    TEXT_PUT(job, worker->job);
    dispatch_set_state(job, state, reason);
    worker->job[0] = 0;
    worker->events->ended(worker->arg, worker, job);
}

// ---- the broker

static bool send_message(void *arg, const struct print_message *message)
{
    (void)arg;
    if (dispatch_is_away)
        return false;
    if (message->type == PRINT_ROUTE)
        dispatch_asked[dispatch_asked_count++] = *message;
    dispatch_told_printers += message->type == PRINT_PRINTER;
    return true;
}

const struct print_message *dispatch_last_asked(void)
{
    cr_assert_gt(dispatch_asked_count, 0);
    return &dispatch_asked[dispatch_asked_count - 1];
}

void dispatch_answer(const struct print_message *question, enum print_outcome outcome, const char *printer,
                     enum job_reason reason)
{
    static const unsigned char key[DOCUMENT_KEY_BYTES] = {7};
    struct print_message message = {.type = PRINT_ROUTED,
                                    .request_id = question->request_id,
                                    .outcome = outcome,
                                    .reason = reason,
                                    .delete_at_ms = dispatch_delete_at_ms,
                                    .person = "neustadt/anna"};
    TEXT_PUT(message.job, question->job);
    TEXT_PUT(message.printer, printer);
    TEXT_PUT(message.uri, printer[0] ? "ipp://printer/ipp/print" : "");
    if (question->sealed[0] && outcome == PRINT_SEND)
        cr_assert(base64_encode(message.key, sizeof message.key, key, sizeof key));
    job_dispatch_routed(dispatch_now, &message);
}

void dispatch_order(enum print_order order, const char *job, const char *printer, const char *by)
{
    struct print_message message = {.type = PRINT_ORDER, .order = order};
    TEXT_PUT(message.job, job);
    TEXT_PUT(message.printer, printer);
    TEXT_PUT(message.by, by);
    job_dispatch_order(dispatch_now, &message);
}

// ---- jobs

const char *dispatch_id(int number)
{
    static char ids[4][SPOOL_ID_SIZE];
    static int at;
    at = (at + 1) % 4;
    snprintf(ids[at], sizeof ids[at], "j-%032x", (unsigned)number);
    return ids[at];
}

static void job_changed(void *arg, const struct spool_job *job)
{
    (void)arg;
    if (dispatch_now)
        job_dispatch_changed(dispatch_now, job);
    if (spool_job_is_over(job))
        loop_stop(dispatch_loop);
}

static void job_added(void *arg, const struct fault *result)
{
    *(bool *)arg = true;
    cr_assert_eq(result->kind, FAULT_NONE, "%s", result->text);
    loop_stop(dispatch_loop);
}

void dispatch_add_job(int number)
{
    char path[SPOOL_PATH_SIZE];
    bool added = false;
    struct spool_job job = {.created_ms = number, .host = "neustadt/ts1", .user_name = "anna", .sealed = "c2VhbGVk"};
    TEXT_PUT(job.id, dispatch_id(number));
    spool_document_path(dispatch_spool, job.id, path);
    struct document_writer *writer = document_create(path, job.id, &why);
    struct file_draft *draft = document_finish(writer, &why);
    document_writer_free(writer);
    spool_add(dispatch_spool, &job, draft, job_added, &added);
    while (!added)
        loop_run(dispatch_loop);
}

void dispatch_begin(void)
{
    struct job_dispatch_config config = {.workers = &played_workers,
                                         .loop = dispatch_loop,
                                         .spool = dispatch_spool,
                                         .credentials = "/nowhere",
                                         .send = send_message};
    dispatch_now = job_dispatch_new(&config);
}

void dispatch_start(void)
{
    dispatch_loop = loop_new();
    folder_make(folder, "dispatch");
    dispatch_spool = spool_open(dispatch_loop, folder, &why);
    cr_assert(dispatch_spool, "%s", why.text);
    spool_on_change(dispatch_spool, job_changed, NULL);
    dispatch_begin();
    job_dispatch_link(dispatch_now, true);
}

void dispatch_stop(void)
{
    job_dispatch_free(dispatch_now);
    spool_free(dispatch_spool);
    loop_free(dispatch_loop);
    folder_remove(folder);
}

enum spool_state dispatch_state_of(int number)
{
    const struct spool_job *job = spool_find(dispatch_spool, dispatch_id(number));
    return job ? (enum spool_state)job->state : SPOOL_DONE;
}
