// SPDX-License-Identifier: EUPL-1.2
// The journal on SQLite: the store port of core. Changes run in a thread of their own and are answered in the loop's
// thread, in the order they were asked for; what only reads runs at once and may wait for a change under way.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"
#include "broker/store/chain.h"

struct journal;

// journal_is_absent, then journal_create, at the first start; journal_open checks the whole journal against its signed
// head. Faults: see chain.h.
bool journal_is_absent(const struct chain_config *config);
bool journal_create(const struct chain_config *config, struct fault *why) __attribute__((warn_unused_result));
bool journal_open(const struct chain_config *config, struct loop *loop, struct journal **journal, struct fault *why)
    __attribute__((warn_unused_result));
// After loop_run has returned. Does what is still queued, answers nothing more.
void journal_close(struct journal *journal); // NULL allowed

struct store_port journal_port(struct journal *journal);
// The newest head as signed, for the log host; as of the last answer.
const struct signed_head *journal_head(const struct journal *journal);

// ---- changes: `done` comes later, exactly once

// `bytes` stay valid until `done`; see chain_keep_snapshot.
void journal_keep_snapshot(struct journal *journal, uint64_t seq, const char *bytes, size_t length, store_done *done,
                           void *arg);
void journal_erase(struct journal *journal, uint64_t first, uint64_t last, store_done *done, void *arg);
void journal_prune(struct journal *journal, uint64_t last, store_done *done, void *arg);

// ---- reading

// *bytes NULL: there is no snapshot, replay from event 1; else from *seq + 1. They are the caller's.
bool journal_read_snapshot(struct journal *journal, uint64_t *seq, char **bytes, size_t *length, struct fault *why)
    __attribute__((warn_unused_result));
// Neither `person` nor the port's `event` may call the journal.
bool journal_each_person(struct journal *journal, void (*person)(void *arg, const struct store_person *person),
                         void *arg, struct fault *why) __attribute__((warn_unused_result));
