// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/state.h"
#include "broker/api/codec.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    enum noun noun;
    size_t offset; // of the owner's id
} orders[STATE_ORDER_COUNT] = {
    [SESSIONS_OF_HOST] = {NOUN_SESSION, offsetof(struct session, host)},
    [SESSIONS_OF_DEVICE] = {NOUN_SESSION, offsetof(struct session, device)},
    [SESSIONS_OF_PERSON] = {NOUN_SESSION, offsetof(struct session, person)},
    [HOSTS_OF_POOL] = {NOUN_HOST, offsetof(struct host, pool)},
    [DEVICES_OF_SITE] = {NOUN_DEVICE, offsetof(struct device, site)},
    [GRANTS_TO_TENANT] = {NOUN_GRANT, offsetof(struct grant, to)},
    [FACTORS_OF_PERSON] = {NOUN_FACTOR, offsetof(struct factor, person)},
};

struct state {
    struct sorted_table tables[NOUN_COUNT];
    struct sorted_table orders[STATE_ORDER_COUNT]; // the same records, by whom they belong to
    struct state_clock clock;
    struct session *ended; // the last ones, oldest first from `ended_at` on once there are STATE_ENDED_MAX
    size_t ended_count, ended_capacity, ended_at;
};

struct state *state_new(void)
{
    struct state *state = mem_new(1, sizeof *state);
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++)
        state->orders[order].key_offset = orders[order].offset;
    return state;
}

void state_set_clock(struct state *state, const struct state_clock *clock)
{
    assert(clock->now_ms);
    state->clock = *clock;
}

int64_t state_now_ms(const struct state *state)
{
    return state->clock.now_ms ? state->clock.now_ms(state->clock.arg) : INT64_MAX;
}

void state_clear(struct state *state)
{
    state->ended_count = state->ended_at = 0;
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++)
        sorted_table_forget(&state->orders[order]);
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        sorted_table_clear(&state->tables[noun]);
}

void state_free(struct state *state)
{
    if (!state)
        return;
    state_clear(state);
    free(state->ended);
    free(state);
}

// Where the count of uses stands: behind the record, whose size depends on the noun.
static int64_t *uses_of(enum noun noun, void *kept)
{
    size_t offset = (noun_rows[noun].size + 7) & ~(size_t)7;
    return (int64_t *)(void *)((char *)kept + offset);
}

static void *keep(enum noun noun, const void *record)
{
    size_t size = noun_rows[noun].size;
    void *kept = mem_new(1, ((size + 7) & ~(size_t)7) + sizeof(int64_t));
    memcpy(kept, record, size);
    return kept;
}

// But for those that `same`, the record before or after it (or NULL), has as well.
static void count_references(struct state *state, enum noun noun, const void *record, const void *same, int64_t step)
{
    for (const struct field *field = noun_rows[noun].fields; field->name; field++) {
        if (field->type != FIELD_ID || field->refers == NOUN_NONE)
            continue;
        const char *id = (const char *)record + field->offset;
        if (same && text_equal(id, (const char *)same + field->offset))
            continue;
        void *kept = *id ? sorted_table_find(&state->tables[field->refers], id) : NULL;
        if (!kept)
            continue;
        int64_t *uses = uses_of(field->refers, kept);
        *uses += step;
        assert(*uses >= 0);
    }
}

// Printers may be each other's substitutes, so that one is named before it is there.
static int64_t substitutes_of(const struct state *state, const char *printer_id)
{
    int64_t count = 0;
    const struct sorted_table *printers = &state->tables[NOUN_PRINTER];
    for (size_t i = 0; i < printers->count; i++) {
        const struct printer *printer = printers->records[i];
        count += text_equal(printer->substitute, printer_id) && !text_equal(printer->id, printer_id);
    }
    return count;
}

static int64_t count_in_table(const struct sorted_table *table, const struct field *field, const char *id)
{
    int64_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        count += text_equal((const char *)table->records[i] + field->offset, id);
    return count;
}

// What another tenant was granted may go when that is over, while its records still name it, and come back.
static int64_t count_granted(const struct state *state, enum noun noun, const char *id)
{
    int64_t count = 0;
    for (enum noun by = 0; by < NOUN_COUNT; by++)
        for (const struct field *field = noun_rows[by].fields; field->name; field++)
            if (field->type == FIELD_ID && field->refers == noun && (field->flags & FIELD_GRANTED))
                count += count_in_table(&state->tables[by], field, id);
    return count;
}

// A device may go while a session that nobody sees was last opened there, and come back, too; nothing else goes while
// sessions refer to it.
static int64_t uses_of_new(const struct state *state, enum noun noun, const char *id)
{
    int64_t count = count_granted(state, noun, id) + (noun == NOUN_PRINTER ? substitutes_of(state, id) : 0);
    if (noun != NOUN_DEVICE)
        return count;
    struct session_walk walk = state_sessions_of(state, SESSIONS_OF_DEVICE, id);
    while (state_next_session(&walk))
        count++;
    return count;
}

static void enter_order(struct state *state, enum state_order order, void *kept)
{
    void *replaced = sorted_table_put(&state->orders[order], kept);
    assert(!replaced);
}

static void leave_order(struct state *state, enum state_order order, void *kept)
{
    void *taken = sorted_table_take_record(&state->orders[order], kept);
    assert(taken == kept);
}

static bool has_same_owner(enum state_order order, const void *a, const void *b)
{
    return text_equal((const char *)a + orders[order].offset, (const char *)b + orders[order].offset);
}

// In its place: most changes leave a record where it stands in all orders.
static void write_over(struct state *state, enum noun noun, void *kept, const void *record)
{
    bool moves[STATE_ORDER_COUNT];
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++) {
        moves[order] = orders[order].noun == noun && !has_same_owner(order, kept, record);
        if (moves[order])
            leave_order(state, order, kept);
    }
    memcpy(kept, record, noun_rows[noun].size);
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++)
        if (moves[order])
            enter_order(state, order, kept);
}

static void change_record(struct state *state, enum noun noun, void *kept, const void *record)
{
    count_references(state, noun, kept, record, -1);
    count_references(state, noun, record, kept, 1);
    write_over(state, noun, kept, record);
}

static void add_record(struct state *state, enum noun noun, const void *record)
{
    void *kept = keep(noun, record);
    void *replaced = sorted_table_put(&state->tables[noun], kept);
    assert(!replaced);
    *uses_of(noun, kept) = uses_of_new(state, noun, record);
    count_references(state, noun, record, NULL, 1);
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++)
        if (orders[order].noun == noun)
            enter_order(state, order, kept);
}

static void put(struct state *state, enum noun noun, const void *record)
{
    void *kept = sorted_table_find(&state->tables[noun], record);
    if (kept)
        change_record(state, noun, kept, record);
    else
        add_record(state, noun, record);
}

static void drop(struct state *state, enum noun noun, const char *id)
{
    void *old = sorted_table_take(&state->tables[noun], id);
    if (!old)
        return;
    count_references(state, noun, old, NULL, -1);
    for (enum state_order order = 0; order < STATE_ORDER_COUNT; order++)
        if (orders[order].noun == noun)
            leave_order(state, order, old);
    free(old);
}

struct state *state_copy(const struct state *state)
{
    struct state *copy = state_new();
    copy->clock = state->clock;
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        for (size_t i = 0; i < state->tables[noun].count; i++)
            put(copy, noun, state->tables[noun].records[i]);
    return copy;
}

static void remember_ended(struct state *state, const struct session *session)
{
    if (state->ended_count < STATE_ENDED_MAX) {
        mem_reserve(&state->ended, &state->ended_capacity, state->ended_count + 1, sizeof *state->ended);
        state->ended[state->ended_count++] = *session;
        return;
    }
    state->ended[state->ended_at] = *session;
    state->ended_at = (state->ended_at + 1) % STATE_ENDED_MAX;
}

const struct session *state_ended(const struct state *state, size_t back)
{
    if (back >= state->ended_count)
        return NULL;
    return &state->ended[(state->ended_at + state->ended_count - 1 - back) % state->ended_count];
}

// Jobs are in no table: of what was printed the state keeps how far each print server's accounts have come.
static void count_job(struct state *state, const struct print_job *job)
{
    struct print_server *server = sorted_table_find(&state->tables[NOUN_PRINT_SERVER], job->server);
    if (server && server->accounts < job->number)
        server->accounts = job->number;
}

// The same of channels and gateways, which count anew at each start.
static void count_channel(struct state *state, const struct channel *channel)
{
    struct gateway *gateway = sorted_table_find(&state->tables[NOUN_GATEWAY], channel->gateway);
    if (!gateway || !channel->number)
        return;
    if (gateway->run != channel->run || gateway->ends < channel->number)
        gateway->ends = channel->number;
    gateway->run = channel->run;
}

void state_apply(struct state *state, const struct event *event)
{
    if (event->noun == NOUN_NONE)
        return;
    assert(event->record.id[0]);
    assert(event->noun != NOUN_SESSION || event_removes(event) == (event->record.session.state == SESSION_ENDED));
    if (event->noun == NOUN_SESSION && event_removes(event))
        remember_ended(state, &event->record.session);
    if (event->noun == NOUN_JOB)
        count_job(state, &event->record.job);
    else if (event->noun == NOUN_CHANNEL)
        count_channel(state, &event->record.channel);
    else if (event_removes(event))
        drop(state, event->noun, event->record.id);
    else
        put(state, event->noun, &event->record);
}

const void *state_find(const struct state *state, enum noun noun, const char *id)
{
    return sorted_table_find(&state->tables[noun], id);
}

size_t state_count(const struct state *state, enum noun noun)
{
    return state->tables[noun].count;
}

const struct sorted_table *state_table(const struct state *state, enum noun noun)
{
    return &state->tables[noun];
}

int64_t state_uses(const struct state *state, enum noun noun, const char *id)
{
    void *kept = sorted_table_find(&state->tables[noun], id);
    return kept ? *uses_of(noun, kept) : 0;
}

const struct administrator *state_administrator_by(const struct state *state, const char *certificate)
{
    const struct sorted_table *table = &state->tables[NOUN_ADMINISTRATOR];
    for (size_t i = 0; certificate[0] && i < table->count; i++) {
        const struct administrator *administrator = table->records[i];
        if (text_equal(administrator->certificate, certificate))
            return administrator;
    }
    return NULL;
}

bool state_is_only_district(const struct state *state, const char *tenant_id)
{
    const struct sorted_table *tenants = &state->tables[NOUN_TENANT];
    const struct tenant *tenant = state_tenant(state, tenant_id);
    bool only = tenant && tenant->district;
    for (size_t i = 0; only && i < tenants->count; i++) {
        const struct tenant *other = tenants->records[i];
        only = !other->district || text_equal(other->id, tenant_id);
    }
    return only;
}

static bool belongs_to(const void *record, enum state_order order, const char *owner)
{
    return text_equal((const char *)record + orders[order].offset, owner);
}

const void *state_behind(const struct state *state, enum state_order order, const char *owner, const char *id)
{
    const struct sorted_table *table = &state->orders[order];
    size_t at = sorted_table_behind(table, owner, id);
    return at < table->count && belongs_to(table->records[at], order, owner) ? table->records[at] : NULL;
}

struct session_walk state_sessions_of(const struct state *state, enum state_order owner, const char *id)
{
    assert(orders[owner].noun == NOUN_SESSION);
    return (struct session_walk){state, owner, id, sorted_table_from(&state->orders[owner], id)};
}

const struct session *state_next_session(struct session_walk *walk)
{
    const struct sorted_table *table = &walk->state->orders[walk->owner];
    if (walk->at >= table->count || !belongs_to(table->records[walk->at], walk->owner, walk->id))
        return NULL;
    return table->records[walk->at++];
}

// Of the orders: that they hold the very records of the table, none that is gone.
static bool holds_own_records(const struct state *state, enum state_order order)
{
    bool own = true;
    const struct sorted_table *table = &state->orders[order];
    for (size_t i = 0; own && i < table->count; i++)
        own = state_find(state, orders[order].noun, table->records[i]) == table->records[i];
    return own;
}

static bool have_same_order(const struct sorted_table *table, const struct sorted_table *other)
{
    bool same = table->count == other->count;
    for (size_t i = 0; same && i < table->count; i++)
        same = text_equal(table->records[i], other->records[i]);
    return same;
}

bool state_is_sound(const struct state *state)
{
    struct state *again = state_copy(state);
    bool sound = true;
    for (enum noun noun = 0; sound && noun < NOUN_COUNT; noun++) {
        const struct sorted_table *table = &state->tables[noun], *counted = &again->tables[noun];
        sound = have_same_order(table, counted);
        for (size_t i = 0; sound && i < table->count; i++)
            sound = *uses_of(noun, table->records[i]) == *uses_of(noun, counted->records[i]);
    }
    for (enum state_order order = 0; sound && order < STATE_ORDER_COUNT; order++)
        sound = have_same_order(&state->orders[order], &again->orders[order]) && holds_own_records(state, order);
    state_free(again);
    return sound;
}

// ---- snapshots

static const char ended_name[] = "ended-session";

static void print_line(struct text *out, const char *name, enum noun noun, const void *of_noun)
{
    owned(json) json_object *record = codec_write(noun_rows[noun].fields, CODEC_JOURNAL, of_noun);
    text_addf(out, "%s ", name);
    codec_print(out, record);
    text_adds(out, "\n");
}

// Oldest first, as they are remembered again.
static void print_ended(const struct state *state, struct text *out)
{
    int64_t now_ms = state_now_ms(state);
    for (size_t back = state->ended_count; back-- > 0;) {
        const struct session *session = state_ended(state, back);
        assert(session);
        if (now_ms - session->changed_ms <= STATE_ENDED_KEPT_MS)
            print_line(out, ended_name, NOUN_SESSION, session);
    }
}

void state_print(const struct state *state, struct text *out)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        for (size_t i = 0; i < state->tables[noun].count; i++)
            print_line(out, noun_rows[noun].name, noun, state->tables[noun].records[i]);
    print_ended(state, out);
}

static bool read_line(struct state *state, const char *line, size_t length, struct fault *why)
{
    const char *space = memchr(line, ' ', length);
    char name[SLUG_SIZE];
    snprintf(name, sizeof name, "%.*s", space ? (int)(space - line) : 0, line);
    bool ended = text_equal(name, ended_name);
    enum noun noun = ended ? NOUN_SESSION : noun_by_name(name);
    if (noun == NOUN_NONE)
        return fault_set(why, FAULT_BROKEN, "snapshot: no noun \"%s\"", name);
    owned(json) json_object *object = NULL;
    union record record;
    if (!codec_parse(&object, space + 1, length - (size_t)(space + 1 - line), why) ||
        !codec_read(noun_rows[noun].fields, noun_rows[noun].size, CODEC_JOURNAL, object, &record, why))
        return false;
    if (!id_is_valid(noun, record.id))
        return fault_set(why, FAULT_BROKEN, "snapshot: a %s without id", name);
    if (ended)
        remember_ended(state, &record.session);
    else
        put(state, noun, &record);
    return true;
}

bool state_read(struct state *state, const char *bytes, size_t length, struct fault *why)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        if (!end)
            return fault_set(why, FAULT_BROKEN, "snapshot: the last line is incomplete");
        size_t line_length = (size_t)(end - (bytes + at));
        if (!read_line(state, bytes + at, line_length, why))
            return false;
        at += line_length + 1;
    }
    return true;
}
