// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/erasure.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct erasure_waiter {
    erasure_done *done;
    void *arg;
    uint64_t until; // so many are gone
};

struct erasure {
    struct store_port store;
    void (*die)(void *arg, const struct fault *why);
    void *die_arg;
    char (*ids)[ID_SIZE]; // the first is with the store while it is busy
    size_t count, capacity;
    uint64_t gone;
    struct erasure_waiter *waiters;
    size_t waiter_count, waiter_capacity;
    bool busy;
};

struct erasure *erasure_new(const struct store_port *store, void (*die)(void *arg, const struct fault *why), void *arg)
{
    struct erasure *erasure = mem_new(1, sizeof *erasure);
    erasure->store = *store;
    erasure->die = die;
    erasure->die_arg = arg;
    return erasure;
}

void erasure_free(struct erasure *erasure)
{
    if (!erasure)
        return;
    free(erasure->ids);
    free(erasure->waiters);
    free(erasure);
}

// Those who wait for what is gone; with `why` all.
static void tell(struct erasure *erasure, const struct fault *why)
{
    while (erasure->waiter_count && (why || erasure->waiters[0].until <= erasure->gone)) {
        struct erasure_waiter first = erasure->waiters[0];
        erasure->waiter_count--;
        memmove(erasure->waiters, erasure->waiters + 1, erasure->waiter_count * sizeof *erasure->waiters);
        first.done(first.arg, why);
    }
}

static void store_answered(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct erasure *erasure = arg;
    assert(erasure->busy && erasure->count); // else the store answers a second time
    erasure->busy = false;
    switch (outcome) {
    case STORE_DURABLE:
        erasure->gone++;
        erasure->count--;
        memmove(erasure->ids, erasure->ids + 1, erasure->count * sizeof *erasure->ids);
        erasure_go_on(erasure);
        tell(erasure, NULL);
        break;
    case STORE_REFUSED:
        log_warn("store", "%s: name not erased yet, will retry: %s", erasure->ids[0], why->text);
        tell(erasure, why);
        break;
    case STORE_UNKNOWN:
        erasure->die(erasure->die_arg, why);
        break;
    }
}

void erasure_go_on(struct erasure *erasure)
{
    if (erasure->busy || !erasure->count)
        return;
    erasure->busy = true;
    erasure->store.erase_person(erasure->store.self, erasure->ids[0], store_answered, erasure);
}

void erasure_add(struct erasure *erasure, const char *person_id)
{
    for (size_t i = 0; i < erasure->count; i++)
        if (text_equal(erasure->ids[i], person_id))
            return;
    mem_reserve(&erasure->ids, &erasure->capacity, erasure->count + 1, sizeof *erasure->ids);
    text_put(erasure->ids[erasure->count++], ID_SIZE, person_id);
    erasure_go_on(erasure);
}

void erasure_add_orphans(struct erasure *erasure, struct people *people, const struct state *state)
{
    size_t found = 0;
    for (size_t i = people->by_id.count; i-- > 0;) {
        char id[ID_SIZE];
        TEXT_PUT(id, people->by_id.records[i]);
        if (state_find(state, NOUN_PERSON, id))
            continue;
        people_remove(people, id);
        erasure_add(erasure, id);
        found++;
    }
    if (found)
        log_info("store", "erasing the names of %zu people who were erased before the start", found);
}

void erasure_wait(struct erasure *erasure, erasure_done *done, void *arg)
{
    assert(erasure->count);
    mem_reserve(&erasure->waiters, &erasure->waiter_capacity, erasure->waiter_count + 1, sizeof *erasure->waiters);
    uint64_t until = erasure->gone + erasure->count;
    assert(!erasure->waiter_count || erasure->waiters[erasure->waiter_count - 1].until <= until);
    erasure->waiters[erasure->waiter_count++] = (struct erasure_waiter){done, arg, until};
}
