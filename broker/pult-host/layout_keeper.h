// SPDX-License-Identifier: EUPL-1.2
// Has pult-session-keyboard run as the person beside their session: what they chose there survives the next connection.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"

struct layout_keeper;

// `program` must outlive it.
struct layout_keeper *layout_keeper_new(struct loop *loop, const char *program, const struct xrdp_session *session);
// For good: the session is being logged off, or is gone. True when layout_keeper_free will not wait for the program.
bool layout_keeper_stop(struct layout_keeper *keeper);
void layout_keeper_free(struct layout_keeper *keeper); // NULL allowed
