// SPDX-License-Identifier: EUPL-1.2
// The journal as one thread sees it: tables, chain and head together. Whatever changes it is one commit: the tables
// first, durably, then the head that vouches for them, durably; only then the answer.
#pragma once
#include "broker/store/signed_head.h"

struct chain_config {
    const char *folder;      // of journal.db and its log
    const char *head_folder; // of head and head.key, best on another disk; NULL: the same
    // For tests; 0 and NULL otherwise.
    int checkpoint_pages; // of 4 KiB in the log, before it is moved into the database
    const char *vfs;
};

struct chain;

const char *chain_head_folder(const struct chain_config *config); // that of the data when none is set

// Makes key, head and database, in this order: when it is interrupted it can be called again. Refuses (FAULT_CONFLICT)
// as soon as one of them has been in use.
bool chain_create(const struct chain_config *config, struct fault *why) __attribute__((warn_unused_result));
// There is a database, whole or not: nothing may be created in its place.
bool chain_exists(const struct chain_config *config);
// Checks everything. FAULT_BROKEN: damaged, nothing was changed. FAULT_ABSENT: there is none. FAULT_CONFLICT: another
// program has it open.
bool chain_open(const struct chain_config *config, struct chain **chain, struct fault *why)
    __attribute__((warn_unused_result));
void chain_close(struct chain *chain); // NULL allowed

// Signs the journal anew as it stands; see struct store_port.
bool chain_accept(const struct chain_config *config, struct store_gap *gap, struct fault *why)
    __attribute__((warn_unused_result));

// After STORE_UNKNOWN every change is answered with it: the journal has to be opened anew.
enum store_outcome chain_append(struct chain *chain, const struct store_batch *batch, struct fault *why);
// The state after event `seq`; replaces the snapshot before. 1 to 1,000,000,000 bytes.
enum store_outcome chain_keep_snapshot(struct chain *chain, uint64_t seq, const char *bytes, size_t length,
                                       struct fault *why);
// The payloads in the ranges are gone from the files; the chain still holds. Only up to the snapshot.
enum store_outcome chain_erase(struct chain *chain, const struct store_range *ranges, size_t count, struct fault *why);
// The events up to `last` are gone, the chain begins behind them. Only up to the snapshot. Export them before.
enum store_outcome chain_prune(struct chain *chain, uint64_t last, struct fault *why);
// The row is gone from the files. FAULT_UNAVAILABLE: gone from the table, but the disk is too full to wipe the log; do
// it again. It is no fault when there is no such person.
enum store_outcome chain_erase_person(struct chain *chain, const char *id, struct fault *why);
// Between changes: moves the log into the database when it is long.
void chain_tidy(struct chain *chain);

// At most `limit` events from `from` on; 0: all. A fault of `event` comes back with the event's number before it.
bool chain_replay(struct chain *chain, uint64_t from, size_t limit,
                  bool (*event)(void *arg, const struct store_event *event, struct fault *why), void *arg,
                  struct fault *why) __attribute__((warn_unused_result));
bool chain_each_person(struct chain *chain,
                       bool (*person)(void *arg, const struct store_person *person, struct fault *why), void *arg,
                       struct fault *why) __attribute__((warn_unused_result));
// *bytes NULL: there is none. They are the caller's.
bool chain_read_snapshot(struct chain *chain, uint64_t *seq, char **bytes, size_t *length, struct fault *why)
    __attribute__((warn_unused_result));
// Who was ever erased; see struct store_reader.
bool chain_each_erased(struct chain *chain, bool (*each)(void *arg, const char *person_id, struct fault *why),
                       void *arg, struct fault *why) __attribute__((warn_unused_result));
uint64_t chain_anchor(const struct chain *chain); // the events up to here are pruned
// The newest head, as signed.
const struct signed_head *chain_head(const struct chain *chain);
// For journal_copy alone. Not after STORE_UNKNOWN.
struct tables *chain_tables(struct chain *chain);
bool chain_is_dead(const struct chain *chain); // an outcome was STORE_UNKNOWN
