// SPDX-License-Identifier: EUPL-1.2
// What may stand next on the command line, for shells: from the table of commands and the rows of the nouns.
#pragma once
#include "admin-tool/options.h"
#include "broker/base/text.h"

// Adds a line for each word that may come after the first `count` of `words`: commands, options, fields with their "=".
// *ids: the noun of which the id of one may stand there; NOUN_NONE: of none.
void complete_add(struct text *lines, int count, char **words, enum noun *ids);
