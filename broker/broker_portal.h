// SPDX-License-Identifier: EUPL-1.2
// The portal of this broker, as its configuration has it.
#pragma once
#include "broker/broker_config.h"
#include "broker/calls/services.h"

// Sets services->portal when there is to be one. Without its pages everybody else is served all the same.
void broker_portal_open(const struct broker_config *config, struct services *services);
// Reads certificate and key that sign .rdp files, where any are named; what cannot be used is told to the log and the
// status, and what was in use is kept.
void broker_portal_sign(const struct broker_config *config, struct services *services);
void broker_portal_close(struct services *services);
