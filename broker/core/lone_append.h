// SPDX-License-Identifier: EUPL-1.2
// One event appended to a journal that no broker runs on: by a program that root calls at the broker's machine.
#pragma once
#include "broker/core/event.h"
#include "broker/core/port.h"

typedef void lone_append_done(void *arg, bool written, const struct fault *why);

struct lone_append;

// `store` is open; `done` comes later. The event is copied, and not dated before the head.
struct lone_append *lone_append_start(const struct store_port *store, const struct event *event, lone_append_done *done,
                                      void *arg);
void lone_append_free(struct lone_append *append); // after the store is closed; NULL allowed
