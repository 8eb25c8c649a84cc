// SPDX-License-Identifier: EUPL-1.2
// What an administrator has to know of at a glance: the directories, and the hosts in trouble. Only what the caller may
// see.
#pragma once
#include "broker/calls/world.h"

json_object *overview_directories(struct world *world, const struct peer *peer);
json_object *overview_trouble(const struct world *world, const struct peer *peer);
