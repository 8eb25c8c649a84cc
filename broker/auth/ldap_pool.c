// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/ldap_pool.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

enum {
    LINES_MAX = 64,
    SEARCH_LINES = 4,
    // Searches on one line: slapd works on half as many as it has threads (16) and puts off the rest. It also is little
    // enough to always fit the socket's buffer.
    FLIGHTS_MAX = 8,
    LOSSES_MAX = 2,     // of connections under one errand: it may be what kills them
    STRANGERS_MAX = 64, // answers in one go that nobody waits for; more is no directory
};

struct pool_connection {
    struct ldap_pool *pool;
    struct ldap_link *link;
    struct loop_watch *watch;
    enum operation_kind kind;
    size_t server, number; // which server, and where it stands among its kind
    uint64_t heard;        // the turn in which something came last
    bool draining, lost;
    unsigned strangers;
    struct operation *flights[FLIGHTS_MAX];
    size_t flight_count;
};

struct kind {
    struct pool_connection *pool[LINES_MAX];
    size_t count, most;
    size_t flights; // at a time on one line
    struct operation *waiting;
    size_t next; // where to look for room first
};

struct ldap_pool {
    struct loop *loop;
    struct connector *connector;
    struct loop_timer *failing; // tells errands that had too many losses, later
    struct operation *failed;
    struct kind kinds[ERRAND_KINDS];
    struct pool_connection *answering; // whose answer is being handed on
    size_t wanted;                     // links asked for and not come yet
    uint64_t turn;                     // counts what is sent and heard, to tell which was first
};

static void pump_waiting(struct ldap_pool *pool, struct kind *kind);

static void line_dispose(struct pool_connection *connection)
{
    ldap_link_close(connection->link);
    free(connection);
}

// Its errands go back to the head of the queue, or have failed for good.
static void give_back(struct pool_connection *connection)
{
    struct ldap_pool *pool = connection->pool;
    for (size_t i = connection->flight_count; i-- > 0;) {
        struct operation *operation = connection->flights[i];
        operation->connection = NULL;
        operation->state = ERRAND_WAITING;
        if (++operation->losses <= LOSSES_MAX) {
            DL_PREPEND(pool->kinds[connection->kind].waiting, operation);
            continue;
        }
        DL_APPEND(pool->failed, operation);
        loop_timer_start(pool->failing, 0);
    }
    connection->flight_count = 0;
}

static void line_lose(struct pool_connection *connection)
{
    if (connection->lost)
        return;
    struct kind *kind = &connection->pool->kinds[connection->kind];
    connection->lost = true;
    kind->pool[connection->number] = kind->pool[--kind->count];
    kind->pool[connection->number]->number = connection->number;
    loop_watch_free(connection->watch);
    give_back(connection);
    if (!connection->draining)
        line_dispose(connection);
}

static void take_off(struct pool_connection *connection, struct operation *operation)
{
    size_t i = 0;
    while (connection->flights[i] != operation)
        i++;
    connection->flights[i] = connection->flights[--connection->flight_count];
    operation->connection = NULL;
    operation->state = ERRAND_IDLE;
}

static struct operation *find_flight(struct pool_connection *connection, int id)
{
    for (size_t i = 0; i < connection->flight_count; i++)
        if (connection->flights[i]->id == id)
            return connection->flights[i];
    return NULL;
}

static bool operation_answered(void *arg, int id, const struct ldap_entry *entry, const struct ldap_result *result)
{
    struct pool_connection *connection = arg;
    struct operation *operation = find_flight(connection, id);
    if (!operation)
        return ++connection->strangers < STRANGERS_MAX;
    if (entry) {
        operation->row->entry(operation, entry);
        return !connection->lost;
    }
    take_off(connection, operation);
    connection->pool->answering = connection;
    operation->row->done(operation, result);
    connection->pool->answering = NULL;
    return !connection->lost;
}

static void line_ready(void *arg, bool readable, bool writable)
{
    struct pool_connection *connection = arg;
    struct ldap_pool *pool = connection->pool;
    struct kind *kind = &pool->kinds[connection->kind];
    (void)readable;
    (void)writable;
    connection->heard = ++pool->turn;
    connection->strangers = 0;
    connection->draining = true;
    bool alive = ldap_link_drain(connection->link, operation_answered, connection);
    connection->draining = false;
    if (connection->lost)
        line_dispose(connection);
    else if (!alive)
        line_lose(connection);
    pump_waiting(pool, kind);
}

// False when the line is gone.
static bool put_on(struct pool_connection *connection, struct operation *operation)
{
    connection->flights[connection->flight_count++] = operation;
    operation->connection = connection;
    operation->state = ERRAND_SENT;
    operation->sent = ++connection->pool->turn;
    if (operation->row->send(operation, connection->link, &operation->id))
        return true;
    line_lose(connection);
    return false;
}

// The next line in turn with room for one more; NULL without one.
static struct pool_connection *line_with_room(struct kind *kind)
{
    for (size_t i = 0; i < kind->count; i++) {
        struct pool_connection *connection = kind->pool[kind->next++ % kind->count];
        if (connection->flight_count < kind->flights)
            return connection;
    }
    return NULL;
}

static size_t missing_connections(const struct kind *kind)
{
    size_t waiting = 0, room = kind->most - kind->count;
    for (const struct operation *operation = kind->waiting; operation && waiting < room * kind->flights;
         operation = operation->next)
        waiting++;
    return (waiting + kind->flights - 1) / kind->flights;
}

static void ask_for_lines(struct ldap_pool *pool)
{
    size_t needed = missing_connections(&pool->kinds[ERRAND_BIND]) + missing_connections(&pool->kinds[ERRAND_SEARCH]);
    if (needed <= pool->wanted)
        return;
    connector_want(pool->connector, needed - pool->wanted);
    pool->wanted = needed;
}

static void pump_waiting(struct ldap_pool *pool, struct kind *kind)
{
    while (kind->waiting) {
        struct pool_connection *connection = line_with_room(kind);
        if (!connection)
            break;
        struct operation *operation = kind->waiting;
        DL_DELETE(kind->waiting, operation);
        put_on(connection, operation);
    }
    if (kind->waiting)
        ask_for_lines(pool);
}

static void pump_all(struct ldap_pool *pool)
{
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        pump_waiting(pool, &pool->kinds[k]);
}

static void tell_failed(void *arg)
{
    struct ldap_pool *pool = arg;
    while (pool->failed) {
        struct operation *operation = pool->failed;
        DL_DELETE(pool->failed, operation);
        operation->state = ERRAND_IDLE;
        operation->row->done(operation, NULL);
    }
}

struct ldap_pool *ldap_pool_new(struct loop *loop, struct connector *connector, size_t binds)
{
    assert(binds > 0 && binds <= LINES_MAX);
    struct ldap_pool *pool = mem_new(1, sizeof *pool);
    pool->loop = loop;
    pool->connector = connector;
    pool->failing = loop_timer_new(loop, tell_failed, pool);
    pool->kinds[ERRAND_BIND] = (struct kind){.most = binds, .flights = 1};
    pool->kinds[ERRAND_SEARCH] = (struct kind){.most = SEARCH_LINES, .flights = FLIGHTS_MAX};
    return pool;
}

void ldap_pool_free(struct ldap_pool *pool)
{
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        while (pool->kinds[k].count > 0)
            line_lose(pool->kinds[k].pool[0]);
    loop_timer_free(pool->failing);
    free(pool);
}

void ldap_pool_send(struct ldap_pool *pool, struct operation *operation, const struct operation_row *row)
{
    assert(operation->state == ERRAND_IDLE);
    struct kind *kind = &pool->kinds[row->kind];
    operation->row = row;
    operation->losses = 0;
    operation->state = ERRAND_WAITING;
    DL_APPEND(kind->waiting, operation);
    pump_waiting(pool, kind);
}

// The server that left an errand without an answer: its other lines are not trusted either if it said nothing on them.
static void blame_server(struct ldap_pool *pool, size_t server, uint64_t since)
{
    connector_blame(pool->connector, server);
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        for (size_t i = pool->kinds[k].count; i-- > 0;) {
            struct pool_connection *connection = pool->kinds[k].pool[i];
            if (connection->server == server && connection->heard < since)
                line_lose(connection);
        }
}

// Somebody gave up waiting for this line.
static void cancel_flight(struct ldap_pool *pool, struct pool_connection *connection, struct operation *operation)
{
    take_off(connection, operation);
    if (connection->heard < operation->sent)
        blame_server(pool, connection->server, operation->sent);
    else if (connection->kind == ERRAND_BIND)
        line_lose(connection);
    else
        ldap_link_abandon(connection->link, operation->id);
}

void ldap_pool_cancel(struct ldap_pool *pool, struct operation *operation)
{
    if (operation->state == ERRAND_SENT) {
        cancel_flight(pool, operation->connection, operation);
        pump_all(pool); // what waited for a line that is gone now
    } else if (operation->state == ERRAND_WAITING) {
        struct operation **queue =
            operation->losses > LOSSES_MAX ? &pool->failed : &pool->kinds[operation->row->kind].waiting;
        DL_DELETE(*queue, operation);
    }
    operation->state = ERRAND_IDLE;
}

struct ldap_link *ldap_pool_take(struct ldap_pool *pool)
{
    struct pool_connection *connection = pool->answering;
    assert(connection && connection->kind == ERRAND_BIND && connection->flight_count == 0);
    struct ldap_link *link = take(connection->link);
    line_lose(connection);
    return link;
}

// A line for searches first: without one nothing is found.
static struct kind *kind_to_serve(struct ldap_pool *pool, enum operation_kind *number)
{
    struct kind *binds = &pool->kinds[ERRAND_BIND], *searches = &pool->kinds[ERRAND_SEARCH];
    bool search = searches->count == 0 || binds->count == binds->most || (searches->waiting && !binds->waiting);
    *number = search ? ERRAND_SEARCH : ERRAND_BIND;
    return &pool->kinds[*number];
}

void ldap_pool_add(struct ldap_pool *pool, struct ldap_link *link, size_t server)
{
    enum operation_kind number;
    struct kind *kind = kind_to_serve(pool, &number);
    pool->wanted -= pool->wanted > 0;
    if (kind->count == kind->most) {
        ldap_link_close(link);
        return;
    }
    struct pool_connection *connection = mem_new(1, sizeof *connection);
    *connection =
        (struct pool_connection){.pool = pool, .link = link, .kind = number, .server = server, .number = kind->count};
    connection->heard = ++pool->turn;
    kind->pool[kind->count++] = connection;
    connection->watch = loop_watch_new(pool->loop, ldap_link_descriptor(link), line_ready, connection);
    loop_watch_set(connection->watch, true, false);
    pump_all(pool); // it may serve the one kind and leave the other waiting: then another is asked for
}

size_t ldap_pool_count(const struct ldap_pool *pool)
{
    return pool->kinds[ERRAND_BIND].count + pool->kinds[ERRAND_SEARCH].count;
}

bool ldap_pool_any(const struct ldap_pool *pool)
{
    return ldap_pool_count(pool) > 0;
}
