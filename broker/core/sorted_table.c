// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/sorted_table.h"
#include "broker/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t sorted_table_from(const struct sorted_table *table, const char *key)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(table->records[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct sorted_table *table, size_t index, const char *key)
{
    return index < table->count && strcmp(table->records[index], key) == 0;
}

void *sorted_table_find(const struct sorted_table *table, const char *key)
{
    size_t index = sorted_table_from(table, key);
    return stands_at(table, index, key) ? table->records[index] : NULL;
}

void *sorted_table_put(struct sorted_table *table, void *record)
{
    size_t index = sorted_table_from(table, record);
    if (stands_at(table, index, record)) {
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

void *sorted_table_take(struct sorted_table *table, const char *key)
{
    size_t index = sorted_table_from(table, key);
    if (!stands_at(table, index, key))
        return NULL;
    void *record = table->records[index];
    table->count--;
    memmove(table->records + index, table->records + index + 1, (table->count - index) * sizeof *table->records);
    return record;
}

void sorted_table_clear(struct sorted_table *table)
{
    for (size_t i = 0; i < table->count; i++)
        free(table->records[i]);
    free(table->records);
    *table = (struct sorted_table){0};
}
