// SPDX-License-Identifier: EUPL-1.2
// How many there are of each name. A name is kept once, for all that count by it.
#pragma once
#include "broker/base/sorted_table.h"

#include <stdint.h>

struct tally { // begins as {0}
    struct sorted_table names;
};

// One more. The name, as long as it has not been taken out as often.
const char *tally_add(struct tally *tally, const char *name);
void tally_remove(struct tally *tally, const char *name); // of one that was added
int64_t tally_count(const struct tally *tally, const char *name);
void tally_fini(struct tally *tally); // all were taken out
