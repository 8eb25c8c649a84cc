// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/tally.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct tallied {
    int64_t count;
    char name[]; // what the table holds
};

static struct tallied *find_tallied(const struct tally *tally, const char *name)
{
    char *found = sorted_table_find(&tally->names, name);
    return found ? (struct tallied *)(void *)(found - offsetof(struct tallied, name)) : NULL;
}

const char *tally_add(struct tally *tally, const char *name)
{
    struct tallied *tallied = find_tallied(tally, name);
    if (!tallied) {
        size_t size = strlen(name) + 1;
        tallied = mem_new(1, sizeof *tallied + size);
        memcpy(tallied->name, name, size);
        sorted_table_put(&tally->names, tallied->name);
    }
    tallied->count++;
    return tallied->name;
}

void tally_remove(struct tally *tally, const char *name)
{
    struct tallied *tallied = find_tallied(tally, name);
    assert(tallied && tallied->count > 0);
    if (--tallied->count > 0)
        return;
    sorted_table_take(&tally->names, name);
    free(tallied);
}

int64_t tally_count(const struct tally *tally, const char *name)
{
    const struct tallied *tallied = find_tallied(tally, name);
    return tallied ? tallied->count : 0;
}

void tally_fini(struct tally *tally)
{
    assert(tally->names.count == 0);
    sorted_table_forget(&tally->names);
}
