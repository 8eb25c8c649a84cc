// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/retention.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/sorted_table.h"

#include <assert.h>
#include <stdlib.h>

static const int64_t day_ms = 24 * 60 * 60 * 1000;

// Each goes through the journal for itself, from where it was the night before, up to what is too young.
enum pass { PASS_AUDIT, PASS_REPLACED, PASS_SESSIONS, PASS_PRUNE, PASS_COUNT };

// The newest event of a record, until it is old and replaced.
struct newest {
    char id[ID_SIZE]; // the key
    uint64_t seq;
};

struct retention {
    struct retention_ports ports;
    int64_t ages_ms[PASS_COUNT];
    uint64_t next[PASS_COUNT]; // the first event that was not looked at; 0: the first that there is
    struct sorted_table newest;
    enum pass pass; // PASS_COUNT: not running
    bool busy;
    int64_t not_before_ms; // steady
    // The step under way.
    uint64_t limit, reached;
    int64_t oldest_ms;
    bool ends;
    struct store_range *ranges;
    size_t range_count, range_capacity;
    uint64_t erased; // in this run
};

struct retention *retention_new(const struct retention_ports *ports, const struct retention_ages *ages)
{
    struct retention *retention = mem_new(1, sizeof *retention);
    retention->ports = *ports;
    retention->ages_ms[PASS_AUDIT] = retention->ages_ms[PASS_REPLACED] = ages->audit_ms;
    retention->ages_ms[PASS_SESSIONS] = ages->sessions_ms;
    retention->ages_ms[PASS_PRUNE] = ages->journal_ms;
    retention->pass = PASS_COUNT;
    return retention;
}

void retention_free(struct retention *retention)
{
    if (!retention)
        return;
    sorted_table_clear(&retention->newest);
    free(retention->ranges);
    free(retention);
}

static int64_t steady_ms(const struct retention *retention)
{
    return retention->ports.steady_ms(retention->ports.arg);
}

static void end_run(struct retention *retention, int64_t pause_ms)
{
    if (retention->erased)
        log_info("store", "the payloads of %llu events were erased, their time was up",
                 (unsigned long long)retention->erased);
    retention->erased = 0;
    retention->pass = PASS_COUNT;
    retention->not_before_ms = steady_ms(retention) + pause_ms;
}

static void end_step(struct retention *retention)
{
    retention->next[retention->pass] = retention->reached;
    retention->range_count = 0;
    if (retention->ends && ++retention->pass == PASS_COUNT)
        end_run(retention, day_ms - (RETENTION_MORNING - RETENTION_NIGHT) * 60 * 60 * 1000);
}

// ---- what goes

static void add_event(struct retention *retention, uint64_t seq)
{
    struct store_range *last = retention->range_count ? &retention->ranges[retention->range_count - 1] : NULL;
    retention->erased++;
    if (last && last->last + 1 == seq) {
        last->last = seq;
        return;
    }
    mem_reserve(&retention->ranges, &retention->range_capacity, retention->range_count + 1, sizeof *retention->ranges);
    retention->ranges[retention->range_count++] = (struct store_range){seq, seq};
}

// What replaced it is old enough, too.
static void add_replaced(struct retention *retention, const struct store_event *stored)
{
    owned(bytes) struct event *event = mem_new(1, sizeof *event);
    struct fault why;
    if (!event_read(event, stored->payload, stored->length, &why))
        return;
    struct newest *before = sorted_table_take(&retention->newest, event->record.id);
    if (before)
        add_event(retention, before->seq);
    free(before);
    if (event_removes(event)) {
        add_event(retention, stored->seq);
        return;
    }
    struct newest *newest = mem_new(1, sizeof *newest);
    TEXT_PUT(newest->id, event->record.id);
    newest->seq = stored->seq;
    sorted_table_put(&retention->newest, newest);
}

static void look_at(struct retention *retention, const struct store_event *stored)
{
    static const enum event_keep keeps[] = {
        [PASS_AUDIT] = EVENT_KEEP_AUDIT, [PASS_REPLACED] = EVENT_KEEP_REPLACED, [PASS_SESSIONS] = EVENT_KEEP_SESSIONS};
    if (retention->pass == PASS_PRUNE || !stored->payload ||
        event_keep(stored->payload, stored->length) != keeps[retention->pass])
        return;
    if (retention->pass == PASS_REPLACED)
        add_replaced(retention, stored);
    else
        add_event(retention, stored->seq);
}

static void store_answered(void *arg, enum store_outcome outcome, const struct fault *why)
{
    struct retention *retention = arg;
    assert(retention->busy); // else the store answers a second time
    retention->busy = false;
    switch (outcome) {
    case STORE_DURABLE:
        end_step(retention);
        break;
    case STORE_REFUSED:
        log_warn("store", "what is too old was not erased, will be tried again tomorrow: %s", why->text);
        retention->range_count = 0;
        sorted_table_clear(&retention->newest); // what was in the step is looked at again
        retention->next[PASS_REPLACED] = 0;
        retention->erased = 0;
        end_run(retention, day_ms);
        break;
    case STORE_UNKNOWN:
        retention->ports.die(retention->ports.arg, why);
        break;
    }
}

static void prune(struct retention *retention)
{
    int64_t too_old_ms = retention->ports.wall_ms(retention->ports.arg) - retention->ages_ms[PASS_PRUNE];
    const struct store_port *store = &retention->ports.store;
    if (!retention->oldest_ms || retention->oldest_ms > too_old_ms - RETENTION_PRUNE_DAYS * day_ms) {
        retention->reached = 0; // it begins at the first again
        end_step(retention);
        return;
    }
    log_info("store", "events up to %llu are removed from the journal, their time is up",
             (unsigned long long)retention->reached - 1);
    retention->busy = true;
    uint64_t last = retention->reached - 1;
    retention->reached = 0;
    store->prune(store->self, last, store_answered, retention);
}

static void page_read(void *arg, const struct store_event *events, size_t count, const struct fault *why)
{
    struct retention *retention = arg;
    const struct store_port *store = &retention->ports.store;
    int64_t too_old_ms = retention->ports.wall_ms(retention->ports.arg) - retention->ages_ms[retention->pass];
    assert(retention->busy);
    retention->busy = false;
    if (why) {
        log_warn("store", "what is too old was not looked for: %s", why->text);
        end_run(retention, day_ms);
        return;
    }
    size_t i = 0;
    for (; i < count && events[i].at_ms < too_old_ms && events[i].seq <= retention->limit; i++) {
        if (!retention->oldest_ms)
            retention->oldest_ms = events[i].at_ms;
        look_at(retention, &events[i]);
        retention->reached = events[i].seq + 1;
    }
    retention->ends = i < RETENTION_PAGE;
    if (retention->pass == PASS_PRUNE && retention->ends) {
        prune(retention);
    } else if (retention->range_count) {
        retention->busy = true;
        store->erase(store->self, retention->ranges, retention->range_count, store_answered, retention);
    } else {
        end_step(retention);
    }
}

// ---- when

static bool is_night(const struct retention *retention)
{
    int hour = clock_week_minute(retention->ports.wall_ms(retention->ports.arg)) / 60 % 24;
    return hour >= RETENTION_NIGHT && hour < RETENTION_MORNING;
}

// No payload goes that a replay would need: the snapshot comes first.
static void begin_run(struct retention *retention, struct snapshots *snapshots, const struct state *state,
                      const struct commit *commit)
{
    if (!is_night(retention) || steady_ms(retention) < retention->not_before_ms)
        return;
    snapshots_keep(snapshots, state, commit);
    retention->pass = 0;
}

void retention_sweep(struct retention *retention, struct snapshots *snapshots, const struct state *state,
                     const struct commit *commit)
{
    const struct store_port *store = &retention->ports.store;
    if (retention->busy)
        return;
    if (retention->pass == PASS_COUNT) {
        begin_run(retention, snapshots, state, commit);
        return;
    }
    while (retention->pass < PASS_COUNT && !retention->ages_ms[retention->pass])
        retention->pass++;
    if (retention->pass == PASS_COUNT) {
        end_run(retention, day_ms);
        return;
    }
    struct store_head head;
    store->head(store->self, &head);
    uint64_t *next = &retention->next[retention->pass];
    if (*next <= head.anchor)
        *next = head.anchor + 1;
    retention->limit = snapshots_kept(snapshots);
    retention->reached = *next;
    if (*next == head.anchor + 1)
        retention->oldest_ms = 0;
    retention->busy = true;
    store->read(store->self, *next, RETENTION_PAGE, page_read, retention);
}
