// SPDX-License-Identifier: EUPL-1.2
// Records in the order of their keys. A record is heap memory that begins with its key, a NUL-terminated string.
// A sorted array: finding is a binary search, all records of one tenant (or of one person) stand together.
#pragma once
#include <stddef.h>

struct sorted_table {
    void **records;
    size_t count, capacity;
};

void *sorted_table_find(const struct sorted_table *table, const char *key); // NULL when there is none
size_t sorted_table_from(const struct sorted_table *table,
                         const char *key); // index of the first record whose key is >= key
// Takes the record over. The one it replaces comes back, to be freed by the caller; NULL when it is new.
void *sorted_table_put(struct sorted_table *table, void *record);
void *sorted_table_take(struct sorted_table *table,
                        const char *key);            // taken out, the caller's; NULL when there is none
void sorted_table_clear(struct sorted_table *table); // frees every record
