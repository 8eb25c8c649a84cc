// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/lone_append.h"

#include <assert.h>
#include <stdlib.h>

struct lone_append {
    struct store_port store;
    lone_append_done *done;
    void *arg;
    struct text payload;
    struct store_event event;
    struct store_batch batch;
};

static void finish_append(struct lone_append *append, bool written, const struct fault *why)
{
    assert(append->done); // once
    take(append->done)(append->arg, written, why);
}

static void event_appended(void *arg, enum store_outcome outcome, const struct fault *why)
{
    finish_append(arg, outcome == STORE_DURABLE, why);
}

static void take_role(void *arg, enum store_role role)
{
    static const struct fault conflict = {.kind = FAULT_CONFLICT, .text = "another broker writes the journal"};
    struct lone_append *append = arg;
    if (role == STORE_FOLLOWS)
        finish_append(append, false, &conflict);
    else
        append->store.append(append->store.self, &append->batch, event_appended, append);
}

static void ignore_batch(void *arg, const struct store_batch *batch)
{
    (void)arg, (void)batch;
}

static void stop_following(void *arg, const struct fault *why)
{
    finish_append(arg, false, why);
}

struct lone_append *lone_append_start(const struct store_port *store, const struct event *event, lone_append_done *done,
                                      void *arg)
{
    struct store_head head;
    struct lone_append *append = mem_new(1, sizeof *append);
    *append = (struct lone_append){.store = *store, .done = done, .arg = arg};
    event_print(event, &append->payload);
    store->head(store->self, &head);
    append->event = (struct store_event){head.seq + 1, event->at_ms > head.at_ms ? event->at_ms : head.at_ms,
                                         append->payload.bytes, append->payload.length};
    append->batch = (struct store_batch){.events = &append->event, .event_count = 1};
    store->follow(store->self, head.seq + 1, &(struct store_follower){append, take_role, ignore_batch, stop_following});
    return append;
}

void lone_append_free(struct lone_append *append)
{
    if (!append)
        return;
    text_drop(&append->payload);
    free(append);
}
