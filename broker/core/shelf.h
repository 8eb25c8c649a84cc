// SPDX-License-Identifier: EUPL-1.2
// Records in the order of their keys. A record is heap memory that begins with its key, a NUL-terminated string.
// A sorted array: finding is a binary search, all records of one tenant (or of one person) stand together.
#pragma once
#include <stddef.h>

struct shelf {
    void **records;
    size_t count, capacity;
};

void *shelf_find(const struct shelf *shelf, const char *key);  // NULL when there is none
size_t shelf_from(const struct shelf *shelf, const char *key); // index of the first record whose key is >= key
// Takes the record over. The one it replaces comes back, to be freed by the caller; NULL when it is new.
void *shelf_put(struct shelf *shelf, void *record);
void *shelf_take(struct shelf *shelf, const char *key); // off the shelf, the caller's; NULL when there is none
void shelf_clear(struct shelf *shelf);                  // frees every record
