// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/sorted_table.h"
#include "broker/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// Before the one, or the first, of this key and id; "" is before every id.
static bool is_before(const struct sorted_table *table, size_t index, const char *key, const char *id)
{
    const char *record = table->records[index];
    int order = strcmp(record + table->key_offset, key);
    return order < 0 || (order == 0 && table->key_offset && strcmp(record, id) < 0);
}

static size_t place_of(const struct sorted_table *table, const char *key, const char *id)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(table, middle, key, id))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t sorted_table_from(const struct sorted_table *table, const char *key)
{
    return place_of(table, key, "");
}

static bool has_key_at(const struct sorted_table *table, size_t index, const char *key)
{
    return index < table->count && strcmp((const char *)table->records[index] + table->key_offset, key) == 0;
}

static bool has_id_at(const struct sorted_table *table, size_t index, const char *key, const char *id)
{
    return has_key_at(table, index, key) && strcmp(table->records[index], id) == 0;
}

size_t sorted_table_behind(const struct sorted_table *table, const char *key, const char *id)
{
    size_t index = place_of(table, key, id);
    return index + has_id_at(table, index, key, id);
}

void *sorted_table_find(const struct sorted_table *table, const char *key)
{
    size_t index = sorted_table_from(table, key);
    return has_key_at(table, index, key) ? table->records[index] : NULL;
}

void *sorted_table_put(struct sorted_table *table, void *record)
{
    const char *key = (const char *)record + table->key_offset;
    // Snapshots come in order: what belongs at the end is looked for there.
    bool is_last = table->count && is_before(table, table->count - 1, key, record);
    size_t index = is_last ? table->count : place_of(table, key, record);
    if (has_id_at(table, index, key, record)) {
        void *old = table->records[index];
        table->records[index] = record;
        return old;
    }
    mem_reserve(&table->records, &table->capacity, table->count + 1, sizeof *table->records);
    memmove(table->records + index + 1, table->records + index, (table->count - index) * sizeof *table->records);
    table->records[index] = record;
    table->count++;
    return NULL;
}

static void *take_at(struct sorted_table *table, size_t index)
{
    void *record = table->records[index];
    table->count--;
    memmove(table->records + index, table->records + index + 1, (table->count - index) * sizeof *table->records);
    return record;
}

void *sorted_table_take(struct sorted_table *table, const char *key)
{
    size_t index = sorted_table_from(table, key);
    return has_key_at(table, index, key) ? take_at(table, index) : NULL;
}

void *sorted_table_take_record(struct sorted_table *table, const void *record)
{
    const char *key = (const char *)record + table->key_offset;
    size_t index = place_of(table, key, record);
    return has_id_at(table, index, key, record) ? take_at(table, index) : NULL;
}

void sorted_table_forget(struct sorted_table *table)
{
    free(table->records);
    *table = (struct sorted_table){.key_offset = table->key_offset};
}

void sorted_table_clear(struct sorted_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->records[i]);
    sorted_table_forget(table);
}
