// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-print/print_settlement.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-print/document_tool.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { AGAIN_MS = 60 * 1000 };

struct print_settlement {
    struct settlement_order order;
    char job[SPOOL_ID_SIZE];
    unsigned char key[DOCUMENT_KEY_BYTES];
    bool wants_key;
    const struct print_settlement_events *events;
    void *arg;
    int64_t pages;
    struct print_account entry;
    struct document_tool *tool;
    struct loop_timer *again; // the accounts could not be written
};

static struct print_result result_of(const struct print_settlement *settlement)
{
    const struct settlement_order *order = &settlement->order;
    const struct spool_job *job = spool_find(order->spool, settlement->job);
    assert(job);
    return (struct print_result){.job = job,
                                 .seen = order->seen,
                                 .options = order->options,
                                 .pages = settlement->pages,
                                 .recovered = order->recovered};
}

// ---- the accounts

static void entry_is_saved(void *arg, const struct fault *why)
{
    struct print_settlement *settlement = arg;
    if (why->kind == FAULT_NONE) {
        settlement->events->done(settlement->arg, &settlement->entry);
        return;
    }
    log_error("print", "the accounts cannot be written: %s", why->text);
    loop_timer_start(settlement->again, AGAIN_MS);
}

static void add_entry(void *arg)
{
    struct print_settlement *settlement = arg;
    accounts_add(settlement->order.accounts, &settlement->entry, entry_is_saved, settlement);
}

static void conclude(struct print_settlement *settlement)
{
    struct print_result result = result_of(settlement);
    struct print_account *entry = &settlement->entry;
    print_result_judge(&result, clock_wall_ms(), entry);
    if (entry->outcome == SPOOL_DONE || entry->impressions > 0)
        add_entry(settlement);
    else
        settlement->events->done(settlement->arg, entry);
}

// ---- the pages

static void pages_are_counted(void *arg, int64_t pages, int made, const struct fault *why)
{
    struct print_settlement *settlement = arg;
    assert(made < 0);
    if (pages == 0)
        log_warn("print", "the pages of %s cannot be counted: %s", settlement->job, why->text);
    settlement->pages = pages;
    document_tool_free(take(settlement->tool));
    conclude(settlement);
}

static void count_pages(struct print_settlement *settlement)
{
    const struct settlement_order *order = &settlement->order;
    struct fault why = {0};
    struct document_reader *document = spool_document_open(order->spool, settlement->job, settlement->key, &why);
    settlement->tool =
        document_tool_start(order->loop, DOCUMENT_COUNT_PAGES, document, pages_are_counted, settlement, &why);
    if (!settlement->tool)
        pages_are_counted(settlement, 0, -1, &why);
}

void print_settlement_give_key(struct print_settlement *settlement, const unsigned char *key)
{
    assert(settlement->wants_key);
    settlement->wants_key = false;
    if (key) {
        memcpy(settlement->key, key, sizeof settlement->key);
        count_pages(settlement);
    } else {
        conclude(settlement);
    }
}

void print_settlement_begin(struct print_settlement *settlement)
{
    struct print_result result = result_of(settlement);
    if (!print_result_wants_pages(&result)) {
        conclude(settlement);
    } else if (settlement->order.key) {
        count_pages(settlement);
    } else {
        settlement->wants_key = true;
        settlement->events->wants_key(settlement->arg);
    }
}

bool print_settlement_wants_key(const struct print_settlement *settlement)
{
    return settlement->wants_key;
}

// ----

struct print_settlement *print_settlement_new(const struct settlement_order *order,
                                              const struct print_settlement_events *events, void *arg)
{
    struct print_settlement *settlement = mem_new(1, sizeof *settlement);
    *settlement = (struct print_settlement){.order = *order, .events = events, .arg = arg};
    TEXT_PUT(settlement->job, order->job);
    if (order->key)
        memcpy(settlement->key, order->key, sizeof settlement->key);
    settlement->again = loop_timer_new(order->loop, add_entry, settlement);
    return settlement;
}

void print_settlement_free(struct print_settlement *settlement)
{
    if (!settlement)
        return;
    document_tool_free(settlement->tool);
    loop_timer_free(settlement->again);
    explicit_bzero(settlement->key, sizeof settlement->key);
    free(settlement);
}
