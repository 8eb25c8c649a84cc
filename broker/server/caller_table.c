// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/caller_table.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = ID_SIZE + 12 };

// There is one for each link, so it is no longer than it must be: its key, and after the NUL how many connections.
static unsigned char *connections_of(struct caller *caller)
{
    char *key = (char *)caller;
    return (unsigned char *)key + strlen(key) + 1;
}

struct caller *caller_take(struct sorted_table *callers, enum role role, const char *id)
{
    char key[KEY_SIZE];
    static_assert(CALLER_CONNECTIONS_MAX <= UCHAR_MAX, "what is counted fits");
    assert(role != ROLE_UNAUTHENTICATED);
    snprintf(key, sizeof key, "%d %s", (int)role, id); // an administrator may be called as a device is
    struct caller *caller = sorted_table_find(callers, key);
    if (!caller) {
        caller = mem_new(1, strlen(key) + 2);
        memcpy(caller, key, strlen(key));
        sorted_table_put(callers, caller);
    }
    if (*connections_of(caller) == CALLER_CONNECTIONS_MAX)
        return NULL;
    (*connections_of(caller))++;
    return caller;
}

void caller_release(struct sorted_table *callers, struct caller *caller)
{
    if (!caller)
        return;
    assert(*connections_of(caller) > 0);
    if (--*connections_of(caller) == 0)
        free(sorted_table_take(callers, (const char *)caller));
}
