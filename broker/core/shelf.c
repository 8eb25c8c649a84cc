// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/shelf.h"
#include "broker/base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t shelf_from(const struct shelf *shelf, const char *key)
{
    size_t low = 0, high = shelf->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(shelf->records[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool stands_at(const struct shelf *shelf, size_t index, const char *key)
{
    return index < shelf->count && strcmp(shelf->records[index], key) == 0;
}

void *shelf_find(const struct shelf *shelf, const char *key)
{
    size_t index = shelf_from(shelf, key);
    return stands_at(shelf, index, key) ? shelf->records[index] : NULL;
}

void *shelf_put(struct shelf *shelf, void *record)
{
    size_t index = shelf_from(shelf, record);
    if (stands_at(shelf, index, record)) {
        void *old = shelf->records[index];
        shelf->records[index] = record;
        return old;
    }
    mem_reserve(&shelf->records, &shelf->capacity, shelf->count + 1, sizeof *shelf->records);
    memmove(shelf->records + index + 1, shelf->records + index, (shelf->count - index) * sizeof *shelf->records);
    shelf->records[index] = record;
    shelf->count++;
    return NULL;
}

void *shelf_take(struct shelf *shelf, const char *key)
{
    size_t index = shelf_from(shelf, key);
    if (!stands_at(shelf, index, key))
        return NULL;
    void *record = shelf->records[index];
    shelf->count--;
    memmove(shelf->records + index, shelf->records + index + 1, (shelf->count - index) * sizeof *shelf->records);
    return record;
}

void shelf_clear(struct shelf *shelf)
{
    for (size_t i = 0; i < shelf->count; i++)
        free(shelf->records[i]);
    free(shelf->records);
    *shelf = (struct shelf){0};
}
