// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/caller_table.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_SIZE = ID_SIZE + 12 };

struct caller {
    char key[KEY_SIZE]; // an administrator may be called as a device is
    int connections;
};

struct caller *caller_take(struct sorted_table *callers, enum role role, const char *id)
{
    char key[KEY_SIZE];
    assert(role != ROLE_UNAUTHENTICATED);
    snprintf(key, sizeof key, "%d %s", (int)role, id);
    struct caller *caller = sorted_table_find(callers, key);
    if (!caller) {
        caller = mem_new(1, sizeof *caller);
        TEXT_PUT(caller->key, key);
        sorted_table_put(callers, caller);
    }
    if (caller->connections == CALLER_CONNECTIONS_MAX)
        return NULL;
    caller->connections++;
    return caller;
}

void caller_release(struct sorted_table *callers, struct caller *caller)
{
    if (!caller)
        return;
    assert(caller->connections > 0);
    if (--caller->connections == 0)
        free(sorted_table_take(callers, caller->key));
}
