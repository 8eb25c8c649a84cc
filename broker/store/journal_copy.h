// SPDX-License-Identifier: EUPL-1.2
// A copy of an open journal, made a little at a time between its changes, and all of one moment: that of the last step.
// SQLite's online backup: what is changed in a page that was copied before is changed in the copy, too.
#pragma once
#include "broker/store/chain.h"

struct journal_copy;

// Into `folder`, which is there and empty. The chain and `config`, with which it was opened, are borrowed.
bool journal_copy_begin(struct chain *chain, const struct chain_config *config, const char *folder,
                        struct journal_copy **copy, struct fault *why) __attribute__((warn_unused_result));
// A megabyte. *done: that was the last, and database, head and its key are there.
bool journal_copy_step(struct journal_copy *copy, bool *done, struct fault *why) __attribute__((warn_unused_result));
// See store_port's adopt.
bool journal_copy_adopt(const struct chain_config *config, struct fault *why) __attribute__((warn_unused_result));
void journal_copy_free(struct journal_copy *copy); // before chain_close; NULL allowed
