// SPDX-License-Identifier: EUPL-1.2
// What is written into the journal with no broker on it.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/lone_append.h"

// Begins on a store that is not open yet; NULL with why.
typedef struct lone_append *lone_start(const struct store_port *store, lone_append_done *done, void *arg,
                                       struct fault *why);

// Runs the loop until it is written, and closes the store.
bool lone_work(struct loop *loop, const struct store_port *store, lone_start *start, struct fault *why)
    __attribute__((warn_unused_result));
