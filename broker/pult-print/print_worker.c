// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_worker.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/print_sending.h"
#include "broker/pult-print/print_settlement.h"
#include "broker/pult-print/printer_visit.h"
#include "broker/pult-print/printer_watch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOOK_FIRST_MS = 50, // after it was sent; then twice as long each time
    LOOK_LAST_MS = 5000,
    AWAY_FIRST_MS = 1000,
    AWAY_LAST_MS = 60 * 1000,
    FULL_DISK_MS = 2000,
    AGE_SLACK_S = 2,
    CANCEL_MS = 10 * 1000,
    CANCEL_STEP_MS = 2000,
};

struct print_worker {
    struct loop *loop;
    struct spool *spool;
    struct accounts *accounts;
    struct print_target target;
    const struct print_worker_events *events;
    void *arg;
    struct printer_watch *watch;

    char job[SPOOL_ID_SIZE]; // empty: free
    unsigned char key[DOCUMENT_KEY_BYTES];
    bool has_key;
    bool recovered;
    bool damaged;      // the document cannot be read to its end
    bool cancel_asked; // of the printer
    bool stopped;      // its visit, by us
    int64_t cancel_ms; // since when it is to be cancelled; steady, 0: since before a crash
    struct printer_facts facts;
    bool has_facts;
    struct print_options options;
    struct printer_job seen; // the last that the printer said of it
    int64_t wait_ms;

    struct print_sending *sending;
    struct print_settlement *settlement;
    struct ipp_line *line; // NULL while a visit has it, or there is none
    struct printer_visit *visit;
    struct loop_timer *timer;
    void (*next)(struct print_worker *); // when the timer runs out; NULL: it does not run
};

// ---- its record

static const struct spool_job *record_of(const struct print_worker *worker)
{
    const struct spool_job *job = spool_find(worker->spool, worker->job);
    assert(job);
    return job;
}

static void set_reason(struct print_worker *worker, enum job_reason reason)
{
    struct spool_job job = *record_of(worker);
    if (job.reason == reason)
        return;
    job.reason = reason;
    spool_put(worker->spool, &job, NULL, NULL);
}

static bool is_cancelling(const struct print_worker *worker)
{
    return record_of(worker)->cancelling != JOB_REASON_NONE;
}

// ---- waiting, and talking to the printer

static void timer_is_out(void *arg)
{
    struct print_worker *worker = arg;
    take(worker->next)(worker);
}

static void wait_for(struct print_worker *worker, int64_t wait_ms, void (*next)(struct print_worker *))
{
    worker->next = next;
    loop_timer_start(worker->timer, wait_ms);
}

static void wait_longer(struct print_worker *worker, int64_t first_ms, int64_t last_ms,
                        void (*next)(struct print_worker *))
{
    int64_t wait_ms = worker->wait_ms < first_ms ? first_ms : worker->wait_ms;
    worker->wait_ms = 2 * wait_ms < last_ms ? 2 * wait_ms : last_ms;
    wait_for(worker, wait_ms, next);
}

static struct visit *new_visit(struct print_worker *worker, enum visit_kind kind)
{
    struct visit *visit = visit_new(kind);
    visit_take_line(visit, &worker->line, &worker->target.address);
    spool_job_name(visit->order.name, worker->job);
    visit->number = record_of(worker)->printer_job;
    return visit;
}

static void start_visit(struct print_worker *worker, struct visit *visit, printer_visit_done *done)
{
    assert(!worker->visit);
    worker->stopped = false;
    worker->visit = printer_visit_start(worker->loop, visit, done, worker);
}

// What it learned is copied.
static void end_visit(struct print_worker *worker, struct visit *visit)
{
    visit_return_line(visit, &worker->line);
    if (visit->has_facts)
        worker->facts = visit->facts;
    worker->has_facts = worker->has_facts || visit->has_facts;
    printer_visit_free(take(worker->visit));
}

// ---- the end of a job here

static void forget_job(struct print_worker *worker)
{
    worker->job[0] = 0;
    explicit_bzero(worker->key, sizeof worker->key);
    worker->has_facts = worker->has_key = worker->recovered = worker->damaged = worker->cancel_asked = false;
    worker->wait_ms = worker->cancel_ms = 0;
    ipp_line_free(take(worker->line));
}

static void save_end(struct print_worker *worker, enum spool_state state, enum job_reason reason, int64_t rest_ms);

static void end_job(struct print_worker *worker)
{
    char job[SPOOL_ID_SIZE];
    const struct spool_job *record = spool_find(worker->spool, worker->job);
    if (record && record->cancelling) { // since it was put back
        save_end(worker, SPOOL_CANCELLED, (enum job_reason)record->cancelling, 0);
        return;
    }
    TEXT_PUT(job, worker->job);
    forget_job(worker);
    printer_watch_trouble(worker->watch);
    worker->events->ended(worker->arg, worker, job);
}

// The spool tries it again. Until then nothing can be printed here, for nothing could be written down before.
static void await_spool(struct print_worker *worker)
{
    if (!spool_is_written(worker->spool, worker->job)) {
        wait_for(worker, FULL_DISK_MS, await_spool);
        return;
    }
    accounts_release(worker->accounts, worker->job);
    end_job(worker);
}

static void end_is_saved(void *arg, const struct fault *why)
{
    struct print_worker *worker = arg;
    if (why->kind != FAULT_NONE) {
        await_spool(worker);
        return;
    }
    accounts_release(worker->accounts, worker->job);
    if (worker->wait_ms > 0)
        wait_for(worker, worker->wait_ms, end_job);
    else
        end_job(worker);
}

// `rest_ms`: the worker takes nothing before that.
static void save_end(struct print_worker *worker, enum spool_state state, enum job_reason reason, int64_t rest_ms)
{
    struct spool_job job = *record_of(worker);
    job.state = state;
    job.reason = reason;
    job.doubtful = job.doubtful && state == SPOOL_UNCERTAIN;
    job.cancelling = JOB_REASON_NONE;
    worker->wait_ms = rest_ms;
    printer_watch_stop(worker->watch);
    log_debug("print", "%s is %s (%s)", job.id, spool_state_words[state], job_reason_words[reason]);
    spool_put(worker->spool, &job, end_is_saved, worker);
}

// It cannot go on: what is said about it depends on whether somebody wants it no more.
static void give_up(struct print_worker *worker, enum spool_state state, enum job_reason reason, int64_t rest_ms)
{
    if (is_cancelling(worker))
        save_end(worker, SPOOL_CANCELLED, (enum job_reason)record_of(worker)->cancelling, 0);
    else if (worker->damaged && state == SPOOL_WAITING)
        save_end(worker, SPOOL_HELD, JOB_DAMAGED, 0);
    else
        save_end(worker, state, reason, rest_ms);
}

// Nobody waits long for a printer that is gone, only to have a job cancelled there.
static void be_away(struct print_worker *worker, const struct fault *why, void (*next)(struct print_worker *))
{
    if (worker->stopped) { // which says nothing of the printer
        next(worker);
        return;
    }
    printer_watch_note(worker->watch, PRINTER_UNREACHABLE, why->text);
    if (is_cancelling(worker) && clock_steady_ms() - worker->cancel_ms >= CANCEL_MS) {
        log_warn("print", "%s is cancelled without its printer, which may have it still", worker->job);
        give_up(worker, SPOOL_CANCELLED, JOB_REASON_NONE, 0);
        return;
    }
    set_reason(worker, JOB_PRINTER_AWAY);
    wait_longer(worker, AWAY_FIRST_MS, is_cancelling(worker) ? CANCEL_STEP_MS : AWAY_LAST_MS, next);
}

// ---- what was printed

static void job_is_settled(void *arg, const struct print_account *entry)
{
    struct print_worker *worker = arg;
    struct spool_job job = *record_of(worker);
    enum spool_state outcome = (enum spool_state)entry->outcome;
    enum job_reason reason = (enum job_reason)entry->reason;
    job.pages = entry->impressions;
    print_settlement_free(take(worker->settlement)); // and the entry may be its
    spool_note(worker->spool, &job);                 // with what is written next
    save_end(worker, outcome, reason, 0);
}

static void settlement_wants_key(void *arg)
{
    struct print_worker *worker = arg;
    worker->events->wants_key(worker->arg, worker, worker->job);
}

static void settle_job(struct print_worker *worker)
{
    static const struct print_settlement_events events = {.wants_key = settlement_wants_key, .done = job_is_settled};
    struct settlement_order order = {.loop = worker->loop,
                                     .spool = worker->spool,
                                     .accounts = worker->accounts,
                                     .job = worker->job,
                                     .key = worker->has_key ? worker->key : NULL,
                                     .seen = &worker->seen,
                                     .options = &worker->options,
                                     .recovered = worker->recovered};
    worker->settlement = print_settlement_new(&order, &events, worker);
    print_settlement_begin(worker->settlement);
}

void print_worker_give_key(struct print_worker *worker, const char *job, const unsigned char *key)
{
    bool is_wanted = worker->settlement && print_settlement_wants_key(worker->settlement);
    if (is_wanted && text_equal(worker->job, job))
        print_settlement_give_key(worker->settlement, key);
}

// ---- until it came out

static void look(struct print_worker *worker);

static void cancel_is_asked(void *arg, struct visit *visit)
{
    struct print_worker *worker = arg;
    struct fault why = visit->why;
    end_visit(worker, visit);
    worker->cancel_asked = why.kind == FAULT_NONE;
    if (worker->cancel_asked)
        look(worker);
    else
        be_away(worker, &why, look);
}

static void judge_job(struct print_worker *worker)
{
    switch (worker->seen.state) {
    case PRINTER_JOB_INCOMPLETE:
    case PRINTER_JOB_ACTIVE:
        printer_watch_note(worker->watch, PRINTER_PRINTING, "");
        set_reason(worker, record_of(worker)->at_substitute ? JOB_AT_SUBSTITUTE : JOB_REASON_NONE);
        wait_longer(worker, LOOK_FIRST_MS, LOOK_LAST_MS, look);
        break;
    case PRINTER_JOB_STOPPED:
        printer_watch_note(worker->watch, PRINTER_STOPPED,
                           worker->has_facts ? worker->facts.detail : worker->seen.reasons);
        set_reason(worker, JOB_PRINTER_STOPPED);
        wait_longer(worker, LOOK_FIRST_MS, LOOK_LAST_MS, look);
        break;
    case PRINTER_JOB_COMPLETED:
    case PRINTER_JOB_CANCELLED:
    case PRINTER_JOB_ABORTED:
        printer_watch_note(worker->watch, PRINTER_IDLE, "");
        settle_job(worker);
        break;
    }
}

static void job_is_seen(void *arg, struct visit *visit)
{
    struct print_worker *worker = arg;
    struct fault why = visit->why;
    bool came_back = printer_watch_state(worker->watch) == PRINTER_UNREACHABLE;
    worker->seen = visit->job;
    end_visit(worker, visit);
    if (worker->has_facts && why.kind == FAULT_NONE)
        print_options_fit(&worker->options, record_of(worker)->options, &worker->facts.abilities, NULL);
    if (came_back && why.kind == FAULT_NONE)
        worker->wait_ms = 0;
    if (why.kind == FAULT_NONE)
        judge_job(worker);
    else if (why.kind == FAULT_ABSENT)
        // It has lost its memory: nobody knows what came out.
        give_up(worker, SPOOL_UNCERTAIN, JOB_HALF_PRINTED, 0);
    else
        be_away(worker, &why, look);
}

static void look(struct print_worker *worker)
{
    if (is_cancelling(worker) && !worker->cancel_asked) {
        start_visit(worker, new_visit(worker, VISIT_CANCEL), cancel_is_asked);
        return;
    }
    struct visit *visit = new_visit(worker, VISIT_LOOK);
    // What it can, once; how it is, as long as it is stopped.
    visit->wants_facts = !worker->has_facts || printer_watch_state(worker->watch) == PRINTER_STOPPED;
    start_visit(worker, visit, job_is_seen);
}

static void be_sent(struct print_worker *worker, int64_t number, bool doubtful)
{
    struct spool_job job = *record_of(worker);
    job.state = SPOOL_SENT;
    job.printer_job = number;
    job.doubtful = doubtful;
    spool_put(worker->spool, &job, NULL, NULL);
    worker->wait_ms = 0;
    look(worker);
}

// ---- what became of one that was being sent

static void search(struct print_worker *worker);

static void half_is_cancelled(void *arg, struct visit *visit)
{
    struct print_worker *worker = arg;
    struct fault why = visit->why;
    end_visit(worker, visit);
    if (why.kind == FAULT_NONE)
        give_up(worker, SPOOL_WAITING, JOB_REASON_NONE, 0);
    else
        be_away(worker, &why, search);
}

static void cancel_half(struct print_worker *worker, int64_t number)
{
    struct visit *visit = new_visit(worker, VISIT_CANCEL);
    visit->number = number;
    start_visit(worker, visit, half_is_cancelled);
}

static void search_is_over(void *arg, struct visit *visit)
{
    struct print_worker *worker = arg;
    struct fault why = visit->why;
    enum printer_search found = visit->found;
    struct printer_job job = visit->job;
    end_visit(worker, visit);
    if (why.kind != FAULT_NONE)
        be_away(worker, &why, search);
    else if (found == PRINTER_CANNOT_TELL)
        give_up(worker, SPOOL_UNCERTAIN, worker->recovered ? JOB_SERVER_RESTARTED : JOB_HALF_PRINTED, 0);
    else if (found == PRINTER_NEVER_CAME)
        give_up(worker, SPOOL_WAITING, JOB_REASON_NONE, 0);
    else if (job.state == PRINTER_JOB_INCOMPLETE)
        cancel_half(worker, job.number);
    else
        be_sent(worker, job.number, true);
}

static void search(struct print_worker *worker)
{
    struct visit *visit = new_visit(worker, VISIT_SEARCH);
    int64_t age_ms = clock_wall_ms() - record_of(worker)->sending_ms;
    visit->age_s = (age_ms > 0 ? age_ms / 1000 : 0) + AGE_SLACK_S;
    start_visit(worker, visit, search_is_over);
}

// ---- sending

static void be_refused(struct print_worker *worker, const struct fault *why)
{
    const struct sending_refusal *row = sending_refusal(why->kind);
    log_info("print", "%s does not take %s: %s", worker->target.id, worker->job, why->text);
    printer_watch_note(worker->watch, row->printer, why->text);
    give_up(worker, row->state, row->reason, row->rest_ms);
}

static void sending_is_over(void *arg, struct sending_result *result)
{
    struct print_worker *worker = arg;
    struct sending_result over = *result;
    worker->line = take(result->line);
    worker->facts = *result->facts;
    worker->has_facts = true;
    worker->options = *result->options;
    worker->damaged = over.unreadable;
    print_sending_free(take(worker->sending));
    switch (over.end) {
    case SENDING_TAKEN:
        be_sent(worker, over.number, false);
        break;
    case SENDING_REFUSED:
        be_refused(worker, &over.why);
        break;
    case SENDING_IMPOSSIBLE:
        give_up(worker, SPOOL_HELD, JOB_NOT_SUPPORTED, 0);
        break;
    case SENDING_STOPPED:
    case SENDING_UNREADABLE:
        give_up(worker, SPOOL_WAITING, JOB_REASON_NONE, 0);
        break;
    case SENDING_HALF:
        cancel_half(worker, over.number);
        break;
    case SENDING_LOST:
        search(worker);
        break;
    }
}

static void sending_is_saved(void *arg, const struct fault *why)
{
    struct print_worker *worker = arg;
    if (why->kind == FAULT_NONE) {
        print_sending_go(worker->sending);
        return;
    }
    print_sending_free(take(worker->sending));
    give_up(worker, SPOOL_WAITING, JOB_REASON_NONE, FULL_DISK_MS);
}

void print_worker_send(struct print_worker *worker, const char *id, const unsigned char key[DOCUMENT_KEY_BYTES])
{
    assert(print_worker_is_free(worker));
    printer_watch_stop(worker->watch);
    TEXT_PUT(worker->job, id);
    memcpy(worker->key, key, sizeof worker->key);
    worker->has_key = true;
    struct spool_job job = *record_of(worker);
    assert(job.state == SPOOL_WAITING);
    job.state = SPOOL_SENDING;
    job.sending_ms = clock_wall_ms();
    job.attempts++;
    job.printer_job = 0;
    TEXT_PUT(job.printer, worker->target.id);
    TEXT_PUT(job.printer_uri, worker->target.address.uri);
    TEXT_PUT(job.fingerprint, worker->target.address.fingerprint);
    struct sending_order order = {.loop = worker->loop,
                                  .spool = worker->spool,
                                  .job = id,
                                  .key = worker->key,
                                  .printer = worker->target.id,
                                  .address = &worker->target.address,
                                  .watch = worker->watch};
    worker->sending = print_sending_start(&order, sending_is_over, worker);
    spool_put(worker->spool, &job, sending_is_saved, worker);
}

void print_worker_recover(struct print_worker *worker, const char *id)
{
    assert(print_worker_is_free(worker));
    printer_watch_stop(worker->watch);
    TEXT_PUT(worker->job, id);
    worker->recovered = true;
    const struct spool_job *job = record_of(worker);
    const struct print_account *entry = accounts_hold(worker->accounts, id, job->attempts);
    assert(job->state == SPOOL_SENDING || job->state == SPOOL_SENT);
    if (entry)
        job_is_settled(worker, entry);
    else if (job->state == SPOOL_SENDING)
        search(worker);
    else
        look(worker);
}

void print_worker_cancel(struct print_worker *worker, const char *id, enum job_reason reason)
{
    if (!text_equal(worker->job, id) || is_cancelling(worker))
        return;
    struct spool_job job = *record_of(worker);
    job.cancelling = reason;
    worker->cancel_ms = clock_steady_ms();
    worker->wait_ms = 0;
    spool_put(worker->spool, &job, NULL, NULL);
    if (worker->sending)
        print_sending_stop(worker->sending);
    else if (worker->visit && job.state == SPOOL_SENDING) {
        worker->stopped = true;
        printer_visit_stop(worker->visit);
    } else if (!worker->visit && (worker->next == look || worker->next == search))
        wait_for(worker, 0, worker->next);
}

// ----

static void printer_is_told(void *arg, enum printer_state state, const char *detail)
{
    struct print_worker *worker = arg;
    worker->events->state(worker->arg, worker, state, detail);
}

struct print_worker *print_worker_new(struct loop *loop, struct spool *spool, struct accounts *accounts,
                                      const struct print_target *target, const struct print_worker_events *events,
                                      void *arg)
{
    struct print_worker *worker = mem_new(1, sizeof *worker);
    *worker = (struct print_worker){
        .loop = loop, .spool = spool, .accounts = accounts, .target = *target, .events = events, .arg = arg};
    worker->timer = loop_timer_new(loop, timer_is_out, worker);
    worker->watch = printer_watch_new(loop, &worker->target.address, printer_is_told, worker);
    return worker;
}

void print_worker_free(struct print_worker *worker)
{
    if (!worker)
        return;
    print_sending_free(worker->sending);
    print_settlement_free(worker->settlement);
    printer_visit_free(take(worker->visit));
    printer_watch_free(worker->watch);
    forget_job(worker);
    loop_timer_free(worker->timer);
    free(worker);
}

void print_worker_move(struct print_worker *worker, const struct printer_address *address)
{
    worker->target.address = *address; // lines to where it was are not used any more
}

bool print_worker_is_free(const struct print_worker *worker)
{
    return !*worker->job;
}
