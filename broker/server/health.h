// SPDX-License-Identifier: EUPL-1.2
// Probes every host in turn and remembers how it was: soft state, gone with the program.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/place.h"

struct health;

enum { HEALTH_PERIOD_MS = 10000 };

struct health *health_new(struct loop *loop, const struct state *state, const struct host_port *hosts);
void health_free(struct health *health); // after what still answers its probes was freed
struct health_source health_source(struct health *health);
