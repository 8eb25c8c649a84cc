// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/dn_cache.h"
#include "broker/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct dn_row {
    UT_hash_handle hh; // in the order of putting
    int64_t until_ms;
    char *user_name, *dn, *key;
};

struct dn_cache {
    struct dn_row *rows;
    int64_t keep_ms;
};

struct dn_cache *dn_cache_new(int64_t keep_ms)
{
    struct dn_cache *known = mem_new(1, sizeof *known);
    known->keep_ms = keep_ms;
    return known;
}

static void remove_row(struct dn_cache *known, struct dn_row *row)
{
    HASH_DEL(known->rows, row);
    free(row->user_name);
    free(row->dn);
    free(row->key);
    free(row);
}

void dn_cache_free(struct dn_cache *known)
{
    while (known->rows)
        remove_row(known, known->rows);
    free(known);
}

static struct dn_row *find_row(struct dn_cache *known, const char *user_name)
{
    struct dn_row *row = NULL;
    HASH_FIND_STR(known->rows, user_name, row);
    return row;
}

_Bool dn_cache_find(struct dn_cache *known, const char *user_name, int64_t now_ms, struct cached_dn *person)
{
    struct dn_row *row = find_row(known, user_name);
    if (!row || now_ms >= row->until_ms)
        return 0;
    *person = (struct cached_dn){.dn = row->dn, .key = row->key};
    return 1;
}

void dn_cache_put(struct dn_cache *known, const char *user_name, const struct cached_dn *person, int64_t now_ms)
{
    dn_cache_drop(known, user_name);
    if (HASH_COUNT(known->rows) >= DN_CACHE_MAX)
        remove_row(known, known->rows);
    struct dn_row *row = mem_new(1, sizeof *row);
    *row = (struct dn_row){.until_ms = now_ms + known->keep_ms, .user_name = mem_dup(user_name)};
    row->dn = mem_dup(person->dn);
    row->key = mem_dup(person->key);
    HASH_ADD_KEYPTR(hh, known->rows, row->user_name, strlen(row->user_name), row);
}

void dn_cache_drop(struct dn_cache *known, const char *user_name)
{
    struct dn_row *row = find_row(known, user_name);
    if (row)
        remove_row(known, row);
}
