// SPDX-License-Identifier: EUPL-1.2
// Makes back-ups of a running broker: a copy of the journal between its changes, then, in a thread of its own, checked,
// put together with all else that a new machine needs, encrypted, and kept in a file without a name until it was
// fetched or an hour has passed. What it may read and write is the configuration's, never the caller's.
#pragma once
#include "broker/backup/backup_content.h"
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct backup_maker;

struct backup_maker *backup_maker_new(struct loop *loop, const struct store_port *store,
                                      const struct backup_config *config);
void backup_maker_free(struct backup_maker *maker); // after the store is closed; NULL allowed
struct backup_port backup_maker_port(struct backup_maker *maker);
