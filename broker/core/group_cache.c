// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/group_cache.h"
#include "broker/base/sorted_table.h"
#include "broker/base/text.h"

#include <stdlib.h>
#include <string.h>

struct group_row {
    char id[ID_SIZE]; // the key
    char user_name[USER_NAME_SIZE];
    int64_t at_ms;
    size_t group_count;
    char groups[]; // one after the other, each with its NUL
};

// When the young rows fill half of the room, the old ones go and the young ones become the old.
struct group_cache {
    struct sorted_table young, old;
    size_t young_bytes, most;
    char (*groups)[DN_SIZE]; // of the answer being read
    size_t group_capacity;
};

struct group_cache *group_cache_new(size_t bytes)
{
    struct group_cache *group_cache = mem_new(1, sizeof *group_cache);
    group_cache->most = bytes;
    return group_cache;
}

void group_cache_free(struct group_cache *group_cache)
{
    if (!group_cache)
        return;
    sorted_table_clear(&group_cache->young);
    sorted_table_clear(&group_cache->old);
    free(group_cache->groups);
    free(group_cache);
}

static size_t room_of(const struct identity *identity)
{
    size_t room = sizeof(struct group_row);
    for (size_t i = 0; i < identity->group_count; i++)
        room += strlen(identity->groups[i]) + 1;
    return room;
}

void group_cache_put(struct group_cache *group_cache, const char *person_id, const struct identity *identity,
                     int64_t now_ms)
{
    size_t room = room_of(identity);
    struct group_row *row = mem_new(1, room);
    TEXT_PUT(row->id, person_id);
    TEXT_PUT(row->user_name, identity->user_name);
    row->at_ms = now_ms;
    row->group_count = identity->group_count;
    char *to = row->groups;
    for (size_t i = 0; i < identity->group_count; i++)
        to = stpcpy(to, identity->groups[i]) + 1;
    if (group_cache->young_bytes + room > group_cache->most / 2) {
        sorted_table_clear(&group_cache->old);
        group_cache->old = group_cache->young;
        group_cache->young = (struct sorted_table){0};
        group_cache->young_bytes = 0;
    }
    group_cache->young_bytes += room; // what it replaces is not taken off: the bound holds all the more
    free(sorted_table_put(&group_cache->young, row));
}

void group_cache_drop(struct group_cache *group_cache, const char *person_id)
{
    free(sorted_table_take(&group_cache->young, person_id));
    free(sorted_table_take(&group_cache->old, person_id));
}

bool group_cache_get(struct group_cache *group_cache, const char *person_id, int64_t since_ms, struct membership *who)
{
    const struct group_row *row = sorted_table_find(&group_cache->young, person_id);
    if (!row)
        row = sorted_table_find(&group_cache->old, person_id);
    if (!row || row->at_ms < since_ms)
        return false;
    mem_reserve(&group_cache->groups, &group_cache->group_capacity, row->group_count, DN_SIZE);
    const char *from = row->groups;
    for (size_t i = 0; i < row->group_count; i++, from += strlen(from) + 1)
        text_put(group_cache->groups[i], DN_SIZE, from);
    *who = (struct membership){.person_id = row->id,
                               .user_name = row->user_name,
                               .groups = (const char(*)[DN_SIZE])group_cache->groups,
                               .group_count = row->group_count};
    return true;
}
