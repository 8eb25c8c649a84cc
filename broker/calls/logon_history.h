// SPDX-License-Identifier: EUPL-1.2
// Log-ons at the portal, and those that were refused there: written to the journal, and read out of it when the broker
// starts.
#pragma once
#include "broker/calls/services.h"
#include "broker/core/past_logons.h"

struct logon_place {
    const char *gateway; // its id
    const char *network, *browser;
};

// There is a portal. What the journal has is there a while later.
void logon_history_begin(struct services *services);
void logon_history_right(struct services *services, const char *person_id, const struct logon_place *place);
// Of everybody who has this name, as typed: "neustadt/anna". There need be no portal.
void logon_history_refused(struct services *services, const char *tenant_id, const char *name,
                           const struct logon_place *place);
