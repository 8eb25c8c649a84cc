// SPDX-License-Identifier: EUPL-1.2
// Going on with a journal that came from a backup: it is signed anew as it stands, and what it lacks is written into
// it.
#pragma once
#include "broker/core/lone_append.h"

// `store` is not open yet; `done` comes later. NULL: nothing was accepted, see store_port's accept, or it does not
// open.
struct lone_append *restore_start(const struct store_port *store, lone_append_done *done, void *arg, struct fault *why);
