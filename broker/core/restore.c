// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/restore.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/core/event.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct restore {
    struct store_port store;
    restore_done *done;
    void *arg;
    struct text payload;
    struct store_event event;
    struct store_batch batch;
};

static void describe_gap(const struct store_gap *gap, char lacks[TRACE_SIZE])
{
    char when[CLOCK_TEXT_SIZE];
    clock_text(when, gap->head_ms);
    if (gap->head_seq > gap->seq)
        snprintf(lacks, TRACE_SIZE, "events %llu to %llu are lost; the last was written before %s",
                 (unsigned long long)gap->seq + 1, (unsigned long long)gap->head_seq, when);
    else if (gap->head_seq)
        snprintf(lacks, TRACE_SIZE,
                 "the journal's head was from a backup of %s, at event %llu; no event is known to be lost", when,
                 (unsigned long long)gap->head_seq);
    else
        snprintf(lacks, TRACE_SIZE, "the journal's head was lost: nobody can tell whether events after %llu are, too",
                 (unsigned long long)gap->seq);
}

static void finish_restore(struct restore *restore, bool written, const struct fault *why)
{
    assert(restore->done); // once
    take(restore->done)(restore->arg, written, why);
}

static void finish_append(void *arg, enum store_outcome outcome, const struct fault *why)
{
    finish_restore(arg, outcome == STORE_DURABLE, why);
}

static void take_role(void *arg, enum store_role role)
{
    static const struct fault conflict = {.kind = FAULT_CONFLICT, .text = "another broker writes the journal"};
    struct restore *restore = arg;
    if (role == STORE_FOLLOWS)
        finish_restore(restore, false, &conflict);
    else
        restore->store.append(restore->store.self, &restore->batch, finish_append, restore);
}

static void ignore_batch(void *arg, const struct store_batch *batch)
{
    (void)arg, (void)batch;
}

static void stop_following(void *arg, const struct fault *why)
{
    finish_restore(arg, false, why);
}

static bool accept_gap(struct restore *restore, struct fault *why)
{
    const struct store_port *store = &restore->store;
    struct store_gap gap;
    struct store_head head;
    struct event event = {.type = EVENT_JOURNAL_RESTORED, .noun = NOUN_NONE, .by = "root at the broker"};
    if (!store->accept(store->self, &gap, why))
        return false;
    describe_gap(&gap, event.why);
    log_warn("store", "journal accepted as it is, up to event %llu: %s", (unsigned long long)gap.seq, event.why);
    if (!store->open(store->self, why))
        return false;
    event_print(&event, &restore->payload);
    // The head was signed just now, and not before the last event.
    store->head(store->self, &head);
    restore->event = (struct store_event){head.seq + 1, head.at_ms, restore->payload.bytes, restore->payload.length};
    restore->batch = (struct store_batch){.events = &restore->event, .event_count = 1};
    store->follow(store->self, head.seq + 1,
                  &(struct store_follower){restore, take_role, ignore_batch, stop_following});
    return true;
}

struct restore *restore_start(const struct store_port *store, restore_done *done, void *arg, struct fault *why)
{
    struct restore *restore = mem_new(1, sizeof *restore);
    *restore = (struct restore){.store = *store, .done = done, .arg = arg};
    if (accept_gap(restore, why))
        return restore;
    restore_free(restore);
    return NULL;
}

void restore_free(struct restore *restore)
{
    if (!restore)
        return;
    text_drop(&restore->payload);
    free(restore);
}
