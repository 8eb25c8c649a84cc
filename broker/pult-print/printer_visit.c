// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/printer_visit.h"
#include "broker/base/mem.h"
#include "broker/base/worker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct printer_visit {
    struct worker *worker;
    struct visit *visit; // the thread's until `done`
    struct loop_timer *deadline;
    printer_visit_done *done;
    void *arg;
};

struct visit *visit_new(enum visit_kind kind)
{
    struct visit *visit = mem_new(1, sizeof *visit);
    visit->kind = kind;
    visit->made = -1;
    return visit;
}

void visit_take_line(struct visit *visit, struct ipp_line **kept, const struct printer_address *address)
{
    assert(!visit->line);
    if (*kept && ipp_line_goes_to(*kept, address)) {
        visit->line = take(*kept);
        return;
    }
    ipp_line_free(take(*kept));
    visit->line = ipp_line_new(address);
}

void visit_return_line(struct visit *visit, struct ipp_line **kept)
{
    assert(!*kept);
    if (visit->why.kind == FAULT_NONE)
        *kept = take(visit->line);
}

static void drop_visit(void *arg)
{
    struct visit *visit = arg;
    ipp_line_free(visit->line);
    if (visit->made >= 0)
        close(visit->made);
    explicit_bzero(visit->key, sizeof visit->key);
    free(visit);
}

// ---- in the thread: where the document comes from

struct stored {
    struct visit *visit;
    struct document_reader *reader;
    size_t at;
};

static bool read_stored(void *arg, void *bytes, size_t size, size_t *length, struct fault *why)
{
    struct stored *stored = arg;
    struct visit *visit = stored->visit;
    bool fine = true;
    visit->began = true;
    if (stored->reader)
        fine = document_read(stored->reader, bytes, size, length, why);
    else if (visit->made >= 0) {
        ssize_t got = pread(visit->made, bytes, size, (off_t)stored->at);
        fine = got >= 0 || fault_set(why, FAULT_BROKEN, "what was made of the document cannot be read");
        *length = got > 0 ? (size_t)got : 0;
    } else {
        size_t left = visit->order.document.size - stored->at;
        *length = size < left ? size : left;
        memcpy(bytes, visit->bytes + stored->at, *length);
    }
    stored->at += *length;
    visit->unreadable = !fine;
    return fine;
}

static bool send_order(struct visit *visit)
{
    struct stored stored = {.visit = visit};
    struct stat made;
    if (*visit->path) {
        stored.reader = document_open(visit->path, visit->id, visit->key, &visit->why);
        visit->unreadable = !stored.reader;
        if (!stored.reader)
            return false;
    } else if (visit->made >= 0 && fstat(visit->made, &made) == 0)
        visit->order.document.size = (uint64_t)made.st_size;
    visit->order.document.read = read_stored;
    visit->order.document.arg = &stored;
    bool sent = printer_send(visit->line, &visit->facts, &visit->order, &visit->number, &visit->why);
    document_close(stored.reader);
    return sent;
}

static bool look_at_job(struct visit *visit)
{
    if (visit->wants_facts && !visit->has_facts)
        visit->has_facts = printer_read(visit->line, &visit->facts, &visit->why);
    return (visit->has_facts || !visit->wants_facts) &&
           printer_job_read(visit->line, visit->number, visit->order.name, &visit->job, &visit->why);
}

static bool visit_printer(struct visit *visit)
{
    switch (visit->kind) {
    case VISIT_READ:
        return visit->has_facts = printer_read(visit->line, &visit->facts, &visit->why);
    case VISIT_SEND:
        return send_order(visit);
    case VISIT_LOOK:
        return look_at_job(visit);
    case VISIT_SEARCH:
        return printer_job_find(visit->line, visit->order.name, visit->age_s, &visit->found, &visit->job, &visit->why);
    case VISIT_CANCEL:
        return printer_job_cancel(visit->line, visit->number, &visit->why);
    }
    return false;
}

static void run_visit(void *arg)
{
    struct visit *visit = arg;
    if (visit_printer(visit))
        visit->why = (struct fault){0};
    else
        assert(visit->why.kind != FAULT_NONE);
}

// ---- in the loop

static void visit_is_over(void *arg)
{
    struct printer_visit *running = arg;
    loop_timer_stop(running->deadline);
    running->done(running->arg, running->visit);
}

static void talk_is_too_long(void *arg)
{
    printer_visit_stop(arg);
}

// Between the thread, which knows the visit alone, and the loop.
struct visit_task {
    struct visit *visit;
    struct printer_visit *running; // the loop's
};

static void run_errand(void *arg)
{
    run_visit(((struct visit_task *)arg)->visit);
}

static void errand_done(void *arg)
{
    visit_is_over(((struct visit_task *)arg)->running);
}

static void errand_drop(void *arg)
{
    struct visit_task *errand = arg;
    drop_visit(errand->visit);
    free(errand);
}

struct printer_visit *printer_visit_start(struct loop *loop, struct visit *visit, printer_visit_done *done, void *arg)
{
    assert(visit->line);
    struct printer_visit *running = mem_new(1, sizeof *running);
    struct visit_task *errand = mem_new(1, sizeof *errand);
    struct fault why;
    *errand = (struct visit_task){visit, running};
    *running = (struct printer_visit){.visit = visit, .done = done, .arg = arg};
    running->deadline = loop_timer_new(loop, talk_is_too_long, running);
    running->worker = worker_new(loop, run_errand, errand_done, errand_drop, errand, &why);
    // A machine without room for a thread cannot go on printing; the service starts again and looks what was sent.
    assert(running->worker);
    if (visit->kind != VISIT_SEND)
        loop_timer_start(running->deadline, VISIT_MS);
    return running;
}

void printer_visit_stop(struct printer_visit *running)
{
    if (running->visit->line)
        ipp_line_stop(running->visit->line);
}

void printer_visit_free(struct printer_visit *running)
{
    if (!running)
        return;
    printer_visit_stop(running);
    worker_free(running->worker);
    loop_timer_free(running->deadline);
    free(running);
}
