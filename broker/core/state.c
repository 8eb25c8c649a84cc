// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/state.h"
#include "broker/api/codec.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct state {
    struct sorted_table shelves[NOUN_COUNT];
};

struct state *state_new(void)
{
    return mem_new(1, sizeof(struct state));
}

void state_clear(struct state *state)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        sorted_table_clear(&state->shelves[noun]);
}

void state_free(struct state *state)
{
    if (!state)
        return;
    state_clear(state);
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
        void *kept = *id ? sorted_table_find(&state->shelves[field->refers], id) : NULL;
        if (kept)
            *uses_of(field->refers, kept) += step;
    }
}

static void put(struct state *state, enum noun noun, const void *record)
{
    void *kept = keep(noun, record);
    void *old = sorted_table_put(&state->shelves[noun], kept);
    if (old) {
        *uses_of(noun, kept) = *uses_of(noun, old);
        count_references(state, noun, old, record, -1);
    }
    count_references(state, noun, record, old, 1);
    free(old);
}

static void drop(struct state *state, enum noun noun, const char *id)
{
    void *old = sorted_table_take(&state->shelves[noun], id);
    if (!old)
        return;
    count_references(state, noun, old, NULL, -1);
    free(old);
}

struct state *state_copy(const struct state *state)
{
    struct state *copy = state_new();
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        for (size_t i = 0; i < state->shelves[noun].count; i++)
            put(copy, noun, state->shelves[noun].records[i]);
    return copy;
}

void state_apply(struct state *state, const struct event *event)
{
    if (event->noun == NOUN_NONE)
        return;
    if (event_removes(event))
        drop(state, event->noun, event->record.id);
    else
        put(state, event->noun, &event->record);
}

const void *state_find(const struct state *state, enum noun noun, const char *id)
{
    return sorted_table_find(&state->shelves[noun], id);
}

size_t state_count(const struct state *state, enum noun noun)
{
    return state->shelves[noun].count;
}

const struct sorted_table *state_table(const struct state *state, enum noun noun)
{
    return &state->shelves[noun];
}

int64_t state_uses(const struct state *state, enum noun noun, const char *id)
{
    void *kept = sorted_table_find(&state->shelves[noun], id);
    return kept ? *uses_of(noun, kept) : 0;
}

size_t state_first(const struct state *state, enum noun noun, const char *prefix)
{
    return sorted_table_from(&state->shelves[noun], prefix);
}

const void *state_at(const struct state *state, enum noun noun, const char *prefix, size_t index)
{
    const struct sorted_table *table = &state->shelves[noun];
    if (index >= table->count || !text_starts(table->records[index], prefix))
        return NULL;
    return table->records[index];
}

const struct administrator *state_administrator_by(const struct state *state, const char *certificate)
{
    const struct sorted_table *table = &state->shelves[NOUN_ADMINISTRATOR];
    for (size_t i = 0; certificate[0] && i < table->count; i++) {
        const struct administrator *administrator = table->records[i];
        if (text_equal(administrator->certificate, certificate))
            return administrator;
    }
    return NULL;
}

bool state_is_only_district(const struct state *state, const char *tenant_id)
{
    const struct sorted_table *tenants = &state->shelves[NOUN_TENANT];
    const struct tenant *tenant = state_tenant(state, tenant_id);
    bool only = tenant && tenant->district;
    for (size_t i = 0; only && i < tenants->count; i++) {
        const struct tenant *other = tenants->records[i];
        only = !other->district || text_equal(other->id, tenant_id);
    }
    return only;
}

int64_t session_age_ms(const struct session *session, int64_t now_ms)
{
    return session->changed_ms <= now_ms ? now_ms - session->changed_ms : INT64_MAX;
}

void session_prefix(char prefix[ID_SIZE], const char *person_id)
{
    text_put(prefix, ID_SIZE, person_id);
    char *letter = strchr(prefix, '/');
    assert(letter && letter[1] == 'p');
    letter[1] = 's';
    size_t length = strlen(prefix);
    assert(length + 2 <= ID_SIZE);
    memcpy(prefix + length, "-", 2);
}

// ---- snapshots

void state_print(const struct state *state, struct text *out)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        for (size_t i = 0; i < state->shelves[noun].count; i++) {
            owned(json) json_object *record =
                codec_write(noun_rows[noun].fields, CODEC_JOURNAL, state->shelves[noun].records[i]);
            text_addf(out, "%s ", noun_rows[noun].name);
            codec_print(out, record);
            text_adds(out, "\n");
        }
    }
}

static bool read_line(struct state *state, const char *line, size_t length, struct fault *why)
{
    const char *space = memchr(line, ' ', length);
    char name[SLUG_SIZE];
    snprintf(name, sizeof name, "%.*s", space ? (int)(space - line) : 0, line);
    enum noun noun = noun_by_name(name);
    if (noun == NOUN_NONE)
        return fault_set(why, FAULT_BROKEN, "snapshot: no noun \"%s\"", name);
    owned(json) json_object *object = NULL;
    union record record;
    if (!codec_parse(&object, space + 1, length - (size_t)(space + 1 - line), why) ||
        !codec_read(noun_rows[noun].fields, noun_rows[noun].size, CODEC_JOURNAL, object, &record, why))
        return false;
    if (!id_is_valid(noun, record.id))
        return fault_set(why, FAULT_BROKEN, "snapshot: a %s without id", name);
    put(state, noun, &record);
    return true;
}

bool state_read(struct state *state, const char *bytes, size_t length, struct fault *why)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        if (!end)
            return fault_set(why, FAULT_BROKEN, "snapshot: the last line is cut");
        size_t line_length = (size_t)(end - (bytes + at));
        if (!read_line(state, bytes + at, line_length, why))
            return false;
        at += line_length + 1;
    }
    return true;
}
