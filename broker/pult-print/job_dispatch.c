// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/job_dispatch.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/print_worker.h"
#include "broker/pult-print/printer_credentials.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

enum {
    ASKED_MAX = 64, // questions at a time
    REST_MS = 60 * 1000,
    LATER_MS = 15 * 1000,
    TICK_MS = 1000,
    LOOK_MIN_MS = 5 * 1000, // at a printer in trouble; longer each time
    LOOK_MAX_MS = 30 * 1000,
};

const struct print_worker_ports print_workers = {
    .open = print_worker_new,
    .close = print_worker_free,
    .is_free = print_worker_is_free,
    .send = print_worker_send,
    .recover = print_worker_recover,
    .give_key = print_worker_give_key,
    .cancel = print_worker_cancel,
    .probe = printer_probe_new,
    .end_probe = printer_probe_free,
};

struct printer_station;

enum errand_place {
    ERRAND_NEW,    // the broker is to be asked
    ERRAND_ASKED,  // and was
    ERRAND_PARKED, // its printer has another job
    ERRAND_RESTS,  // until `at_ms`, or until its printer has news
    ERRAND_WORKED, // a worker has it
};

// A job that is not with a person, nor over.
struct job_errand {
    char id[SPOOL_ID_SIZE];
    enum errand_place place;
    struct job_errand *prev, *next; // of the same place; PARKED: of its station
    int64_t request_id;             // of its question; 0: none is out
    int64_t at_ms;                  // steady: rests until then; or since when it is asked
    char printer[ID_SIZE];          // that it rests for
    char avoid[ID_SIZE];
    bool recovers;                   // a printer may have it already: it is not asked where
    bool wants_key;                  // and is worked
    struct printer_station *station; // where it is parked, worked, or has the next turn
    UT_hash_handle hh;
};

struct printer_station {
    struct job_dispatch *dispatch;
    struct print_target target;
    struct print_worker *worker;
    struct job_errand *parked, *turn; // turn: asked for the last time, before it is worked
    int64_t state;                    // enum printer_state
    char detail[PRINT_DETAIL_SIZE];
    struct printer_probe *probe; // NULL: it is not looked at just now
    int64_t look_at_ms, look_wait_ms;
    UT_hash_handle hh;
};

struct job_dispatch {
    struct job_dispatch_config config;
    struct job_errand *errands; // by id
    struct job_errand *places[ERRAND_WORKED + 1];
    struct printer_station *stations; // by id
    struct loop_timer *tick;
    int64_t last_request;
    int64_t broker_ahead_ms; // of the steady clock; 0: its time is not known
    size_t asked;
    bool is_up;
};

static void pump(struct job_dispatch *dispatch);

// ---- errands

static struct job_errand *find_errand(const struct job_dispatch *dispatch, const char *id)
{
    struct job_errand *errand = NULL;
    HASH_FIND_STR(dispatch->errands, id, errand);
    return errand;
}

static struct job_errand **list_of(struct job_dispatch *dispatch, const struct job_errand *errand)
{
    return errand->place == ERRAND_PARKED ? &errand->station->parked : &dispatch->places[errand->place];
}

static void leave_place(struct job_dispatch *dispatch, struct job_errand *errand)
{
    struct job_errand **list = list_of(dispatch, errand);
    DL_DELETE(*list, errand);
    dispatch->asked -= errand->place == ERRAND_ASKED;
    if (errand->station && errand->station->turn == errand)
        errand->station->turn = NULL;
}

static void move_errand(struct job_dispatch *dispatch, struct job_errand *errand, enum errand_place place,
                        struct printer_station *station)
{
    leave_place(dispatch, errand);
    errand->place = place;
    errand->station = station;
    errand->at_ms = clock_steady_ms();
    dispatch->asked += place == ERRAND_ASKED;
    struct job_errand **list = list_of(dispatch, errand);
    DL_APPEND(*list, errand);
}

static struct job_errand *add_errand(struct job_dispatch *dispatch, const char *id)
{
    struct job_errand *errand = mem_new(1, sizeof *errand);
    TEXT_PUT(errand->id, id);
    DL_APPEND(dispatch->places[ERRAND_NEW], errand);
    HASH_ADD_STR(dispatch->errands, id, errand);
    return errand;
}

static void remove_errand(struct job_dispatch *dispatch, struct job_errand *errand)
{
    leave_place(dispatch, errand);
    HASH_DEL(dispatch->errands, errand);
    free(errand);
}

static void rest(struct job_dispatch *dispatch, struct job_errand *errand, int64_t wait_ms)
{
    move_errand(dispatch, errand, ERRAND_RESTS, NULL);
    errand->at_ms += wait_ms;
}

// ---- the broker is asked

static bool ask_broker(struct job_dispatch *dispatch, struct job_errand *errand, bool with_key)
{
    const struct spool_job *job = spool_find(dispatch->config.spool, errand->id);
    assert(job);
    struct print_message message = {.type = PRINT_ROUTE,
                                    .request_id = ++dispatch->last_request,
                                    .created_ms = job->created_ms,
                                    .certified_ms = job->certified_ms};
    TEXT_PUT(message.job, job->id);
    TEXT_PUT(message.host, job->host);
    TEXT_PUT(message.certificate, job->certificate);
    TEXT_PUT(message.user_name, job->user_name);
    TEXT_PUT(message.principal, job->principal);
    TEXT_PUT(message.target, job->target);
    TEXT_PUT(message.avoid, errand->avoid);
    TEXT_PUT(message.sealed, with_key ? job->sealed : "");
    errand->request_id = message.request_id;
    return dispatch->config.send(dispatch->config.arg, &message);
}

static void ask_where(struct job_dispatch *dispatch, struct job_errand *errand, struct printer_station *turn,
                      bool with_key)
{
    move_errand(dispatch, errand, ERRAND_ASKED, turn);
    if (turn)
        turn->turn = errand;
    if (!ask_broker(dispatch, errand, with_key))
        move_errand(dispatch, errand, ERRAND_NEW, NULL);
}

// ---- printers

static void worker_ended(void *arg, struct print_worker *worker, const char *id);
static void worker_state(void *arg, struct print_worker *worker, enum printer_state state, const char *detail);
static void worker_wants_key(void *arg, struct print_worker *worker, const char *id);

static const struct print_worker_events worker_events = {
    .ended = worker_ended, .state = worker_state, .wants_key = worker_wants_key};

static bool is_free(const struct printer_station *station)
{
    return !station->turn && station->dispatch->config.workers->is_free(station->worker);
}

static void open_worker(struct printer_station *station, const char *uri, const char *fingerprint)
{
    struct printer_address *address = &station->target.address;
    const struct job_dispatch_config *config = &station->dispatch->config;
    TEXT_PUT(address->uri, uri);
    TEXT_PUT(address->fingerprint, fingerprint);
    printer_credentials(address->credentials, config->credentials, station->target.id);
    if (station->worker)
        config->workers->close(station->worker);
    station->worker =
        config->workers->open(config->loop, config->spool, config->accounts, &station->target, &worker_events, station);
}

// Where it listens may have changed; a worker that is at work ends that first. NULL: it is no printer's id.
static struct printer_station *station_of(struct job_dispatch *dispatch, const char *id, const char *uri,
                                          const char *fingerprint)
{
    struct printer_station *station = NULL;
    HASH_FIND(hh, dispatch->stations, id, strlen(id), station);
    if (!station && (!id_is_valid(NOUN_PRINTER, id) || !strchr(id, '/')))
        return NULL;
    if (!station) {
        station = mem_new(1, sizeof *station);
        station->dispatch = dispatch;
        TEXT_PUT(station->target.id, id);
        HASH_ADD_KEYPTR(hh, dispatch->stations, station->target.id, strlen(station->target.id), station);
    }
    const struct printer_address *address = &station->target.address;
    bool is_same = text_equal(address->uri, uri) && text_equal(address->fingerprint, fingerprint);
    if (!station->worker || (!is_same && dispatch->config.workers->is_free(station->worker)))
        open_worker(station, uri, fingerprint);
    return station;
}

static void tell_printer(const struct printer_station *station)
{
    const struct job_dispatch *dispatch = station->dispatch;
    struct print_message message = {.type = PRINT_PRINTER, .printer_state = station->state};
    TEXT_PUT(message.printer, station->target.id);
    text_cut(message.detail, sizeof message.detail, station->detail);
    if (station->state != PRINTER_UNKNOWN && dispatch->is_up)
        dispatch->config.send(dispatch->config.arg, &message);
}

static void work_on(struct printer_station *station, struct job_errand *errand, const unsigned char *key)
{
    const struct print_worker_ports *workers = station->dispatch->config.workers;
    move_errand(station->dispatch, errand, ERRAND_WORKED, station);
    errand->avoid[0] = 0;
    if (errand->recovers)
        workers->recover(station->worker, errand->id);
    else
        workers->send(station->worker, errand->id, key);
}

// Who comes next there is asked about once more.
static void give_turn(struct printer_station *station)
{
    struct job_errand *errand = station->parked;
    if (!errand || !is_free(station))
        return;
    if (errand->recovers)
        work_on(station, errand, NULL);
    else if (station->dispatch->is_up)
        ask_where(station->dispatch, errand, station, true);
}

static void wake_resting(struct job_dispatch *dispatch, const char *printer)
{
    struct job_errand *errand, *next;
    DL_FOREACH_SAFE(dispatch->places[ERRAND_RESTS], errand, next)
    {
        if (!printer || text_equal(errand->printer, printer))
            move_errand(dispatch, errand, ERRAND_NEW, NULL);
    }
}

static bool is_in_trouble(const struct printer_station *station)
{
    return station->state == PRINTER_UNREACHABLE || station->state == PRINTER_STOPPED;
}

// What rests for a printer is asked about again as soon as that is out of trouble.
static void set_printer_state(struct printer_station *station, enum printer_state state, const char *detail)
{
    bool was_in_trouble = is_in_trouble(station);
    station->state = state;
    text_cut(station->detail, sizeof station->detail, detail);
    tell_printer(station);
    if (is_in_trouble(station) && !was_in_trouble) {
        station->look_wait_ms = LOOK_MIN_MS;
        station->look_at_ms = clock_steady_ms() + LOOK_MIN_MS;
    }
    if (state != PRINTER_IDLE)
        return;
    wake_resting(station->dispatch, station->target.id);
    pump(station->dispatch);
}

static void printer_looked_at(void *arg, const struct printer_facts *facts, const char *fingerprint,
                              const struct fault *why)
{
    struct printer_station *station = arg;
    enum printer_state state = facts ? facts->state : PRINTER_UNREACHABLE;
    char detail[PRINT_DETAIL_SIZE];
    (void)fingerprint;
    text_cut(detail, sizeof detail, facts ? facts->detail : why->text);
    station->dispatch->config.workers->end_probe(take(station->probe)); // and what it has told
    int64_t wait_ms = 2 * station->look_wait_ms;
    station->look_wait_ms = wait_ms < LOOK_MAX_MS ? wait_ms : LOOK_MAX_MS;
    station->look_at_ms = clock_steady_ms() + station->look_wait_ms;
    if (is_in_trouble(station) && state != (enum printer_state)station->state)
        set_printer_state(station, state, detail);
}

// A worker sees for itself how its printer is; but no job goes to one in trouble, and so none would ever again.
static void look_at_printer(struct printer_station *station, int64_t now_ms)
{
    const struct job_dispatch_config *config = &station->dispatch->config;
    if (is_in_trouble(station) && !station->probe && now_ms >= station->look_at_ms && is_free(station))
        station->probe = config->workers->probe(config->loop, &station->target.address, printer_looked_at, station);
}

static void worker_ended(void *arg, struct print_worker *worker, const char *id)
{
    struct printer_station *station = arg;
    struct job_dispatch *dispatch = station->dispatch;
    const struct spool_job *job = spool_find(dispatch->config.spool, id);
    struct job_errand *errand = find_errand(dispatch, id);
    (void)worker;
    if (errand && (!job || job->state != SPOOL_WAITING)) {
        remove_errand(dispatch, errand);
    } else if (errand) {
        errand->recovers = errand->wants_key = false;
        TEXT_PUT(errand->printer, station->target.id);
        TEXT_PUT(errand->avoid, job->reason == JOB_REASON_NONE ? "" : station->target.id);
        if (job->reason == JOB_REASON_NONE)
            rest(dispatch, errand, LATER_MS);
        else
            move_errand(dispatch, errand, ERRAND_NEW, NULL);
        // The worker says each state once, and may not know that there was a better one meanwhile.
        if (!is_in_trouble(station) && (job->reason == JOB_PRINTER_AWAY || job->reason == JOB_PRINTER_STOPPED))
            set_printer_state(station, job->reason == JOB_PRINTER_AWAY ? PRINTER_UNREACHABLE : PRINTER_STOPPED, "");
    }
    give_turn(station);
    pump(dispatch);
}

static void worker_state(void *arg, struct print_worker *worker, enum printer_state state, const char *detail)
{
    (void)worker;
    set_printer_state(arg, state, detail);
}

static void worker_wants_key(void *arg, struct print_worker *worker, const char *id)
{
    struct printer_station *station = arg;
    struct job_errand *errand = find_errand(station->dispatch, id);
    (void)worker;
    if (!errand)
        return;
    errand->wants_key = true;
    errand->request_id = 0;
    pump(station->dispatch);
}

// ---- what is to be asked now

static void ask_for_keys(struct job_dispatch *dispatch)
{
    struct job_errand *errand;
    DL_FOREACH(dispatch->places[ERRAND_WORKED], errand)
    {
        if (errand->wants_key && !errand->request_id && !ask_broker(dispatch, errand, true))
            errand->request_id = 0;
    }
}

static void pump(struct job_dispatch *dispatch)
{
    if (!dispatch->is_up)
        return;
    ask_for_keys(dispatch);
    // When much is to be done the printer is likely to be busy, and the key would be for nothing.
    while (dispatch->places[ERRAND_NEW] && dispatch->asked < ASKED_MAX && dispatch->is_up) {
        struct job_errand *errand = dispatch->places[ERRAND_NEW];
        ask_where(dispatch, errand, NULL, dispatch->asked < 2);
        if (errand->place == ERRAND_NEW)
            return; // the link is going
    }
}

// ---- what is known of a job without a worker

static void set_state(struct job_dispatch *dispatch, const char *id, enum spool_state state, enum job_reason reason)
{
    struct spool_job job = *spool_find(dispatch->config.spool, id);
    if (job.state == (int64_t)state && job.reason == (int64_t)reason)
        return;
    job.state = state;
    job.reason = reason;
    spool_put(dispatch->config.spool, &job, NULL, NULL);
}

static void cancel_job(struct job_dispatch *dispatch, const char *id, enum job_reason reason)
{
    struct job_errand *errand = find_errand(dispatch, id);
    const struct spool_job *job = spool_find(dispatch->config.spool, id);
    if (!job || spool_job_is_over(job))
        return;
    if (errand && errand->place == ERRAND_WORKED) {
        dispatch->config.workers->cancel(errand->station->worker, id, reason);
        return;
    }
    if (errand)
        remove_errand(dispatch, errand);
    log_info("job", "%s is cancelled (%s)", id, job_reason_words[reason]);
    set_state(dispatch, id, SPOOL_CANCELLED, reason);
}

static void cancel_old_jobs(struct job_dispatch *dispatch)
{
    int64_t now_ms = clock_steady_ms() + dispatch->broker_ahead_ms;
    const struct spool *spool = dispatch->config.spool;
    if (!dispatch->broker_ahead_ms)
        return;
    for (size_t i = 0; i < spool_count(spool); i++) {
        const struct spool_job *job = spool_at(spool, i);
        const struct job_errand *errand = find_errand(dispatch, job->id);
        if (job->delete_at_ms && job->delete_at_ms <= now_ms && !(errand && errand->place == ERRAND_WORKED))
            cancel_job(dispatch, job->id, JOB_TOO_OLD);
    }
}

static void tick(void *arg)
{
    struct job_dispatch *dispatch = arg;
    struct job_errand *errand, *next;
    int64_t now_ms = clock_steady_ms();
    DL_FOREACH_SAFE(dispatch->places[ERRAND_RESTS], errand, next)
    {
        if (errand->at_ms <= now_ms)
            move_errand(dispatch, errand, ERRAND_NEW, NULL);
    }
    DL_FOREACH_SAFE(dispatch->places[ERRAND_ASKED], errand, next)
    {
        if (now_ms - errand->at_ms > PRINT_ROUTE_MS)
            move_errand(dispatch, errand, ERRAND_NEW, NULL);
    }
    for (struct printer_station *station = dispatch->stations; station; station = station->hh.next) {
        give_turn(station);
        look_at_printer(station, now_ms);
    }
    cancel_old_jobs(dispatch);
    pump(dispatch);
    loop_timer_start(dispatch->tick, TICK_MS);
}

// ---- what the broker says

static void note_answer(struct job_dispatch *dispatch, const struct print_message *message)
{
    struct spool_job job = *spool_find(dispatch->config.spool, message->job);
    enum job_reason reason = message->outcome == PRINT_SEND || message->outcome == PRINT_WAIT
                                 ? (enum job_reason)message->reason
                                 : (enum job_reason)job.reason;
    bool waits = job.state == SPOOL_WAITING && message->outcome == PRINT_WAIT;
    const char *printer = waits && message->printer[0] ? message->printer : job.printer; // its person hears for which
    if (text_equal(job.person, message->person) && text_equal(job.printer, printer) &&
        job.delete_at_ms == message->delete_at_ms && job.reason == reason)
        return;
    if (printer != job.printer)
        TEXT_PUT(job.printer, printer);
    TEXT_PUT(job.person, message->person);
    job.delete_at_ms = message->delete_at_ms;
    job.reason = reason;
    spool_note(dispatch->config.spool, &job);
}

static bool read_key(unsigned char key[DOCUMENT_KEY_BYTES], const char *base64)
{
    size_t length = 0;
    unsigned char bytes[PRINT_KEY_SIZE];
    bool read = base64[0] && base64_decode(bytes, &length, base64) && length == DOCUMENT_KEY_BYTES;
    if (read)
        memcpy(key, bytes, DOCUMENT_KEY_BYTES);
    explicit_bzero(bytes, sizeof bytes);
    return read;
}

static void send_errand(struct job_dispatch *dispatch, struct job_errand *errand, const struct print_message *message)
{
    unsigned char key[DOCUMENT_KEY_BYTES];
    struct printer_station *former = errand->station;
    struct printer_station *station = station_of(dispatch, message->printer, message->uri, message->fingerprint);
    if (!station) {
        log_error("link", "the broker sends %s to \"%s\", which is no printer", errand->id, message->printer);
        rest(dispatch, errand, REST_MS);
        return;
    }
    bool had_turn = station->turn == errand;
    if (!had_turn && !is_free(station)) {
        move_errand(dispatch, errand, ERRAND_PARKED, station);
    } else if (read_key(key, message->key)) {
        work_on(station, errand, key);
    } else if (!had_turn) {
        ask_where(dispatch, errand, station, true);
    } else {
        log_error("link", "the broker gives no key for %s", errand->id);
        rest(dispatch, errand, REST_MS);
    }
    explicit_bzero(key, sizeof key);
    if (former && former != station)
        give_turn(former);
}

static void give_key(struct job_errand *errand, const struct print_message *message)
{
    unsigned char key[DOCUMENT_KEY_BYTES];
    bool read = read_key(key, message->key);
    errand->wants_key = false;
    errand->station->dispatch->config.workers->give_key(errand->station->worker, errand->id, read ? key : NULL);
    explicit_bzero(key, sizeof key);
}

static void follow_answer(struct job_dispatch *dispatch, struct job_errand *errand, const struct print_message *message)
{
    char id[SPOOL_ID_SIZE];
    struct printer_station *former = errand->station;
    TEXT_PUT(id, errand->id);
    switch ((enum print_outcome)message->outcome) {
    case PRINT_SEND:
        send_errand(dispatch, errand, message);
        return;
    case PRINT_WAIT:
        TEXT_PUT(errand->printer, message->printer);
        errand->avoid[0] = 0;
        rest(dispatch, errand, REST_MS);
        break;
    case PRINT_HOLD:
        remove_errand(dispatch, errand);
        set_state(dispatch, id, SPOOL_HELD, (enum job_reason)message->reason);
        break;
    case PRINT_REFUSE:
        cancel_job(dispatch, id, (enum job_reason)message->reason);
        break;
    }
    if (former)
        give_turn(former);
}

void job_dispatch_routed(struct job_dispatch *dispatch, const struct print_message *message)
{
    struct job_errand *errand = find_errand(dispatch, message->job);
    if (!errand || !errand->request_id || errand->request_id != message->request_id)
        return;
    errand->request_id = 0;
    log_debug("job", "%s: %s%s%s", message->job, print_outcome_words[message->outcome], message->printer[0] ? " " : "",
              message->printer);
    if (errand->place == ERRAND_WORKED) {
        if (errand->wants_key)
            give_key(errand, message);
    } else if (errand->place == ERRAND_ASKED) {
        note_answer(dispatch, message);
        follow_answer(dispatch, errand, message);
    }
    pump(dispatch);
}

static const struct print_printer *find_printer(const struct print_message *message, const char *id)
{
    for (size_t i = 0; i < message->printers.count; i++) {
        const struct print_printer *printer = (const struct print_printer *)message->printers.rows + i;
        if (text_equal(printer->printer, id))
            return printer;
    }
    return NULL;
}

// What waits for a printer that is no more, or takes no more, may have another now.
void job_dispatch_printers(struct job_dispatch *dispatch, const struct print_message *message)
{
    for (struct printer_station *station = dispatch->stations; station; station = station->hh.next) {
        const struct print_printer *printer = find_printer(message, station->target.id);
        struct job_errand *errand, *next;
        if (printer && !printer->draining)
            continue;
        DL_FOREACH_SAFE(station->parked, errand, next)
        {
            if (!errand->recovers)
                move_errand(dispatch, errand, ERRAND_NEW, NULL);
        }
    }
    wake_resting(dispatch, NULL);
    pump(dispatch);
}

// Moved, what is with a person stays there.
static void redirect_job(struct job_dispatch *dispatch, const char *id, const char *printer, bool releases)
{
    struct job_errand *errand = find_errand(dispatch, id);
    struct spool_job job = *spool_find(dispatch->config.spool, id);
    if (errand && errand->place == ERRAND_WORKED) {
        log_info("job", "%s is being printed: it stays where it is", id);
        return;
    }
    if (printer[0])
        TEXT_PUT(job.target, printer);
    if (releases || job.state == SPOOL_WAITING) {
        job.state = SPOOL_WAITING;
        job.reason = JOB_REASON_NONE;
        job.printer_job = 0;
        job.doubtful = job.cancelling = false;
    }
    if (errand)
        move_errand(dispatch, errand, ERRAND_NEW, NULL);
    spool_put(dispatch->config.spool, &job, NULL, NULL); // which tells job_dispatch_changed
}

void job_dispatch_order(struct job_dispatch *dispatch, const struct print_message *message)
{
    const struct spool_job *job = spool_find(dispatch->config.spool, message->job);
    if (!job || spool_job_is_over(job))
        return;
    char id[SPOOL_ID_SIZE];
    TEXT_PUT(id, job->id);
    log_info("job", "%s: %s, by %s", id, print_order_words[message->order], message->by);
    switch ((enum print_order)message->order) {
    case PRINT_RELEASE:
    case PRINT_MOVE:
        redirect_job(dispatch, id, message->printer, message->order == PRINT_RELEASE);
        break;
    case PRINT_CANCEL:
        cancel_job(dispatch, id, text_starts(message->by, "admin") ? JOB_BY_AN_ADMINISTRATOR : JOB_BY_ITS_PERSON);
        break;
    }
    pump(dispatch);
}

void job_dispatch_clock(struct job_dispatch *dispatch, int64_t broker_ms)
{
    dispatch->broker_ahead_ms = broker_ms - clock_steady_ms();
}

void job_dispatch_link(struct job_dispatch *dispatch, bool is_up)
{
    struct job_errand *errand, *next;
    dispatch->is_up = is_up;
    if (!is_up) {
        DL_FOREACH_SAFE(dispatch->places[ERRAND_ASKED], errand, next)
        {
            move_errand(dispatch, errand, ERRAND_NEW, NULL);
        }
        DL_FOREACH(dispatch->places[ERRAND_WORKED], errand)
        {
            errand->request_id = 0;
        }
        return;
    }
    for (struct printer_station *station = dispatch->stations; station; station = station->hh.next)
        tell_printer(station);
    wake_resting(dispatch, NULL);
    pump(dispatch);
}

// ---- what the spool says

void job_dispatch_changed(struct job_dispatch *dispatch, const struct spool_job *job)
{
    if (job->state != SPOOL_WAITING || find_errand(dispatch, job->id))
        return;
    add_errand(dispatch, job->id);
    pump(dispatch);
}

static void take_up(struct job_dispatch *dispatch, const struct spool_job *job)
{
    if (job->state == SPOOL_WAITING) {
        add_errand(dispatch, job->id);
    } else if (job->state == SPOOL_SENDING || job->state == SPOOL_SENT) {
        struct printer_station *station = station_of(dispatch, job->printer, job->printer_uri, job->fingerprint);
        if (!station) {
            log_error("job", "%s: its record names no printer; it is held", job->id);
            set_state(dispatch, job->id, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
            return;
        }
        struct job_errand *errand = add_errand(dispatch, job->id);
        errand->recovers = true;
        move_errand(dispatch, errand, ERRAND_PARKED, station);
        give_turn(station);
    }
}

struct job_dispatch *job_dispatch_new(const struct job_dispatch_config *config)
{
    struct job_dispatch *dispatch = mem_new(1, sizeof *dispatch);
    dispatch->config = *config;
    dispatch->tick = loop_timer_new(config->loop, tick, dispatch);
    for (size_t i = 0; i < spool_count(config->spool); i++)
        take_up(dispatch, spool_at(config->spool, i));
    loop_timer_start(dispatch->tick, TICK_MS);
    return dispatch;
}

void job_dispatch_free(struct job_dispatch *dispatch)
{
    if (!dispatch)
        return;
    loop_timer_free(dispatch->tick);
    struct job_errand *errand, *next_errand;
    HASH_ITER(hh, dispatch->errands, errand, next_errand) remove_errand(dispatch, errand);
    struct printer_station *station, *next_station;
    HASH_ITER(hh, dispatch->stations, station, next_station)
    {
        if (station->probe)
            dispatch->config.workers->end_probe(station->probe);
        dispatch->config.workers->close(station->worker);
        HASH_DEL(dispatch->stations, station);
        free(station);
    }
    free(dispatch);
}
