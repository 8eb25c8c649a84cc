// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/link_table.h"
#include "broker/api/codec.h"
#include "broker/base/clock.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

static void link_free(struct device_link *link)
{
    while (link->queued) {
        char *message = link->queue[--link->queued];
        explicit_bzero(message, strlen(message)); // it may hold a key or a one-time password
        free(message);
    }
    free(link->queue);
    text_drop(&link->received);
    free(link);
}

struct lws *link_table_add(struct link_table *links, const char *id, struct lws *wsi, struct device_link **added)
{
    struct device_link *link = mem_new(1, sizeof *link);
    TEXT_PUT(link->id, id);
    link->wsi = wsi;
    link->heard_ms = link->pinged_ms = clock_steady_ms();
    struct device_link *old = sorted_table_put(&links->table, link);
    struct lws *old_wsi = old ? old->wsi : NULL;
    if (old)
        link_free(old);
    *added = link;
    return old_wsi;
}

void link_table_remove(struct link_table *links, struct device_link *link)
{
    if (sorted_table_find(&links->table, link->id) != link)
        return;
    sorted_table_take(&links->table, link->id);
    link_free(link);
}

bool link_table_send(struct link_table *links, const char *id, const struct field *fields, const void *message)
{
    struct device_link *link = sorted_table_find(&links->table, id);
    if (!link || link->queued == LINK_QUEUE_MAX)
        return false;
    struct text text = {0};
    codec_print_record(&text, fields, CODEC_ANSWER, message);
    mem_reserve(&link->queue, &link->capacity, link->queued + 1, sizeof *link->queue);
    link->queue[link->queued++] = text.bytes;
    lws_callback_on_writable(link->wsi);
    return true;
}

char *link_table_take(struct device_link *link)
{
    if (!link->queued)
        return NULL;
    char *first = link->queue[0];
    link->queued--;
    memmove(link->queue, link->queue + 1, link->queued * sizeof *link->queue);
    return first;
}

void link_table_clear(struct link_table *links)
{
    for (size_t i = 0; i < links->table.count; i++)
        link_free(links->table.records[i]);
    links->table.count = 0;
    sorted_table_clear(&links->table);
}
