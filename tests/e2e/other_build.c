// SPDX-License-Identifier: EUPL-1.2
// Makes of an agent one of another version, at link time (ld --wrap): it speaks OTHER_PROTOCOL, names other
// capabilities, says a field more in every message, and with the first a message more that nobody needs to know, and
// one that the broker would have to.
#include "broker/api/link_rows.h"
#include "broker/client/websocket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 16 };

const struct link_row *__real_link_of(enum noun noun);
const struct link_row *__wrap_link_of(enum noun noun);
void __real_link_introduce(struct link_hello *hello, const struct link_row *row, enum link_end from);
void __wrap_link_introduce(struct link_hello *hello, const struct link_row *row, enum link_end from);
bool __real_websocket_send(struct websocket *link, const void *message);
bool __wrap_websocket_send(struct websocket *link, const void *message);

static const struct field nothing[] = {{.name = NULL}};
static struct field wider[LINK_TYPES_MAX][FIELDS_MAX];
static struct link_type types[LINK_TYPES_MAX];
static struct link_row row;

static const struct field *widened(struct field to[FIELDS_MAX], const struct field *fields)
{
    size_t count = 0;
    while (fields[count].name)
        count++;
    assert(count + 2 <= FIELDS_MAX);
    memcpy(to, fields, count * sizeof *fields);
    to[count] = fields[0];
    to[count].name = "moon";
    to[count].flags = 0;
    return to;
}

const struct link_row *__wrap_link_of(enum noun noun)
{
    const struct link_row *real = __real_link_of(noun);
    if (row.types)
        return &row;
    row = *real;
    assert(real->type_count + 2 <= LINK_TYPES_MAX);
    memcpy(types, real->types, real->type_count * sizeof *types);
    for (size_t i = 0; i < real->type_count; i++)
        if (types[i].from == LINK_AGENT)
            types[i].fields = widened(wider[i], types[i].fields);
    types[row.type_count++] = (struct link_type){"weather", LINK_AGENT, nothing, NULL, NULL, ""};
    types[row.type_count++] = (struct link_type){"oath", LINK_AGENT, nothing, "type", NULL, ""};
    row.types = types;
    return &row;
}

void __wrap_link_introduce(struct link_hello *hello, const struct link_row *of, enum link_end from)
{
    __real_link_introduce(hello, of, from);
    hello->protocol = OTHER_PROTOCOL;
    TEXT_PUT(hello->version, OTHER_VERSION);
    TEXT_PUT(hello->capabilities, "weather");
}

bool __wrap_websocket_send(struct websocket *link, const void *message)
{
    static bool said;
    if (!__real_websocket_send(link, message))
        return false;
    for (size_t type = row.type_count - 2; !said && type < row.type_count; type++) {
        int64_t *more = mem_new(1, row.size);
        *more = (int64_t)type;
        __real_websocket_send(link, more);
        free(more);
    }
    said = true;
    return true;
}
