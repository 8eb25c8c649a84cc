// SPDX-License-Identifier: EUPL-1.2
// Records in the order of their keys. A record begins with its id, a NUL-terminated string. A sorted array: finding is
// a binary search, all records of one tenant stand together.
#pragma once
#include <stddef.h>

struct sorted_table {
    void **records;
    size_t count, capacity;
    // Where in a record its key is, another string than the id perhaps: those with the same key stand in the order of
    // their ids. 0: the id is the key.
    size_t key_offset;
};

void *sorted_table_find(const struct sorted_table *table, const char *key); // the first; NULL when there is none
// The index of the first record whose key is >= key.
size_t sorted_table_from(const struct sorted_table *table, const char *key);
// The same behind a record of that key with the id `id`, whether it is there or not; of tables with a key_offset.
size_t sorted_table_behind(const struct sorted_table *table, const char *key, const char *id);
// Takes the record over. The one of the same key and id, which it replaces, comes back; NULL when it is new.
void *sorted_table_put(struct sorted_table *table, void *record);
void *sorted_table_take(struct sorted_table *table, const char *key); // the first, now the caller's; NULL: none
// The one of the key and the id of `record`, now the caller's; NULL: none.
void *sorted_table_take_record(struct sorted_table *table, const void *record);
void sorted_table_clear(struct sorted_table *table);  // frees every record
void sorted_table_forget(struct sorted_table *table); // the records were another's
