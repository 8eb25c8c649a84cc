// SPDX-License-Identifier: EUPL-1.2
#include "broker/server/links.h"
#include "broker/api/codec.h"
#include "broker/base/clock.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

static void link_free(struct link *link)
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

struct lws *links_add(struct links *links, const char *id, struct lws *wsi, struct link **added)
{
    struct link *link = mem_new(1, sizeof *link);
    TEXT_PUT(link->id, id);
    link->wsi = wsi;
    link->heard_ms = link->pinged_ms = clock_steady_ms();
    struct link *old = shelf_put(&links->shelf, link);
    struct lws *old_wsi = old ? old->wsi : NULL;
    if (old)
        link_free(old);
    *added = link;
    return old_wsi;
}

void links_remove(struct links *links, struct link *link)
{
    if (shelf_find(&links->shelf, link->id) != link)
        return;
    shelf_take(&links->shelf, link->id);
    link_free(link);
}

bool links_send(struct links *links, const char *id, const struct field *fields, const void *message)
{
    struct link *link = shelf_find(&links->shelf, id);
    if (!link || link->queued == LINK_QUEUE_MAX)
        return false;
    struct text text = {0};
    codec_print_record(&text, fields, CODEC_ANSWER, message);
    mem_reserve(&link->queue, &link->capacity, link->queued + 1, sizeof *link->queue);
    link->queue[link->queued++] = text.bytes;
    lws_callback_on_writable(link->wsi);
    return true;
}

char *links_take(struct link *link)
{
    if (!link->queued)
        return NULL;
    char *first = link->queue[0];
    link->queued--;
    memmove(link->queue, link->queue + 1, link->queued * sizeof *link->queue);
    return first;
}

void links_clear(struct links *links)
{
    for (size_t i = 0; i < links->shelf.count; i++)
        link_free(links->shelf.records[i]);
    links->shelf.count = 0;
    shelf_clear(&links->shelf);
}
