// SPDX-License-Identifier: EUPL-1.2
// The store port of core on SQLite: a journal of one broker's own, in files. Changes run in a thread of their own and
// are answered in the loop's thread; what only reads at once may wait for a change under way.
#pragma once
#include "broker/base/loop.h"
#include "broker/store/chain.h"

// Nothing is read yet, so nothing can fail yet. What is in `config` stays valid until the port is closed.
struct store_port store_open_sqlite(const struct chain_config *config, struct loop *loop);
