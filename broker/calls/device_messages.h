// SPDX-License-Identifier: EUPL-1.2
// What devices say about sessions over their links, and what time does to them.
#pragma once
#include "broker/api/device_link.h"
#include "broker/calls/services.h"

// A message from a device, already read. The device is proven, the content is hostile.
void device_message(struct services *services, const char *device_id, const struct device_message *message);
// Tells the desk that shows a session, or the gateway that carries it, that it is locked or ended, and why.
void device_tell(struct services *services, const struct session *session, enum device_message_type type,
                 enum host_reason reason);
// Ends or puts aside leases whose desk did not connect. For the janitor.
// Tells a desk what people call it: by its site and its room, else by its own name.
void device_tell_name(struct services *services, const char *device_id);
void device_sweep(struct services *services);
