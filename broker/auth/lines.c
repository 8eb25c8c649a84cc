// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/lines.h"
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

struct line {
    struct lines *lines;
    struct ldap_link *link;
    struct loop_watch *watch;
    enum errand_kind kind;
    size_t server, number; // which server, and where it stands among its kind
    uint64_t heard;        // the turn in which something came last
    bool draining, lost;
    unsigned strangers;
    struct errand *flights[FLIGHTS_MAX];
    size_t flight_count;
};

struct kind {
    struct line *lines[LINES_MAX];
    size_t count, most;
    size_t flights; // at a time on one line
    struct errand *waiting;
    size_t next; // where to look for room first
};

struct lines {
    struct loop *loop;
    struct connector *connector;
    struct loop_timer *failing; // tells errands that had too many losses, later
    struct errand *failed;
    struct kind kinds[ERRAND_KINDS];
    size_t wanted; // links asked for and not come yet
    uint64_t turn; // counts what is sent and heard, to tell which was first
};

static void pump(struct lines *lines, struct kind *kind);

static void line_dispose(struct line *line)
{
    ldap_link_close(line->link);
    free(line);
}

// Its errands go back to the head of the queue, or have failed for good.
static void give_back(struct line *line)
{
    struct lines *lines = line->lines;
    for (size_t i = line->flight_count; i-- > 0;) {
        struct errand *errand = line->flights[i];
        errand->line = NULL;
        errand->state = ERRAND_WAITING;
        if (++errand->losses <= LOSSES_MAX) {
            DL_PREPEND(lines->kinds[line->kind].waiting, errand);
            continue;
        }
        DL_APPEND(lines->failed, errand);
        loop_timer_start(lines->failing, 0);
    }
    line->flight_count = 0;
}

static void line_lose(struct line *line)
{
    if (line->lost)
        return;
    struct kind *kind = &line->lines->kinds[line->kind];
    line->lost = true;
    kind->lines[line->number] = kind->lines[--kind->count];
    kind->lines[line->number]->number = line->number;
    loop_watch_free(line->watch);
    give_back(line);
    if (!line->draining)
        line_dispose(line);
}

static void take_off(struct line *line, struct errand *errand)
{
    size_t i = 0;
    while (line->flights[i] != errand)
        i++;
    line->flights[i] = line->flights[--line->flight_count];
    errand->line = NULL;
    errand->state = ERRAND_IDLE;
}

static struct errand *find_flight(struct line *line, int id)
{
    for (size_t i = 0; i < line->flight_count; i++)
        if (line->flights[i]->id == id)
            return line->flights[i];
    return NULL;
}

static bool answered(void *arg, int id, const struct entry *entry, const struct result *result)
{
    struct line *line = arg;
    struct errand *errand = find_flight(line, id);
    if (!errand)
        return ++line->strangers < STRANGERS_MAX;
    if (entry) {
        errand->row->entry(errand, entry);
        return !line->lost;
    }
    take_off(line, errand);
    errand->row->done(errand, result);
    return !line->lost;
}

static void line_ready(void *arg, bool readable, bool writable)
{
    struct line *line = arg;
    struct lines *lines = line->lines;
    struct kind *kind = &lines->kinds[line->kind];
    (void)readable;
    (void)writable;
    line->heard = ++lines->turn;
    line->strangers = 0;
    line->draining = true;
    bool alive = ldap_link_drain(line->link, answered, line);
    line->draining = false;
    if (line->lost)
        line_dispose(line);
    else if (!alive)
        line_lose(line);
    pump(lines, kind);
}

// False when the line is gone.
static bool put_on(struct line *line, struct errand *errand)
{
    line->flights[line->flight_count++] = errand;
    errand->line = line;
    errand->state = ERRAND_SENT;
    errand->sent = ++line->lines->turn;
    if (errand->row->send(errand, line->link, &errand->id))
        return true;
    line_lose(line);
    return false;
}

// The next line in turn with room for one more; NULL without one.
static struct line *line_with_room(struct kind *kind)
{
    for (size_t i = 0; i < kind->count; i++) {
        struct line *line = kind->lines[kind->next++ % kind->count];
        if (line->flight_count < kind->flights)
            return line;
    }
    return NULL;
}

static size_t missing(const struct kind *kind)
{
    size_t waiting = 0, room = kind->most - kind->count;
    for (const struct errand *errand = kind->waiting; errand && waiting < room * kind->flights; errand = errand->next)
        waiting++;
    return (waiting + kind->flights - 1) / kind->flights;
}

static void ask_for_lines(struct lines *lines)
{
    size_t needed = missing(&lines->kinds[ERRAND_BIND]) + missing(&lines->kinds[ERRAND_SEARCH]);
    if (needed <= lines->wanted)
        return;
    connector_want(lines->connector, needed - lines->wanted);
    lines->wanted = needed;
}

static void pump(struct lines *lines, struct kind *kind)
{
    while (kind->waiting) {
        struct line *line = line_with_room(kind);
        if (!line)
            break;
        struct errand *errand = kind->waiting;
        DL_DELETE(kind->waiting, errand);
        put_on(line, errand);
    }
    if (kind->waiting)
        ask_for_lines(lines);
}

static void pump_all(struct lines *lines)
{
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        pump(lines, &lines->kinds[k]);
}

static void tell_failed(void *arg)
{
    struct lines *lines = arg;
    while (lines->failed) {
        struct errand *errand = lines->failed;
        DL_DELETE(lines->failed, errand);
        errand->state = ERRAND_IDLE;
        errand->row->done(errand, NULL);
    }
}

struct lines *lines_new(struct loop *loop, struct connector *connector, size_t binds)
{
    assert(binds > 0 && binds <= LINES_MAX);
    struct lines *lines = mem_new(1, sizeof *lines);
    lines->loop = loop;
    lines->connector = connector;
    lines->failing = loop_timer_new(loop, tell_failed, lines);
    lines->kinds[ERRAND_BIND] = (struct kind){.most = binds, .flights = 1};
    lines->kinds[ERRAND_SEARCH] = (struct kind){.most = SEARCH_LINES, .flights = FLIGHTS_MAX};
    return lines;
}

void lines_free(struct lines *lines)
{
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        while (lines->kinds[k].count > 0)
            line_lose(lines->kinds[k].lines[0]);
    loop_timer_free(lines->failing);
    free(lines);
}

void lines_send(struct lines *lines, struct errand *errand, const struct errand_row *row)
{
    assert(errand->state == ERRAND_IDLE);
    struct kind *kind = &lines->kinds[row->kind];
    errand->row = row;
    errand->losses = 0;
    errand->state = ERRAND_WAITING;
    DL_APPEND(kind->waiting, errand);
    pump(lines, kind);
}

// The server that left an errand without an answer: its other lines are not trusted either if it said nothing on them.
static void blame(struct lines *lines, size_t server, uint64_t since)
{
    connector_blame(lines->connector, server);
    for (size_t k = 0; k < ERRAND_KINDS; k++)
        for (size_t i = lines->kinds[k].count; i-- > 0;) {
            struct line *line = lines->kinds[k].lines[i];
            if (line->server == server && line->heard < since)
                line_lose(line);
        }
}

// Somebody gave up waiting for this line.
static void cancel_flight(struct lines *lines, struct line *line, struct errand *errand)
{
    take_off(line, errand);
    if (line->heard < errand->sent)
        blame(lines, line->server, errand->sent);
    else if (line->kind == ERRAND_BIND)
        line_lose(line);
    else
        ldap_link_abandon(line->link, errand->id);
}

void lines_cancel(struct lines *lines, struct errand *errand)
{
    if (errand->state == ERRAND_SENT) {
        cancel_flight(lines, errand->line, errand);
        pump_all(lines); // what waited for a line that is gone now
    } else if (errand->state == ERRAND_WAITING) {
        struct errand **queue = errand->losses > LOSSES_MAX ? &lines->failed : &lines->kinds[errand->row->kind].waiting;
        DL_DELETE(*queue, errand);
    }
    errand->state = ERRAND_IDLE;
}

// A line for searches first: without one nothing is found.
static struct kind *kind_to_serve(struct lines *lines, enum errand_kind *number)
{
    struct kind *binds = &lines->kinds[ERRAND_BIND], *searches = &lines->kinds[ERRAND_SEARCH];
    bool search = searches->count == 0 || binds->count == binds->most || (searches->waiting && !binds->waiting);
    *number = search ? ERRAND_SEARCH : ERRAND_BIND;
    return &lines->kinds[*number];
}

void lines_add(struct lines *lines, struct ldap_link *link, size_t server)
{
    enum errand_kind number;
    struct kind *kind = kind_to_serve(lines, &number);
    lines->wanted -= lines->wanted > 0;
    if (kind->count == kind->most) {
        ldap_link_close(link);
        return;
    }
    struct line *line = mem_new(1, sizeof *line);
    *line = (struct line){.lines = lines, .link = link, .kind = number, .server = server, .number = kind->count};
    line->heard = ++lines->turn;
    kind->lines[kind->count++] = line;
    line->watch = loop_watch_new(lines->loop, ldap_link_descriptor(link), line_ready, line);
    loop_watch_set(line->watch, true, false);
    pump_all(lines); // it may serve the one kind and leave the other waiting: then another is asked for
}

size_t lines_count(const struct lines *lines)
{
    return lines->kinds[ERRAND_BIND].count + lines->kinds[ERRAND_SEARCH].count;
}

bool lines_any(const struct lines *lines)
{
    return lines_count(lines) > 0;
}
