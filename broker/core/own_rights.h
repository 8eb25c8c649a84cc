// SPDX-License-Identifier: EUPL-1.2
// Whether an administrator is about to take from themselves what lets them administer: they are asked before, since
// what they do next could be refused already.
#pragma once
#include "broker/core/event.h"
#include "broker/core/wall.h"

// What one of the events, which are about to follow this state, takes from `peer`, for people to read; NULL: nothing.
// Who has more than one reason to be asked gets the gravest.
const char *own_rights_loss(const struct state *state, const struct peer *peer, const struct event *events,
                            size_t count);
