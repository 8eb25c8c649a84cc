// SPDX-License-Identifier: EUPL-1.2
#include "broker/calls/told_list.h"
#include "broker/api/record.h"

static bool is_shown(const struct services *services, const struct request *request, const char *id)
{
    return wall_can_see(services->state, &request->peer, request->method->noun, id) &&
           (!request->page.tenant[0] || wall_owns(request->page.tenant, id));
}

void told_list(struct services *services, struct request *request, const struct sorted_table *table, told_fill *fill)
{
    enum noun noun = request->method->noun;
    const struct record_type *type = noun_status_types[noun];
    const char *after = request->page.after;
    struct noun_list list = {0};
    bool more = false;
    size_t i = after[0] ? sorted_table_from(table, after) : 0;
    for (i += i < table->count && text_equal(table->records[i], after); !more && i < table->count; i++) {
        if (!is_shown(services, request, table->records[i]))
            continue;
        more = (int64_t)list.items.count == request->page.limit;
        if (!more)
            fill(record_add(&list.items, type), services, table->records[i]);
    }
    if (more)
        TEXT_PUT(list.next, record_at(&list.items, type, list.items.count - 1));
    request_answer(request, &list);
    record_free(noun_list_types[noun].fields, &list);
}

void told_show(struct services *services, struct request *request, const void *record, told_fill *fill)
{
    union noun_status status;
    if (!record) {
        request_refuse(request, REFUSAL_NOT_FOUND, NULL);
        return;
    }
    fill(&status, services, record);
    request_answer(request, &status);
}
