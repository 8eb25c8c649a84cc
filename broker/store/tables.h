// SPDX-License-Identifier: EUPL-1.2
// The journal's tables in SQLite. What another database would do differently stands behind this header; the chain, the
// head and the order of things stand in front of it.
//
//   events(seq, at_ms, salt, payload, payload_hash, chain)   salt and payload NULL: erased
//   people(id, key, user_name, name, salt, hash)
//   snapshot(id = 1, seq, chain, hash, bytes)
//   meta(id = 1, schema, journal, commit_number, anchor_seq, anchor_chain, erased, people)
#pragma once
#include "broker/store/signed_head.h"

enum { TABLES_SCHEMA = 1 };

struct tables;

// What a commit leaves behind.
struct mark {
    unsigned char journal[JOURNAL_ID_BYTES];
    uint64_t commit_number; // commits since the creation, which is the first
    uint64_t seq;           // last event
    int64_t at_ms;          // of that event
    unsigned char chain[DIGEST_BYTES];
    uint64_t anchor_seq; // the events up to here are pruned, 0: none
    unsigned char anchor_chain[DIGEST_BYTES];
    uint64_t erased;                    // events whose payload is erased
    unsigned char people[DIGEST_BYTES]; // sum over the rows' hashes
    uint64_t snapshot_seq;              // 0: no snapshot
    unsigned char snapshot_hash[DIGEST_BYTES];
};

struct event_row {
    struct store_event event; // payload NULL: erased
    const unsigned char *salt, *payload_hash, *chain;
};

struct person_row {
    struct store_person person;
    unsigned char salt[SALT_BYTES], hash[DIGEST_BYTES];
};

struct snapshot_row {
    uint64_t seq;
    unsigned char chain[DIGEST_BYTES], hash[DIGEST_BYTES];
    char *bytes; // NULL: there is no snapshot
    size_t length;
};

// `vfs` NULL: the usual one. tables_create ends with everything on disk and the database closed.
bool tables_create(const char *path, const char *vfs, const struct mark *mark, struct fault *why);
// Alone on the database (FAULT_CONFLICT: another program has it). Writes nothing to it, not even at the end, until
// tables_enable_writes: a damaged journal stays as it was found.
bool tables_open(const char *path, const char *vfs, struct tables **tables, struct fault *why);
void tables_enable_writes(struct tables *tables);
void tables_disable_writes(struct tables *tables);
void tables_close(struct tables *tables);               // NULL allowed
struct sqlite3 *tables_database(struct tables *tables); // for journal_copy alone
// SQLite's own check of the structure of its file.
bool tables_check(struct tables *tables, struct fault *why);

bool tables_begin(struct tables *tables, struct fault *why);
enum store_outcome tables_commit(struct tables *tables, struct fault *why);
bool tables_rollback(struct tables *tables); // false: the connection is of no more use
// Moves what the write-ahead log holds into the database, durably. `empty`: and leaves nothing in the log, durably.
// FAULT_UNAVAILABLE: the disk is full, nothing is lost. Anything else: the disk fails.
bool tables_checkpoint(struct tables *tables, bool empty, struct fault *why);
int tables_log_pages(const struct tables *tables);
// After pruning: writes the whole database anew, since SQLite leaves copies of rows behind where pages are joined.
// Stays due until it has been done.
bool tables_compact(struct tables *tables, struct fault *why);
bool tables_compaction_is_due(struct tables *tables);

// All but tables_read_mark within a transaction when they write; false as soon as a row has the wrong shape.
// Fills what stands in meta; seq and chain are those of the anchor, at_ms and snapshot_* stay 0.
bool tables_read_mark(struct tables *tables, struct mark *mark, struct fault *why);
bool tables_write_mark(struct tables *tables, const struct mark *mark, struct fault *why);

bool tables_add_event(struct tables *tables, const struct event_row *row, struct fault *why);
bool tables_each_event(struct tables *tables, uint64_t from, uint64_t limit,
                       bool (*each)(void *arg, const struct event_row *row, struct fault *why), void *arg,
                       struct fault *why);
bool tables_event_chain(struct tables *tables, uint64_t seq, unsigned char chain[DIGEST_BYTES], struct fault *why);
bool tables_erase_events(struct tables *tables, uint64_t first, uint64_t last, uint64_t *erased, struct fault *why);
// *erased tells how many of the pruned ones had been erased before.
bool tables_prune_events(struct tables *tables, uint64_t last, uint64_t *erased, struct fault *why);

// `hash` all 0: there is no such person.
bool tables_person_hash(struct tables *tables, const char *id, unsigned char hash[DIGEST_BYTES], struct fault *why);
bool tables_put_person(struct tables *tables, const struct person_row *row, struct fault *why);
// Writes the whole table anew, for the same reason.
bool tables_remove_person(struct tables *tables, const char *id, struct fault *why);
bool tables_each_person(struct tables *tables, bool (*each)(void *arg, const struct person_row *row, struct fault *why),
                        void *arg, struct fault *why);

bool tables_write_snapshot(struct tables *tables, const struct snapshot_row *row, struct fault *why);
// The bytes are the caller's.
bool tables_read_snapshot(struct tables *tables, struct snapshot_row *row, struct fault *why);
