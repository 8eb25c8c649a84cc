// SPDX-License-Identifier: EUPL-1.2
// What the broker does with each kind of link.
#pragma once
#include "broker/calls/services.h"

struct link_handler {
    // Its agent was let in, or its link has ended; NULL: nothing to do. A newer link that takes the place of an older
    // one comes up without the older one's going down.
    void (*up)(struct services *services, const char *id);
    void (*down)(struct services *services, const char *id);
    // `message` is the struct of the link, of a type that its agent may say. It may be changed and emptied. The machine
    // is proven, the content is hostile.
    void (*message)(struct services *services, const char *id, void *message);
};

extern const struct link_handler link_handlers[NOUN_COUNT];
