// SPDX-License-Identifier: EUPL-1.2
// Says in time that the journal's disk gets full: in the log, in the journal as long as it can be written, in the
// status and in the metrics. When it is full, the journal refuses (core/commit).
#pragma once
#include "broker/calls/services.h"

enum { DISK_ALARM_PERMILLE = 100, DISK_ALARM_OVER_PERMILLE = 120 }; // of the disk left

// Every few seconds; -1: not known.
void disk_alarm_look(struct services *services, int64_t free_permille);
