// SPDX-License-Identifier: EUPL-1.2
// A person's print jobs on the greeter's screen: after name and password instead of a desktop, or before their session
// by a key. For the other files of the desk; what the parts around it call stands in desk.h.
#pragma once
#include "client-agent/desk_state.h"

void desk_jobs_refused(struct desk *desk, enum refusal refusal); // an order, or another look, after the first one
void desk_jobs_time(struct desk *desk);                          // nobody touched a key, or no answer came
void desk_jobs_close(struct desk *desk);
void desk_jobs_message(struct desk *desk, const struct device_message *message); // DEVICE_OWN_JOBS about our session
void desk_jobs_await_keys(struct desk *desk);
