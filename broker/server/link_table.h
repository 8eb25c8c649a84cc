// SPDX-License-Identifier: EUPL-1.2
// The WebSockets of the devices, or of the session hosts, that are connected now; one each: a newer one replaces the
// older.
#pragma once
#include "broker/api/method.h"
#include "broker/base/text.h"
#include "broker/core/sorted_table.h"

struct lws;

enum {
    LINK_MESSAGE_MAX = 16 * 1024,
    LINK_QUEUE_MAX = 256,
    LINK_PING_MS = 20000,
    LINK_DEAD_MS = 45000,
    LINK_PIECE = 128, // kept for each link; messages come in such pieces, control frames must fit
};

struct device_link {
    char id[ID_SIZE]; // the key: of the device or the host
    struct lws *wsi;
    char **queue; // printed messages, oldest first
    size_t queued, capacity;
    struct text received;        // a message that came in parts
    int64_t heard_ms, pinged_ms; // steady
    bool ping_due;
};

struct link_table {
    struct sorted_table table; // struct device_link
};

// The older link's wsi, to be closed by the caller, or NULL.
struct lws *link_table_add(struct link_table *links, const char *id, struct lws *wsi, struct device_link **link);
void link_table_remove(struct link_table *links, struct device_link *link);
// `message` is printed by `fields`. False when there is no such link, or its queue is full.
bool link_table_send(struct link_table *links, const char *id, const struct field *fields, const void *message);
// The oldest queued message, the caller's; NULL when there is none.
char *link_table_take(struct device_link *link);
void link_table_clear(struct link_table *links);
