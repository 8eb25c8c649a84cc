// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/restore.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/core/lone_append.h"

#include <stdio.h>

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

struct lone_append *restore_start(const struct store_port *store, lone_append_done *done, void *arg, struct fault *why)
{
    struct store_gap gap;
    struct event event = {.type = EVENT_JOURNAL_RESTORED, .noun = NOUN_NONE, .by = "root at the broker"};
    if (!store->accept(store->self, &gap, why))
        return NULL;
    describe_gap(&gap, event.why);
    log_warn("store", "journal accepted as it is, up to event %llu: %s", (unsigned long long)gap.seq, event.why);
    return store->open(store->self, why) ? lone_append_start(store, &event, done, arg) : NULL;
}
