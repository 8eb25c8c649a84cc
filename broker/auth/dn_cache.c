// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/dn_cache.h"
#include "broker/base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct row {
    UT_hash_handle hh; // in the order of putting
    int64_t until_ms;
    char *login, *dn, *key;
};

struct dn_cache {
    struct row *rows;
    int64_t keep_ms;
};

struct dn_cache *dn_cache_new(int64_t keep_ms)
{
    struct dn_cache *known = mem_new(1, sizeof *known);
    known->keep_ms = keep_ms;
    return known;
}

static void remove_row(struct dn_cache *known, struct row *row)
{
    HASH_DEL(known->rows, row);
    free(row->login);
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

static struct row *find(struct dn_cache *known, const char *login)
{
    struct row *row = NULL;
    HASH_FIND_STR(known->rows, login, row);
    return row;
}

_Bool dn_cache_find(struct dn_cache *known, const char *login, int64_t now_ms, struct cached_dn *person)
{
    struct row *row = find(known, login);
    if (!row || now_ms >= row->until_ms)
        return 0;
    *person = (struct cached_dn){.dn = row->dn, .key = row->key};
    return 1;
}

void dn_cache_put(struct dn_cache *known, const char *login, const struct cached_dn *person, int64_t now_ms)
{
    dn_cache_drop(known, login);
    if (HASH_COUNT(known->rows) >= DN_CACHE_MAX)
        remove_row(known, known->rows);
    struct row *row = mem_new(1, sizeof *row);
    *row = (struct row){.until_ms = now_ms + known->keep_ms, .login = mem_dup(login)};
    row->dn = mem_dup(person->dn);
    row->key = mem_dup(person->key);
    HASH_ADD_KEYPTR(hh, known->rows, row->login, strlen(row->login), row);
}

void dn_cache_drop(struct dn_cache *known, const char *login)
{
    struct row *row = find(known, login);
    if (row)
        remove_row(known, row);
}
