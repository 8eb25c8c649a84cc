// SPDX-License-Identifier: EUPL-1.2
// What an administrator has to know of at a glance: the directories, and the hosts in trouble. Only what the caller may
// see.
#pragma once
#include "broker/calls/world.h"

json_object *overview_directories(struct world *world, const struct peer *peer);
int64_t overview_draining(const struct world *world,
                          const struct peer *peer); // hosts that somebody took out of service
// Devices and hosts whose certificate ends soon, or has ended: they should have renewed it long ago.
json_object *overview_certificates(const struct world *world, const struct peer *peer);
json_object *overview_trouble(const struct world *world, const struct peer *peer);
