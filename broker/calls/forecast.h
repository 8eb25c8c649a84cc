// SPDX-License-Identifier: EUPL-1.2
// Who would get something else tomorrow: of the people the broker knows, those whose profile, or what it gives them,
// would be another under new settings. Groups come from memory or from the directory, asked for a bounded number of
// people and a bounded time; how many could not be asked is told.
#pragma once
#include "broker/calls/services.h"

typedef void forecast_done(void *arg);

// `before` and `after` are handed over. `events` lead from one to the other. `done` is called once, perhaps from
// within; until then `answer` is there, and filled at that moment.
void forecast_start(struct services *services, struct state *before, struct state *after, const struct event *events,
                    size_t count, struct apply_answer *answer, forecast_done *done, void *arg);
// By these settings the directory is another, or gives other answers.
bool forecast_asks_otherwise(const struct tenant *from, const struct tenant *to);
