// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/people.h"
#include "broker/base/text.h"
#include "broker/core/wall.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void key_of(char key[SLUG_SIZE + NAME_SIZE], const char *tenant_id, const char *directory_key)
{
    snprintf(key, SLUG_SIZE + NAME_SIZE, "%s %s", tenant_id, directory_key);
}

// Two may have the same key for a time: somebody who was erased and has logged on again, before the old row is gone.
struct key_row {
    char id[ID_SIZE];
    char key[SLUG_SIZE + NAME_SIZE];
    const struct store_person *person; // in by_id
};

static struct key_row key_row_of(const struct store_person *person)
{
    char tenant[SLUG_SIZE];
    struct key_row row = {.id = ""};
    wall_owner(tenant, person->id);
    TEXT_PUT(row.id, person->id);
    key_of(row.key, tenant, person->key);
    return row;
}

static void drop_key(struct people *people, const struct store_person *person)
{
    struct key_row row = key_row_of(person);
    free(sorted_table_take_record(&people->by_key, &row));
}

void people_put(struct people *people, const struct store_person *person)
{
    struct key_row row = key_row_of(person);
    struct store_person *stored = mem_copy(person, sizeof *person);
    struct store_person *old = sorted_table_put(&people->by_id, stored);
    row.person = stored;
    if (old)
        drop_key(people, old);
    free(old);
    people->by_key.key_offset = offsetof(struct key_row, key);
    free(sorted_table_put(&people->by_key, mem_copy(&row, sizeof row)));
    assert(people->by_key.count == people->by_id.count);
}

void people_remove(struct people *people, const char *id)
{
    struct store_person *person = sorted_table_take(&people->by_id, id);
    if (!person)
        return;
    drop_key(people, person);
    free(person);
    assert(people->by_key.count == people->by_id.count);
}

void people_clear(struct people *people)
{
    sorted_table_clear(&people->by_id);
    sorted_table_clear(&people->by_key);
}

const struct store_person *people_find(const struct people *people, const char *id)
{
    return sorted_table_find(&people->by_id, id);
}

const struct store_person *people_by_key(const struct people *people, const char *tenant_id, const char *directory_key)
{
    char key[SLUG_SIZE + NAME_SIZE];
    key_of(key, tenant_id, directory_key);
    const struct key_row *row = sorted_table_find(&people->by_key, key);
    return row ? row->person : NULL;
}

const struct store_person *people_by_name(const struct people *people, const char *tenant_id, const char *name,
                                          const struct store_person *after)
{
    size_t at = sorted_table_from(&people->by_id, after ? after->id : tenant_id);
    at += after && at < people->by_id.count && text_equal(people->by_id.records[at], after->id);
    for (; at < people->by_id.count; at++) {
        const struct store_person *person = people->by_id.records[at];
        if (wall_owns(tenant_id, person->id) && text_same_name(name, strlen(name), person->user_name))
            return person;
    }
    return NULL;
}
