// SPDX-License-Identifier: EUPL-1.2
// Lists of what is soft, and in no table of the state: its id stands first in each record, and its tenant in that.
#pragma once
#include "broker/calls/services.h"

// Writes what is shown of a record, which is of the noun's status.
typedef void told_fill(void *status, const struct services *services, const void *record);

// What the caller may see of it, a page at a time.
void told_list(struct services *services, struct request *request, const struct sorted_table *table, told_fill *fill);
// NULL: there is none.
void told_show(struct services *services, struct request *request, const void *record, told_fill *fill);
