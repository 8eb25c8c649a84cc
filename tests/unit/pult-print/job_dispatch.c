// SPDX-License-Identifier: EUPL-1.2
// Which job goes where, and when: between a broker and printers that are played here.
#include "broker/pult-print/job_dispatch.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "tests/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS_MAX = 8, ASKED_SIZE = 4096 };

struct print_worker {
    struct print_target target;
    const struct print_worker_events *events;
    void *arg;
    char job[SPOOL_ID_SIZE];
    bool is_open, recovers, has_key, cancelled;
};

static char folder[FOLDER_SIZE];
static struct loop *loop;
static struct spool *spool;
static struct job_dispatch *dispatch;
static struct print_worker workers[WORKERS_MAX];
static struct print_message asked[ASKED_SIZE]; // routes
static size_t asked_count, told_printers;
static bool is_away;
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

static void set_state(const char *id, enum spool_state state, enum job_reason reason)
{
    struct spool_job job = *spool_find(spool, id);
    job.state = state;
    job.reason = reason;
    spool_put(spool, &job, NULL, NULL);
}

static void send_job(struct print_worker *worker, const char *job, const unsigned char key[DOCUMENT_KEY_BYTES])
{
    cr_assert(worker_is_free(worker));
    TEXT_PUT(worker->job, job);
    worker->has_key = key[0] == 7;
    set_state(job, SPOOL_SENDING, JOB_REASON_NONE);
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
}

static void cancel_job(struct print_worker *worker, const char *job, enum job_reason reason)
{
    cr_assert_str_eq(worker->job, job);
    worker->cancelled = reason == JOB_BY_AN_ADMINISTRATOR;
}

// It is answered when the test does so.
static printer_probe_done *probed;
static void *probed_arg;
static struct printer_facts probed_facts;
static struct fault probed_why;

static struct printer_probe *begin_probe(struct loop *of, const struct printer_address *address,
                                         printer_probe_done *answered, void *arg)
{
    (void)of;
    cr_assert_str_eq(address->uri, "ipp://printer/ipp/print");
    cr_assert_null(probed, "it is looked at twice at a time");
    probed = answered;
    probed_arg = arg;
    loop_stop(loop);
    return (struct printer_probe *)&probed;
}

static void end_probe(struct printer_probe *probe)
{
    cr_assert_eq(probe, (struct printer_probe *)&probed);
    probed = NULL;
    memset(&probed_facts, 0x5a, sizeof probed_facts); // what it told is gone with it
    memset(&probed_why, 0x5a, sizeof probed_why);
}

static const struct print_worker_ports played_workers = {
    .open = open_worker,
    .close = close_worker,
    .is_free = worker_is_free,
    .send = send_job,
    .recover = recover_job,
    .give_key = give_key,
    .cancel = cancel_job,
    .probe = begin_probe,
    .end_probe = end_probe,
};

static struct print_worker *worker_of(const char *printer)
{
    for (size_t i = 0; i < WORKERS_MAX; i++)
        if (workers[i].is_open && text_equal(workers[i].target.id, printer))
            return &workers[i];
    return NULL;
}

static const char *job_at(const char *printer)
{
    const struct print_worker *worker = worker_of(printer);
    return worker ? worker->job : "";
}

static void end_job(const char *printer, enum spool_state state, enum job_reason reason)
{
    char job[SPOOL_ID_SIZE];
    struct print_worker *worker = worker_of(printer);
    TEXT_PUT(job, worker->job);
    set_state(job, state, reason);
    worker->job[0] = 0;
    worker->events->ended(worker->arg, worker, job);
}

// ---- the broker

static bool send_message(void *arg, const struct print_message *message)
{
    (void)arg;
    if (is_away)
        return false;
    if (message->type == PRINT_ROUTE)
        asked[asked_count++] = *message;
    told_printers += message->type == PRINT_PRINTER;
    return true;
}

static const struct print_message *last_asked(void)
{
    cr_assert_gt(asked_count, 0);
    return &asked[asked_count - 1];
}

static void answer(const struct print_message *question, enum print_outcome outcome, const char *printer,
                   enum job_reason reason)
{
    static const unsigned char key[DOCUMENT_KEY_BYTES] = {7};
    struct print_message message = {.type = PRINT_ROUTED,
                                    .request_id = question->request_id,
                                    .outcome = outcome,
                                    .reason = reason,
                                    .person = "neustadt/anna"};
    TEXT_PUT(message.job, question->job);
    TEXT_PUT(message.printer, printer);
    TEXT_PUT(message.uri, printer[0] ? "ipp://printer/ipp/print" : "");
    if (question->sealed[0] && outcome == PRINT_SEND)
        cr_assert(base64_encode(message.key, sizeof message.key, key, sizeof key));
    job_dispatch_routed(dispatch, &message);
}

static void give_order(enum print_order order, const char *job, const char *printer, const char *by)
{
    struct print_message message = {.type = PRINT_ORDER, .order = order};
    TEXT_PUT(message.job, job);
    TEXT_PUT(message.printer, printer);
    TEXT_PUT(message.by, by);
    job_dispatch_order(dispatch, &message);
}

// ---- jobs

static const char *id_of(int number)
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
    if (dispatch)
        job_dispatch_changed(dispatch, job);
    if (spool_job_is_over(job))
        loop_stop(loop);
}

static void job_added(void *arg, const struct fault *result)
{
    (void)arg;
    cr_assert_eq(result->kind, FAULT_NONE, "%s", result->text);
    loop_stop(loop);
}

static void add_job(int number)
{
    char path[SPOOL_PATH_SIZE];
    struct spool_job job = {.created_ms = number, .host = "neustadt/ts1", .user_name = "anna", .sealed = "c2VhbGVk"};
    TEXT_PUT(job.id, id_of(number));
    spool_document_path(spool, job.id, path);
    struct document_writer *writer = document_create(path, job.id, &why);
    struct file_draft *draft = document_finish(writer, &why);
    document_writer_free(writer);
    spool_add(spool, &job, draft, job_added, NULL);
    loop_run(loop);
}

static void begin(void)
{
    struct job_dispatch_config config = {
        .workers = &played_workers, .loop = loop, .spool = spool, .credentials = "/nowhere", .send = send_message};
    dispatch = job_dispatch_new(&config);
}

static void start(void)
{
    loop = loop_new();
    folder_make(folder, "dispatch");
    spool = spool_open(loop, folder, &why);
    cr_assert(spool, "%s", why.text);
    spool_on_change(spool, job_changed, NULL);
    begin();
    job_dispatch_link(dispatch, true);
}

static void stop(void)
{
    job_dispatch_free(dispatch);
    spool_free(spool);
    loop_free(loop);
    folder_remove(folder);
}

TestSuite(job_dispatch, .init = start, .fini = stop, .timeout = 60);

static enum spool_state state_of(int number)
{
    const struct spool_job *job = spool_find(spool, id_of(number));
    return job ? (enum spool_state)job->state : SPOOL_DONE;
}

#define ROOM1 "neustadt/room1"
#define ROOM2 "neustadt/room2"

Test(job_dispatch, a_job_is_asked_about_with_its_key_and_sent_at_once)
{
    add_job(1);
    cr_assert_eq(asked_count, 1);
    cr_assert_str_eq(last_asked()->job, id_of(1));
    cr_assert_str_eq(last_asked()->host, "neustadt/ts1");
    cr_assert_str_eq(last_asked()->user_name, "anna");
    cr_assert_str_eq(last_asked()->sealed, "c2VhbGVk");
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
    cr_assert(worker_of(ROOM1)->has_key);
    cr_assert_str_eq(spool_find(spool, id_of(1))->person, "neustadt/anna");
    cr_assert_eq(asked_count, 1);
}

Test(job_dispatch, one_that_waits_for_its_printer_is_asked_about_again_when_its_turn_has_come)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    add_job(2);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    add_job(3);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
    cr_assert_eq(asked_count, 3);
    end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
    cr_assert_eq(asked_count, 4, "its person may be elsewhere by now");
    cr_assert_str_eq(last_asked()->job, id_of(2));
    cr_assert_str_eq(last_asked()->sealed, "c2VhbGVk");
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE); // she is
    cr_assert_str_eq(job_at(ROOM2), id_of(2));
    cr_assert_str_eq(last_asked()->job, id_of(3), "the turn at the first printer goes to the next");
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(3));
}

Test(job_dispatch, a_printer_that_is_stuck_holds_up_no_other)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    for (int i = 2; i < 6; i++) {
        add_job(i);
        answer(last_asked(), PRINT_SEND, i % 2 ? ROOM2 : ROOM1, JOB_REASON_NONE);
    }
    cr_assert_str_eq(job_at(ROOM2), id_of(3));
    end_job(ROOM2, SPOOL_DONE, JOB_REASON_NONE);
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM2), id_of(5));
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
}

Test(job_dispatch, not_everything_is_asked_at_once_and_nothing_is_forgotten)
{
    size_t answered = 0;
    is_away = true;
    job_dispatch_link(dispatch, false);
    for (int i = 1; i <= 200; i++)
        add_job(i);
    cr_assert_eq(asked_count, 0);
    is_away = false;
    job_dispatch_link(dispatch, true);
    cr_assert(asked_count > 10 && asked_count < 100, "%zu", asked_count);
    size_t with_keys = 0;
    while (answered < asked_count) {
        with_keys += asked[answered].sealed[0] != 0;
        answer(&asked[answered++], PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    }
    cr_assert_eq(answered, 200);
    cr_assert_lt(with_keys, 10, "keys are opened for jobs that are not sent");
    for (int i = 1; i <= 200; i++)
        cr_assert_eq(state_of(i), SPOOL_HELD);
}

Test(job_dispatch, a_question_that_was_lost_with_the_link_is_asked_again)
{
    add_job(1);
    struct print_message lost = *last_asked();
    is_away = true;
    job_dispatch_link(dispatch, false);
    is_away = false;
    job_dispatch_link(dispatch, true);
    cr_assert_eq(asked_count, 2);
    answer(&lost, PRINT_HOLD, "", JOB_NO_GRANT); // of before
    cr_assert_eq(state_of(1), SPOOL_WAITING);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
    answer(&asked[1], PRINT_SEND, ROOM2, JOB_REASON_NONE); // again
    cr_assert_null(worker_of(ROOM2));
}

Test(job_dispatch, who_is_told_to_wait_is_asked_about_again_when_there_is_news)
{
    struct print_message printers = {.type = PRINT_PRINTERS};
    add_job(1);
    answer(last_asked(), PRINT_WAIT, ROOM2, JOB_PRINTER_AWAY);
    cr_assert_eq(spool_find(spool, id_of(1))->reason, JOB_PRINTER_AWAY);
    cr_assert_str_eq(spool_find(spool, id_of(1))->printer, ROOM2);
    cr_assert_eq(asked_count, 1);
    job_dispatch_printers(dispatch, &printers);
    cr_assert_eq(asked_count, 2);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
}

Test(job_dispatch, a_job_that_a_printer_could_not_print_goes_elsewhere)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    end_job(ROOM1, SPOOL_WAITING, JOB_PRINTER_STOPPED);
    cr_assert_eq(asked_count, 2);
    cr_assert_str_eq(last_asked()->avoid, ROOM1);
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_AT_SUBSTITUTE);
    cr_assert_str_eq(job_at(ROOM2), id_of(1));
}

Test(job_dispatch, jobs_leave_a_printer_that_is_drained)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    add_job(2);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_printer drained = {.printer = ROOM1, .uri = "ipp://printer/ipp/print", .draining = true};
    struct print_message printers = {.type = PRINT_PRINTERS, .printers = {&drained, 1, 1}};
    job_dispatch_printers(dispatch, &printers);
    cr_assert_str_eq(last_asked()->job, id_of(2));
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
}

Test(job_dispatch, a_held_job_is_released_to_where_it_is_wanted)
{
    add_job(1);
    answer(last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    cr_assert_eq(state_of(1), SPOOL_HELD);
    give_order(PRINT_MOVE, id_of(1), ROOM1, "person neustadt/anna");
    cr_assert_eq(state_of(1), SPOOL_HELD, "moved is not released");
    cr_assert_eq(asked_count, 1);
    give_order(PRINT_RELEASE, id_of(1), ROOM2, "person neustadt/anna");
    cr_assert_eq(asked_count, 2);
    cr_assert_str_eq(last_asked()->target, ROOM2);
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM2), id_of(1));
}

Test(job_dispatch, what_is_uncertain_is_printed_again_only_when_it_is_released)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    end_job(ROOM1, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
    struct print_message printers = {.type = PRINT_PRINTERS};
    job_dispatch_printers(dispatch, &printers);
    cr_assert_eq(asked_count, 1);
    give_order(PRINT_RELEASE, id_of(1), "", "admin neustadt/anna");
    cr_assert_eq(asked_count, 2);
}

Test(job_dispatch, cancelled_jobs_are_gone_wherever_they_are)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    add_job(2);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // waits there
    add_job(3);
    answer(last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    add_job(4); // asked about
    for (int i = 1; i <= 4; i++)
        give_order(PRINT_CANCEL, id_of(i), "", "admin neustadt/otto");
    cr_assert(worker_of(ROOM1)->cancelled);
    for (int i = 2; i <= 4; i++)
        cr_assert_eq(state_of(i), SPOOL_CANCELLED);
    cr_assert_eq(spool_find(spool, id_of(3))->reason, JOB_BY_AN_ADMINISTRATOR);
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE);
    cr_assert_null(worker_of(ROOM2));
    end_job(ROOM1, SPOOL_CANCELLED, JOB_BY_AN_ADMINISTRATOR);
    cr_assert_eq(asked_count, 4, "there is nobody left for the printer");
}

static void hold_until(int number, int64_t delete_at_ms)
{
    struct spool_job job = *spool_find(spool, id_of(number));
    answer(last_asked(), PRINT_HOLD, "", JOB_NOT_AT_A_DESK);
    job.state = SPOOL_HELD;
    job.delete_at_ms = delete_at_ms;
    spool_put(spool, &job, NULL, NULL);
}

// The hour here may be wrong, or be set while they wait.
Test(job_dispatch, a_job_grows_too_old_by_the_brokers_clock_alone)
{
    const int64_t broker_ms = 1000 * 1000;
    add_job(1);
    hold_until(1, broker_ms + 3600 * 1000);
    add_job(2);
    hold_until(2, broker_ms);
    job_dispatch_clock(dispatch, broker_ms);
    while (state_of(2) == SPOOL_HELD)
        loop_run(loop);
    cr_assert_eq(state_of(1), SPOOL_HELD);
    job_dispatch_clock(dispatch, broker_ms + 3600 * 1000);
    while (state_of(1) == SPOOL_HELD)
        loop_run(loop);
}

Test(job_dispatch, refused_is_over)
{
    add_job(1);
    answer(last_asked(), PRINT_REFUSE, "", JOB_MAY_NOT_PRINT);
    cr_assert_eq(state_of(1), SPOOL_CANCELLED);
    cr_assert_eq(spool_find(spool, id_of(1))->reason, JOB_MAY_NOT_PRINT);
}

Test(job_dispatch, after_a_restart_a_printer_that_may_have_a_job_is_asked_first)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct spool_job job = *spool_find(spool, id_of(1));
    TEXT_PUT(job.printer, ROOM1);
    TEXT_PUT(job.printer_uri, "ipp://printer/ipp/print");
    spool_put(spool, &job, NULL, NULL);
    add_job(2);
    job_dispatch_free(take(dispatch));
    asked_count = 0;
    begin();
    cr_assert(worker_of(ROOM1)->recovers);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
    job_dispatch_link(dispatch, true);
    cr_assert_eq(asked_count, 1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE); // the second has to wait
    struct print_worker *worker = worker_of(ROOM1);
    worker->events->wants_key(worker->arg, worker, id_of(1));
    cr_assert_str_eq(last_asked()->job, id_of(1));
    answer(last_asked(), PRINT_SEND, ROOM2, JOB_REASON_NONE); // wherever she is now
    cr_assert(worker->has_key);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
    end_job(ROOM1, SPOOL_DONE, JOB_REASON_NONE);
    cr_assert_str_eq(last_asked()->job, id_of(2));
}

Test(job_dispatch, the_broker_hears_how_printers_are)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    struct print_worker *worker = worker_of(ROOM1);
    worker->events->state(worker->arg, worker, PRINTER_STOPPED, "media-empty");
    cr_assert_eq(told_printers, 1);
    job_dispatch_link(dispatch, false);
    job_dispatch_link(dispatch, true);
    cr_assert_eq(told_printers, 2);
}

Test(job_dispatch, a_printer_in_trouble_is_looked_at_until_it_prints_again)
{
    add_job(1);
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    end_job(ROOM1, SPOOL_WAITING, JOB_PRINTER_AWAY);
    cr_assert_eq(told_printers, 1);
    answer(last_asked(), PRINT_WAIT, ROOM1, JOB_PRINTER_AWAY);
    size_t before = asked_count;
    loop_run(loop); // until it is looked at
    probed_why = (struct fault){.kind = FAULT_UNAVAILABLE, .text = "away"};
    probed(probed_arg, NULL, "", &probed_why);
    cr_assert_eq(asked_count, before);
    loop_run(loop);
    memset(&probed_facts, 0, sizeof probed_facts);
    memset(&probed_why, 0, sizeof probed_why);
    probed_facts.state = PRINTER_IDLE;
    probed(probed_arg, &probed_facts, "", &probed_why);
    cr_assert_eq(told_printers, 2);
    cr_assert_eq(asked_count, before + 1, "it is idle again, and nobody asks");
    answer(last_asked(), PRINT_SEND, ROOM1, JOB_REASON_NONE);
    cr_assert_str_eq(job_at(ROOM1), id_of(1));
}
