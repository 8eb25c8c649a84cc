// SPDX-License-Identifier: EUPL-1.2
// How every host is: by probes in turn, and by what its agent reports. Soft state, gone with the program.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/placement.h"
#include "broker/core/report.h"

struct health;

enum { HEALTH_PERIOD_MS = 10000 };

// Beats for reports->awake.
struct health *health_new(struct loop *loop, const struct state *state, struct reports *reports,
                          const struct host_port *hosts);
void health_free(struct health *health); // after what still answers its probes was freed
struct health_source health_source(struct health *health);
