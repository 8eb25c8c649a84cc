// SPDX-License-Identifier: EUPL-1.2
// The WebSockets of the devices that are connected now, one a device: a newer one replaces the older.
#pragma once
#include "broker/api/method.h"
#include "broker/base/text.h"
#include "broker/core/shelf.h"

struct lws;

enum { LINK_MESSAGE_MAX = 16 * 1024, LINK_QUEUE_MAX = 64, LINK_PING_MS = 20000, LINK_DEAD_MS = 45000 };

struct link {
    char device_id[ID_SIZE]; // the key
    struct lws *wsi;
    char **queue; // printed messages, oldest first
    size_t queued, capacity;
    struct text received;        // a message that came in parts
    int64_t heard_ms, pinged_ms; // steady
    bool ping_due;
};

struct links {
    struct shelf shelf; // struct link
};

// The older link's wsi, to be closed by the caller, or NULL.
struct lws *links_add(struct links *links, const char *device_id, struct lws *wsi, struct link **link);
void links_remove(struct links *links, struct link *link);
bool links_send(struct links *links, const char *device_id, const struct link_message *message);
// The oldest queued message, the caller's; NULL when there is none.
char *links_take(struct link *link);
void links_clear(struct links *links);
