// SPDX-License-Identifier: EUPL-1.2
// What the calls do now and then without being asked.
#pragma once
#include "broker/calls/services.h"

void calls_sweep(struct services *services); // every few seconds
