// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/unproven.h"
#include "broker/base/address.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/sorted_table.h"
#include "broker/base/text.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LATELY_MS = 60 * 1000, // a flood is over after so long without a drop for want of room; a line in the log as often
    TRIM_ENDED = 256,      // so many that have ended leave enough free memory behind for it to be looked for
};

enum group_kind { GROUP_ALL, GROUP_PORT, GROUP_NETWORK, GROUP_HANDSHAKES, GROUP_COUNT };

// The one that did a step last is the newest.
struct group {
    int64_t count;
    struct unproven *oldest, *newest;
};

struct network {
    char id[ADDRESS_NETWORK_TEXT_SIZE]; // the key
    struct group group;
};

struct unproven {
    struct unproven_table *table;
    struct group *groups[GROUP_COUNT]; // NULL: not in one of that kind
    struct {
        struct unproven *older, *newer;
    } at[GROUP_COUNT];
    struct network *network;
    int port;
    unproven_drop *drop;
    void *owner;
    int64_t step_ms;
    bool at_work;
};

struct port_record {
    struct group group;
    uint64_t dropped_full, dropped_late;
    int64_t flood_since_ms, last_full_ms; // 0: never
    uint64_t flood_dropped, not_logged;
    char network[ADDRESS_NETWORK_TEXT_SIZE]; // of the last one dropped for want of room
};

struct unproven_table {
    struct unproven_limits limits;
    struct group all, handshakes;
    struct sorted_table networks;
    struct port_record ports[UNPROVEN_PORTS_MAX];
    const char *const *names; // of the ports
    int port_count;
    int64_t logged_ms; // 0: never
    int64_t trimmed_ms;
    int64_t ended; // since then
};

struct unproven_table *unproven_table_new(const struct unproven_limits *limits, const char *const *ports)
{
    struct unproven_table *table = mem_new(1, sizeof *table);
    assert(limits->all > 0 && limits->port > 0 && limits->network > 0 && limits->handshakes > 0);
    table->limits = *limits;
    table->names = ports;
    while (ports[table->port_count])
        table->port_count++;
    assert(table->port_count <= UNPROVEN_PORTS_MAX);
    return table;
}

void unproven_table_free(struct unproven_table *table)
{
    if (!table)
        return;
    assert(!table->all.count && !table->networks.count);
    sorted_table_clear(&table->networks);
    free(table);
}

// ---- groups

static void join_group(struct unproven *one, enum group_kind kind, struct group *group)
{
    assert(!one->groups[kind]);
    one->groups[kind] = group;
    one->at[kind].newer = NULL;
    one->at[kind].older = group->newest;
    if (group->newest)
        group->newest->at[kind].newer = one;
    else
        group->oldest = one;
    group->newest = one;
    group->count++;
}

static void leave_group(struct unproven *one, enum group_kind kind)
{
    struct group *group = one->groups[kind];
    struct unproven *older = one->at[kind].older, *newer = one->at[kind].newer;
    if (!group)
        return;
    *(older ? &older->at[kind].newer : &group->oldest) = newer;
    *(newer ? &newer->at[kind].older : &group->newest) = older;
    one->groups[kind] = NULL;
    group->count--;
}

static void make_newest(struct unproven *one)
{
    for (enum group_kind kind = 0; kind < GROUP_COUNT; kind++) {
        struct group *group = one->groups[kind];
        if (!group)
            continue;
        leave_group(one, kind);
        join_group(one, kind, group);
    }
}

static void network_of(char id[ADDRESS_NETWORK_TEXT_SIZE], const struct sockaddr_storage *from)
{
    struct address address;
    id[0] = 0;
    if (address_of_socket(&address, (const struct sockaddr *)from))
        address_network_print(id, &address);
}

static struct network *find_network(struct unproven_table *table, const struct sockaddr_storage *from)
{
    char id[ADDRESS_NETWORK_TEXT_SIZE];
    network_of(id, from);
    struct network *network = sorted_table_find(&table->networks, id);
    if (network)
        return network;
    network = mem_new(1, sizeof *network);
    TEXT_PUT(network->id, id);
    sorted_table_put(&table->networks, network);
    return network;
}

// ---- what is dropped

static void note_full(struct port_record *record, const char *network, int64_t now_ms)
{
    if (!record->last_full_ms || now_ms - record->last_full_ms > LATELY_MS) {
        record->flood_since_ms = now_ms;
        record->flood_dropped = 0;
    }
    record->last_full_ms = now_ms;
    record->flood_dropped++;
    record->not_logged++;
    record->dropped_full++;
    text_cut(record->network, sizeof record->network, network);
}

static bool drop_one(struct unproven *one)
{
    unproven_drop *drop = one->drop;
    void *owner = one->owner;
    unproven_remove(one);
    return drop(owner);
}

static void drop_oldest(struct group *group, enum group_kind kind, int64_t now_ms)
{
    char network[ADDRESS_NETWORK_TEXT_SIZE];
    struct unproven *oldest = group->oldest;
    while (oldest != group->newest && oldest->at_work)
        oldest = oldest->at[kind].newer;
    if (oldest == group->newest) // perhaps the one for whom there is to be room
        oldest = group->oldest;
    struct port_record *record = &oldest->table->ports[oldest->port];
    TEXT_PUT(network, oldest->network->id);
    if (drop_one(oldest))
        note_full(record, network, now_ms);
}

// At most one too many, since one comes at a time. It is the newest, and never makes room itself.
static void hold_limits(struct unproven *one, int64_t now_ms)
{
    const struct unproven_limits *limits = &one->table->limits;
    const int64_t most[GROUP_COUNT] = {limits->all, limits->port, limits->network, limits->handshakes};
    for (enum group_kind kind = 0; kind < GROUP_COUNT; kind++)
        if (one->groups[kind] && one->groups[kind]->count > most[kind])
            drop_oldest(one->groups[kind], kind, now_ms);
}

bool unproven_make_room(struct unproven_table *table, int64_t now_ms)
{
    if (!table->all.count)
        return false;
    drop_oldest(&table->all, GROUP_ALL, now_ms);
    return true;
}

// ---- one connection

struct unproven *unproven_add(struct unproven_table *table, int port, const struct sockaddr_storage *from,
                              unproven_drop *drop, void *owner, int64_t now_ms)
{
    struct unproven *one = mem_new(1, sizeof *one);
    one->table = table;
    one->port = port;
    one->network = find_network(table, from);
    one->drop = drop;
    one->owner = owner;
    one->step_ms = now_ms;
    join_group(one, GROUP_ALL, &table->all);
    join_group(one, GROUP_PORT, &table->ports[port].group);
    join_group(one, GROUP_NETWORK, &one->network->group);
    hold_limits(one, now_ms);
    return one;
}

void unproven_handshake(struct unproven *one, unproven_drop *drop, void *owner, int64_t now_ms)
{
    one->drop = drop;
    one->owner = owner;
    unproven_step(one, false, now_ms);
    join_group(one, GROUP_HANDSHAKES, &one->table->handshakes);
    hold_limits(one, now_ms);
}

void unproven_step(struct unproven *one, bool at_work, int64_t now_ms)
{
    assert(one->groups[GROUP_ALL] && now_ms >= one->step_ms);
    one->step_ms = now_ms;
    one->at_work = at_work;
    make_newest(one);
}

static void forget_network(struct unproven_table *table, const struct network *network)
{
    if (!network->group.count)
        free(sorted_table_take(&table->networks, network->id));
}

void unproven_move(struct unproven *one, const struct sockaddr_storage *from, int64_t now_ms)
{
    const struct network *before = one->network;
    leave_group(one, GROUP_NETWORK);
    one->network = find_network(one->table, from);
    join_group(one, GROUP_NETWORK, &one->network->group);
    forget_network(one->table, before);
    hold_limits(one, now_ms);
}

void unproven_remove(struct unproven *one)
{
    if (!one)
        return;
    one->table->ended++;
    for (enum group_kind kind = 0; kind < GROUP_COUNT; kind++)
        leave_group(one, kind);
    forget_network(one->table, one->network);
    free(one);
}

// ---- from time to time

static void drop_late(struct unproven_table *table, int64_t now_ms)
{
    for (struct unproven *one = table->all.oldest; one && now_ms - one->step_ms > table->limits.patience_ms;) {
        struct unproven *newer = one->at[GROUP_ALL].newer;
        struct port_record *record = &table->ports[one->port];
        if (!one->at_work)
            record->dropped_late += drop_one(one);
        one = newer;
    }
}

static void log_dropped(struct unproven_table *table, int64_t now_ms)
{
    if (table->logged_ms && now_ms - table->logged_ms < LATELY_MS)
        return;
    for (int port = 0; port < table->port_count; port++) {
        struct port_record *record = &table->ports[port];
        if (!record->not_logged)
            continue;
        log_warn("flood",
                 "%s: %llu connections that had proven nothing were dropped to make room, the last one from %s; "
                 "see FLOODS in the manual",
                 table->names[port], (unsigned long long)record->not_logged, record->network);
        record->not_logged = 0;
        table->logged_ms = now_ms;
    }
}

// glibc keeps what was freed between what is still in use: nearly all that a flood took. Looking for it takes some
// milliseconds.
static void give_memory_back(struct unproven_table *table, int64_t now_ms)
{
    if (table->ended < TRIM_ENDED || table->all.count > TRIM_ENDED / 4)
        return;
    if (table->trimmed_ms && now_ms - table->trimmed_ms < LATELY_MS)
        return;
    table->trimmed_ms = now_ms;
    table->ended = 0;
    malloc_trim(0);
}

void unproven_sweep(struct unproven_table *table, int64_t now_ms)
{
    drop_late(table, now_ms);
    log_dropped(table, now_ms);
    give_memory_back(table, now_ms);
}

void unproven_figures(const struct unproven_table *table, int port, int64_t now_ms, struct unproven_figures *figures)
{
    const struct port_record *record = &table->ports[port];
    *figures = (struct unproven_figures){
        .unproven = (uint64_t)record->group.count,
        .dropped_full = record->dropped_full,
        .dropped_late = record->dropped_late,
    };
    if (!record->last_full_ms || now_ms - record->last_full_ms > LATELY_MS)
        return;
    figures->flood_since_ms = record->flood_since_ms;
    figures->flood_dropped = record->flood_dropped;
    TEXT_PUT(figures->network, record->network);
}
