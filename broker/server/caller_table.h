// SPDX-License-Identifier: EUPL-1.2
// Who has proven connections, and how many: nobody needs hundreds, so that one stolen key or token does not open what
// the budget for the unproven (unproven.h) closes.
#pragma once
#include "broker/api/method.h"
#include "broker/base/sorted_table.h"

enum { CALLER_CONNECTIONS_MAX = 100 };

struct caller;

// NULL: it has as many as it may have.
struct caller *caller_take(struct sorted_table *callers, enum role role, const char *id);
void caller_release(struct sorted_table *callers, struct caller *caller); // NULL allowed
