// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/remembered.h"
#include "broker/base/text.h"
#include "broker/core/shelf.h"

#include <stdlib.h>
#include <string.h>

struct row {
    char id[ID_SIZE]; // the key
    char login[LOGIN_SIZE];
    int64_t at_ms;
    size_t group_count;
    char groups[]; // one after the other, each with its NUL
};

// When the young rows fill half of the room, the old ones go and the young ones become the old.
struct remembered {
    struct shelf young, old;
    size_t young_bytes, most;
    char (*groups)[DN_SIZE]; // of the answer being read
    size_t group_room;
};

struct remembered *remembered_new(size_t bytes)
{
    struct remembered *remembered = mem_new(1, sizeof *remembered);
    remembered->most = bytes;
    return remembered;
}

void remembered_free(struct remembered *remembered)
{
    if (!remembered)
        return;
    shelf_clear(&remembered->young);
    shelf_clear(&remembered->old);
    free(remembered->groups);
    free(remembered);
}

static size_t room_of(const struct identity *identity)
{
    size_t room = sizeof(struct row);
    for (size_t i = 0; i < identity->group_count; i++)
        room += strlen(identity->groups[i]) + 1;
    return room;
}

void remembered_put(struct remembered *remembered, const char *person_id, const struct identity *identity,
                    int64_t now_ms)
{
    size_t room = room_of(identity);
    struct row *row = mem_new(1, room);
    TEXT_PUT(row->id, person_id);
    TEXT_PUT(row->login, identity->login);
    row->at_ms = now_ms;
    row->group_count = identity->group_count;
    char *to = row->groups;
    for (size_t i = 0; i < identity->group_count; i++)
        to = stpcpy(to, identity->groups[i]) + 1;
    if (remembered->young_bytes + room > remembered->most / 2) {
        shelf_clear(&remembered->old);
        remembered->old = remembered->young;
        remembered->young = (struct shelf){0};
        remembered->young_bytes = 0;
    }
    remembered->young_bytes += room; // what it replaces is not taken off: the bound holds all the more
    free(shelf_put(&remembered->young, row));
}

void remembered_drop(struct remembered *remembered, const char *person_id)
{
    free(shelf_take(&remembered->young, person_id));
    free(shelf_take(&remembered->old, person_id));
}

bool remembered_get(struct remembered *remembered, const char *person_id, int64_t since_ms, struct membership *who)
{
    const struct row *row = shelf_find(&remembered->young, person_id);
    if (!row)
        row = shelf_find(&remembered->old, person_id);
    if (!row || row->at_ms < since_ms)
        return false;
    mem_reserve(&remembered->groups, &remembered->group_room, row->group_count, DN_SIZE);
    const char *from = row->groups;
    for (size_t i = 0; i < row->group_count; i++, from += strlen(from) + 1)
        text_put(remembered->groups[i], DN_SIZE, from);
    *who = (struct membership){row->login, (const char(*)[DN_SIZE])remembered->groups, row->group_count};
    return true;
}
