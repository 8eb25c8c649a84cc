// SPDX-License-Identifier: EUPL-1.2
// Going on with a journal that came from a backup: it is signed anew as it stands, and what it lacks is written into
// it.
#pragma once
#include "broker/core/port.h"

typedef void restore_done(void *arg, bool written, const struct fault *why);

struct restore;

// `store` is not open yet; `done` comes later. NULL: nothing was accepted, see store_port's accept, or it does not
// open.
struct restore *restore_start(const struct store_port *store, restore_done *done, void *arg, struct fault *why);
void restore_free(struct restore *restore); // after the store is closed; NULL allowed
