// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/people.h"
#include "broker/core/wall.h"

#include <stdio.h>
#include <stdlib.h>

struct key_row {
    char key[SLUG_SIZE + NAME_SIZE];
    char id[ID_SIZE];
};

static void key_of(char key[SLUG_SIZE + NAME_SIZE], const char *tenant_id, const char *directory_key)
{
    snprintf(key, SLUG_SIZE + NAME_SIZE, "%s %s", tenant_id, directory_key);
}

void people_put(struct people *people, const struct store_person *person)
{
    char tenant[SLUG_SIZE];
    wall_owner(tenant, person->id);
    struct key_row *row = mem_new(1, sizeof *row);
    key_of(row->key, tenant, person->key);
    snprintf(row->id, sizeof row->id, "%s", person->id);
    free(sorted_table_put(&people->by_id, mem_copy(person, sizeof *person)));
    free(sorted_table_put(&people->by_key, row));
}

void people_remove(struct people *people, const char *id)
{
    struct store_person *person = sorted_table_take(&people->by_id, id);
    if (!person)
        return;
    char tenant[SLUG_SIZE], key[SLUG_SIZE + NAME_SIZE];
    wall_owner(tenant, id);
    key_of(key, tenant, person->key);
    free(sorted_table_take(&people->by_key, key));
    free(person);
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
    return row ? people_find(people, row->id) : NULL;
}
