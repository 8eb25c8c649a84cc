// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_sending.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/document_tool.h"
#include "broker/pult-print/printer_visit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 2000 };

struct print_sending {
    struct sending_order order;
    char job[SPOOL_ID_SIZE];
    unsigned char key[DOCUMENT_KEY_BYTES];
    print_sending_done *done;
    void *arg;
    bool may_go, stopped;
    bool read; // the printer has said what it can, or that it cannot
    struct fault read_why;
    struct printer_facts facts;
    struct print_options options;
    struct ipp_line *line; // NULL while a visit has it
    struct printer_visit *visit;
    struct document_tool *tool;
};

const struct sending_refusal *sending_refusal(enum fault_kind kind)
{
    static const struct sending_refusal rows[] = {
        {FAULT_BUSY, SPOOL_WAITING, JOB_REASON_NONE, PRINTER_PRINTING, BUSY_MS},
        {FAULT_CONFLICT, SPOOL_WAITING, JOB_PRINTER_STOPPED, PRINTER_STOPPED, 0},
        {FAULT_INVALID, SPOOL_HELD, JOB_NOT_SUPPORTED, PRINTER_IDLE, 0},
        {FAULT_NONE, SPOOL_WAITING, JOB_PRINTER_AWAY, PRINTER_UNREACHABLE, 0}, // all others
    };
    const struct sending_refusal *row = rows;
    while (row->kind != kind && row->kind != FAULT_NONE)
        row++;
    return row;
}

static const struct spool_job *record_of(const struct print_sending *sending)
{
    const struct spool_job *job = spool_find(sending->order.spool, sending->job);
    assert(job);
    return job;
}

static void end_sending(struct print_sending *sending, struct sending_result result)
{
    result.line = take(sending->line);
    result.facts = &sending->facts;
    result.options = &sending->options;
    sending->done(sending->arg, &result); // which may free it
    ipp_line_free(result.line);
}

static void refuse(struct print_sending *sending, enum fault_kind kind, const char *text)
{
    struct sending_result result = {.end = SENDING_REFUSED};
    fault_set(&result.why, kind, "%s", text);
    end_sending(sending, result);
}

static void start_visit(struct print_sending *sending, struct visit *visit, printer_visit_done *done)
{
    assert(!sending->visit);
    visit_take_line(visit, &sending->line, sending->order.address);
    sending->visit = printer_visit_start(sending->order.loop, visit, done, sending);
}

static void end_visit(struct print_sending *sending, struct visit *visit)
{
    visit_return_line(visit, &sending->line);
    printer_visit_free(take(sending->visit));
}

// ---- the document

static void document_is_sent(void *arg, struct visit *visit)
{
    struct print_sending *sending = arg;
    bool began = visit->began;
    struct sending_result result = {.number = visit->number, .unreadable = visit->unreadable, .why = visit->why};
    printer_watch_stop(sending->order.watch);
    end_visit(sending, visit);
    if (result.why.kind == FAULT_NONE)
        result.end = SENDING_TAKEN;
    else if (result.unreadable && !began)
        result.end = SENDING_UNREADABLE;
    else if (result.unreadable && result.number > 0)
        result.end = SENDING_HALF;
    else if (result.unreadable || result.why.kind == FAULT_BROKEN)
        result.end = SENDING_LOST;
    else
        result.end = sending->stopped ? SENDING_STOPPED : SENDING_REFUSED;
    end_sending(sending, result);
}

// `made`: what was made of the document; -1: as it is.
static void send_document(struct print_sending *sending, const char *format, int made)
{
    const struct spool_job *job = record_of(sending);
    struct visit *visit = visit_new(VISIT_SEND);
    visit->facts = sending->facts;
    visit->made = made;
    spool_job_name(visit->order.name, job->id);
    visit->order.options = sending->options;
    visit->order.document.size = (uint64_t)job->size;
    TEXT_PUT(visit->order.format, format);
    TEXT_PUT(visit->id, job->id);
    memcpy(visit->key, sending->key, sizeof visit->key);
    if (made < 0)
        spool_document_path(sending->order.spool, job->id, visit->path);
    start_visit(sending, visit, document_is_sent);
    printer_watch_document(sending->order.watch);
}

static void document_is_made(void *arg, int64_t pages, int made, const struct fault *why)
{
    struct print_sending *sending = arg;
    enum document_task task;
    const char *format;
    (void)pages;
    document_tool_free(take(sending->tool));
    bool still = document_tool_for(&task, &format, record_of(sending)->format, sending->facts.abilities.formats);
    if (made >= 0 && still && !sending->stopped) {
        send_document(sending, format, made);
        return;
    }
    if (made >= 0)
        close(made);
    else if (!sending->stopped)
        log_warn("print", "%s cannot be made into what %s takes: %s", sending->job, sending->order.printer, why->text);
    if (sending->stopped)
        end_sending(sending, (struct sending_result){.end = SENDING_STOPPED});
    else if (why->kind == FAULT_BROKEN)
        end_sending(sending, (struct sending_result){.end = SENDING_UNREADABLE, .unreadable = true});
    else if (why->kind == FAULT_UNAVAILABLE) // no room on this machine
        refuse(sending, FAULT_BUSY, why->text);
    else
        end_sending(sending, (struct sending_result){.end = SENDING_IMPOSSIBLE});
}

static void choose_format(struct print_sending *sending)
{
    const char *takes = sending->facts.abilities.formats, *format = record_of(sending)->format, *made;
    const struct sending_order *order = &sending->order;
    enum document_task task;
    struct fault why = {0};
    if (sending->stopped)
        end_sending(sending, (struct sending_result){.end = SENDING_STOPPED});
    else if (text_has_word(takes, format))
        send_document(sending, format, -1);
    else if (!document_tool_for(&task, &made, format, takes))
        end_sending(sending, (struct sending_result){.end = SENDING_IMPOSSIBLE});
    else {
        struct document_reader *document = spool_document_open(order->spool, sending->job, sending->key, &why);
        if (!document)
            why.kind = FAULT_BROKEN; // however that shows
        sending->tool = document_tool_start(order->loop, task, document, document_is_made, sending, &why);
        if (!sending->tool)
            document_is_made(sending, 0, -1, &why);
    }
}

// ---- what the printer can

static void fit_options(struct print_sending *sending)
{
    struct text notes = {0};
    print_options_fit(&sending->options, record_of(sending)->options, &sending->facts.abilities, &notes);
    if (notes.length)
        log_info("print", "%s is fitted to %s: %s", sending->job, sending->order.printer, notes.bytes);
    text_drop(&notes);
}

static void begin(struct print_sending *sending)
{
    const struct printer_facts *facts = &sending->facts;
    if (sending->stopped) {
        end_sending(sending, (struct sending_result){.end = SENDING_STOPPED});
    } else if (sending->read_why.kind != FAULT_NONE) {
        // It was only asked what it can, and refused that: so it is none that prints.
        enum fault_kind kind = sending->read_why.kind == FAULT_INVALID ? FAULT_UNAVAILABLE : sending->read_why.kind;
        refuse(sending, kind, sending->read_why.text);
    } else if (facts->state == PRINTER_STOPPED) {
        refuse(sending, FAULT_CONFLICT, facts->detail);
    } else {
        printer_watch_note(sending->order.watch, facts->state, facts->detail);
        fit_options(sending);
        choose_format(sending);
    }
}

static void printer_is_read(void *arg, struct visit *visit)
{
    struct print_sending *sending = arg;
    sending->read = true;
    sending->read_why = visit->why;
    sending->facts = visit->facts;
    end_visit(sending, visit);
    if (sending->may_go)
        begin(sending);
}

void print_sending_go(struct print_sending *sending)
{
    assert(!sending->may_go);
    sending->may_go = true;
    if (sending->read)
        begin(sending);
}

// ----

void print_sending_stop(struct print_sending *sending)
{
    sending->stopped = true;
    if (sending->visit)
        printer_visit_stop(sending->visit);
    if (sending->tool)
        document_tool_stop(sending->tool);
}

struct print_sending *print_sending_start(const struct sending_order *order, print_sending_done *done, void *arg)
{
    struct print_sending *sending = mem_new(1, sizeof *sending);
    *sending = (struct print_sending){.order = *order, .done = done, .arg = arg};
    TEXT_PUT(sending->job, order->job);
    memcpy(sending->key, order->key, sizeof sending->key);
    start_visit(sending, visit_new(VISIT_READ), printer_is_read);
    return sending;
}

void print_sending_free(struct print_sending *sending)
{
    if (!sending)
        return;
    printer_watch_stop(sending->order.watch);
    printer_visit_free(sending->visit);
    document_tool_free(sending->tool);
    ipp_line_free(sending->line);
    explicit_bzero(sending->key, sizeof sending->key);
    free(sending);
}
