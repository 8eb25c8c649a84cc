// SPDX-License-Identifier: EUPL-1.2
// Whether those who are in from outside may still be: their directory is asked again, every five minutes for each of
// them. Whom it has disabled, or does not know any more, is barred, and their channels are closed by the next sweep.
#pragma once
#include "broker/calls/services.h"

enum { CHANNEL_STANDING_MS = 5 * 60 * 1000 };

// Something speaks against them: those of them who are in are asked about now.
void channel_standing_doubt(struct services *services, const char *person_id);
// Every few seconds.
void channel_standing_sweep(struct services *services);
