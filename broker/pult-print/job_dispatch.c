// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/job_dispatch.h"
#include "broker/base/base64.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/job_errand.h"

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
};

struct job_dispatch {
    struct job_dispatch_config config;
    struct job_errands errands;
    struct printer_stations stations;
    struct loop_timer *tick;
    int64_t last_request;
    int64_t broker_ahead_ms; // of the steady clock; 0: its time is not known
    int64_t broker_shift_ms; // its hour less the one here, when its link came up last
    bool is_up;
};

static void pump(struct job_dispatch *dispatch);

// ---- the broker is asked

static bool ask_broker(struct job_dispatch *dispatch, struct job_errand *errand, bool with_key)
{
    const struct spool_job *job = spool_find(dispatch->config.spool, errand->id);
    assert(job);
    struct print_message message = {
        .type = PRINT_ROUTE, .request_id = ++dispatch->last_request, .certified_ms = job->certified_ms};
    // Sessions that have ended are known by that.
    message.created_ms = job_dispatch_broker_ms(dispatch, job->created_ms);
    TEXT_PUT(message.job, job->id);
    TEXT_PUT(message.host, job->host);
    TEXT_PUT(message.certificate, job->certificate);
    TEXT_PUT(message.user_name, job->user_name);
    TEXT_PUT(message.principal, job->principal);
    TEXT_PUT(message.target, errand->wants_key ? job->printer : job->target);
    TEXT_PUT(message.avoid, errand->avoid);
    TEXT_PUT(message.sealed, with_key ? job->sealed : "");
    errand->request_id = message.request_id;
    errand->at_ms = clock_steady_ms();
    return dispatch->config.send(dispatch->config.arg, &message);
}

static void ask_where(struct job_dispatch *dispatch, struct job_errand *errand, struct printer_station *turn,
                      bool with_key)
{
    job_errand_move(&dispatch->errands, errand, ERRAND_ASKED, turn);
    if (turn)
        turn->turn = errand;
    if (!ask_broker(dispatch, errand, with_key))
        job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
}

// ---- printers

static void tell_printer(const struct printer_station *station)
{
    const struct job_dispatch *dispatch = station->stations->arg;
    struct print_message message = {.type = PRINT_PRINTER, .printer_state = station->state};
    TEXT_PUT(message.printer, station->target.id);
    text_cut(message.detail, sizeof message.detail, station->detail);
    if (station->state != PRINTER_UNKNOWN && dispatch->is_up)
        dispatch->config.send(dispatch->config.arg, &message);
}

static void work_on(struct printer_station *station, struct job_errand *errand, const unsigned char *key)
{
    const struct print_worker_ports *workers = station->stations->workers;
    struct job_dispatch *dispatch = station->stations->arg;
    job_errand_move(&dispatch->errands, errand, ERRAND_WORKED, station);
    errand->avoid[0] = 0;
    if (errand->recovers)
        workers->recover(station->worker, errand->id);
    else
        workers->send(station->worker, errand->id, key);
}

// Who comes next there is asked about once more.
static void give_turn(struct printer_station *station)
{
    struct job_dispatch *dispatch = station->stations->arg;
    struct job_errand *errand = station->parked;
    if (!errand || !printer_station_is_free(station))
        return;
    if (errand->recovers)
        work_on(station, errand, NULL);
    else if (dispatch->is_up)
        ask_where(dispatch, errand, station, true);
}

static void wake_resting(struct job_dispatch *dispatch, const char *printer)
{
    struct job_errand *errand, *next;
    DL_FOREACH_SAFE(dispatch->errands.places[ERRAND_RESTS], errand, next)
    {
        if (!printer || text_equal(errand->printer, printer))
            job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
    }
    DL_FOREACH(dispatch->errands.places[ERRAND_WORKED], errand)
    {
        if (!errand->request_id && (!printer || text_equal(errand->station->target.id, printer)))
            errand->at_ms = 0;
    }
}

// What rests for a printer is asked about again as soon as that is out of trouble.
static void printer_changed(void *arg, struct printer_station *station)
{
    struct job_dispatch *dispatch = arg;
    tell_printer(station);
    if (station->state != PRINTER_IDLE)
        return;
    wake_resting(dispatch, station->target.id);
    pump(dispatch);
}

static void worker_ended(void *arg, struct printer_station *station, const char *id)
{
    struct job_dispatch *dispatch = arg;
    const struct spool_job *job = spool_find(dispatch->config.spool, id);
    struct job_errand *errand = job_errand_find(&dispatch->errands, id);
    if (errand && (!job || job->state != SPOOL_WAITING)) {
        job_errand_remove(&dispatch->errands, errand);
    } else if (errand) {
        errand->recovers = errand->wants_key = false;
        TEXT_PUT(errand->printer, station->target.id);
        TEXT_PUT(errand->avoid, job->reason == JOB_REASON_NONE ? "" : station->target.id);
        if (job->reason == JOB_REASON_NONE)
            job_errand_rest(&dispatch->errands, errand, LATER_MS);
        else
            job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
    }
    give_turn(station);
    pump(dispatch);
}

static void worker_wants_key(void *arg, struct printer_station *station, const char *id)
{
    struct job_dispatch *dispatch = arg;
    struct job_errand *errand = job_errand_find(&dispatch->errands, id);
    (void)station;
    if (!errand)
        return;
    errand->wants_key = true;
    errand->request_id = errand->at_ms = 0;
    pump(dispatch);
}

static const struct printer_station_events station_events = {
    .ended = worker_ended, .changed = printer_changed, .wants_key = worker_wants_key};

// ---- what is to be asked now

static void ask_for_keys(struct job_dispatch *dispatch)
{
    struct job_errand *errand;
    int64_t now_ms = clock_steady_ms();
    DL_FOREACH(dispatch->errands.places[ERRAND_WORKED], errand)
    {
        bool is_due = errand->wants_key && !errand->request_id && errand->at_ms <= now_ms;
        if (is_due && !ask_broker(dispatch, errand, true))
            errand->request_id = 0;
    }
}

static void pump(struct job_dispatch *dispatch)
{
    if (!dispatch->is_up)
        return;
    ask_for_keys(dispatch);
    // When much is to be done the printer is likely to be busy, and the key would be for nothing.
    while (dispatch->errands.places[ERRAND_NEW] && dispatch->errands.asked < ASKED_MAX && dispatch->is_up) {
        struct job_errand *errand = dispatch->errands.places[ERRAND_NEW];
        ask_where(dispatch, errand, NULL, dispatch->errands.asked < 2);
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
    struct job_errand *errand = job_errand_find(&dispatch->errands, id);
    const struct spool_job *job = spool_find(dispatch->config.spool, id);
    if (!job || spool_job_is_over(job))
        return;
    if (errand && errand->place == ERRAND_WORKED) {
        dispatch->config.workers->cancel(errand->station->worker, id, reason);
        return;
    }
    if (errand)
        job_errand_remove(&dispatch->errands, errand);
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
        const struct job_errand *errand = job_errand_find(&dispatch->errands, job->id);
        // What is being printed may go on; what is with a printer that is gone may not wait for it for ever.
        bool is_printed = errand && errand->place == ERRAND_WORKED && job->reason != JOB_PRINTER_AWAY;
        if (job->delete_at_ms && job->delete_at_ms <= now_ms && !is_printed && !job->cancelling)
            cancel_job(dispatch, job->id, JOB_TOO_OLD);
    }
}

static void tick(void *arg)
{
    struct job_dispatch *dispatch = arg;
    struct job_errand *errand, *next;
    int64_t now_ms = clock_steady_ms();
    DL_FOREACH_SAFE(dispatch->errands.places[ERRAND_RESTS], errand, next)
    {
        if (errand->at_ms <= now_ms)
            job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
    }
    DL_FOREACH_SAFE(dispatch->errands.places[ERRAND_ASKED], errand, next)
    {
        if (now_ms - errand->at_ms > PRINT_ROUTE_MS)
            job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
    }
    DL_FOREACH(dispatch->errands.places[ERRAND_WORKED], errand)
    {
        if (errand->request_id && now_ms - errand->at_ms > PRINT_ROUTE_MS)
            errand->request_id = 0;
    }
    for (struct printer_station *station = dispatch->stations.all; station; station = station->hh.next)
        give_turn(station);
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
    bool at_substitute = message->outcome == PRINT_SEND && reason == JOB_AT_SUBSTITUTE;
    if (text_equal(job.person, message->person) && text_equal(job.printer, printer) &&
        job.delete_at_ms == message->delete_at_ms && job.reason == reason && job.at_substitute == at_substitute)
        return;
    if (printer != job.printer)
        TEXT_PUT(job.printer, printer);
    TEXT_PUT(job.person, message->person);
    job.delete_at_ms = message->delete_at_ms;
    job.reason = reason;
    job.at_substitute = at_substitute;
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
    struct printer_station *station =
        printer_station_at(&dispatch->stations, message->printer, message->uri, message->fingerprint);
    if (!station) {
        log_error("link", "the broker sends %s to \"%s\", which is no printer", errand->id, message->printer);
        job_errand_rest(&dispatch->errands, errand, REST_MS);
        return;
    }
    bool had_turn = station->turn == errand;
    if (!had_turn && !printer_station_is_free(station)) {
        job_errand_move(&dispatch->errands, errand, ERRAND_PARKED, station);
    } else if (read_key(key, message->key)) {
        work_on(station, errand, key);
    } else if (!had_turn) {
        ask_where(dispatch, errand, station, true);
    } else {
        log_error("link", "the broker gives no key for %s", errand->id);
        job_errand_rest(&dispatch->errands, errand, REST_MS);
    }
    explicit_bzero(key, sizeof key);
    if (former && former != station)
        give_turn(former);
}

// While its printer is out of order there is none, and the pages are not known without it.
static void give_key(struct job_errand *errand, const struct print_message *message)
{
    unsigned char key[DOCUMENT_KEY_BYTES];
    if (message->outcome == PRINT_WAIT) {
        errand->at_ms = clock_steady_ms() + REST_MS;
        return;
    }
    bool read = read_key(key, message->key);
    errand->wants_key = false;
    errand->station->stations->workers->give_key(errand->station->worker, errand->id, read ? key : NULL);
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
        job_errand_rest(&dispatch->errands, errand, REST_MS);
        break;
    case PRINT_HOLD:
        job_errand_remove(&dispatch->errands, errand);
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
    struct job_errand *errand = job_errand_find(&dispatch->errands, message->job);
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
    for (struct printer_station *station = dispatch->stations.all; station; station = station->hh.next) {
        const struct print_printer *printer = find_printer(message, station->target.id);
        struct job_errand *errand, *next;
        if (printer)
            printer_station_move(station, printer->uri, printer->fingerprint);
        if (printer && !printer->draining)
            continue;
        DL_FOREACH_SAFE(station->parked, errand, next)
        {
            if (!errand->recovers)
                job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
        }
    }
    wake_resting(dispatch, NULL);
    pump(dispatch);
}

// Moved, what is with a person stays there.
static void redirect_job(struct job_dispatch *dispatch, const char *id, const char *printer, bool releases)
{
    struct job_errand *errand = job_errand_find(&dispatch->errands, id);
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
        job.doubtful = false;
    }
    if (errand)
        job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
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
    dispatch->broker_shift_ms = broker_ms - clock_wall_ms();
}

int64_t job_dispatch_broker_ms(const struct job_dispatch *dispatch, int64_t here_ms)
{
    int64_t broker_ms = here_ms + dispatch->broker_shift_ms;
    return broker_ms > 0 ? broker_ms : 0;
}

void job_dispatch_link(struct job_dispatch *dispatch, bool is_up)
{
    struct job_errand *errand, *next;
    dispatch->is_up = is_up;
    if (!is_up) {
        DL_FOREACH_SAFE(dispatch->errands.places[ERRAND_ASKED], errand, next)
        {
            job_errand_move(&dispatch->errands, errand, ERRAND_NEW, NULL);
        }
        DL_FOREACH(dispatch->errands.places[ERRAND_WORKED], errand)
        {
            errand->request_id = 0;
        }
        return;
    }
    for (struct printer_station *station = dispatch->stations.all; station; station = station->hh.next)
        tell_printer(station);
    wake_resting(dispatch, NULL);
    pump(dispatch);
}

// ---- what the spool says

void job_dispatch_changed(struct job_dispatch *dispatch, const struct spool_job *job)
{
    if (job->state != SPOOL_WAITING || job_errand_find(&dispatch->errands, job->id))
        return;
    job_errand_add(&dispatch->errands, job->id);
    pump(dispatch);
}

static void take_up(struct job_dispatch *dispatch, const struct spool_job *job)
{
    bool is_at_printer = job->state == SPOOL_SENDING || job->state == SPOOL_SENT;
    if (job->cancelling && !is_at_printer) {
        set_state(dispatch, job->id, SPOOL_CANCELLED, (enum job_reason)job->cancelling);
    } else if (job->state == SPOOL_WAITING) {
        job_errand_add(&dispatch->errands, job->id);
    } else if (is_at_printer) {
        struct printer_station *station =
            printer_station_at(&dispatch->stations, job->printer, job->printer_uri, job->fingerprint);
        if (!station) {
            log_error("job", "%s: its record names no printer; it is held", job->id);
            set_state(dispatch, job->id, SPOOL_UNCERTAIN, JOB_HALF_PRINTED);
            return;
        }
        struct job_errand *errand = job_errand_add(&dispatch->errands, job->id);
        errand->recovers = true;
        job_errand_move(&dispatch->errands, errand, ERRAND_PARKED, station);
        give_turn(station);
    }
}

struct job_dispatch *job_dispatch_new(const struct job_dispatch_config *config)
{
    struct job_dispatch *dispatch = mem_new(1, sizeof *dispatch);
    dispatch->config = *config;
    dispatch->stations = (struct printer_stations){.workers = config->workers,
                                                   .loop = config->loop,
                                                   .spool = config->spool,
                                                   .accounts = config->accounts,
                                                   .credentials = config->credentials,
                                                   .events = &station_events,
                                                   .arg = dispatch};
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
    job_errands_clear(&dispatch->errands);
    printer_stations_close(&dispatch->stations);
    free(dispatch);
}
