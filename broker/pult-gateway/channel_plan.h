// SPDX-License-Identifier: EUPL-1.2
// A channel between the broker's answer and its tunnel, whichever way its person comes.
#pragma once
#include "broker/pult-gateway/guest.h"

// The broker has opened it.
void channel_plan_make(struct guest *guest, const struct gateway_message *answer, enum channel_way way);
// The guest becomes no tunnel. Its channel, if the broker has opened one, has ended: told once.
void channel_plan_failed(struct guest *guest, enum channel_reason reason);
