// SPDX-License-Identifier: EUPL-1.2
// The signed head: what the journal must hold, kept outside the database, so that a journal that lost its end is found
// out. Two slots, written in turn: a power cut while one is written leaves the other. Slot n % 2 holds commit n, and it
// is written only after commit n is durable; so a damaged slot beside commit n-1 says that the journal is at commit n.
#pragma once
#include "broker/store/digest.h"
#include "broker/store/key.h"

enum { JOURNAL_ID_BYTES = 16, HEAD_SLOT_BYTES = 4096 };

struct signed_head {
    unsigned char journal[JOURNAL_ID_BYTES];
    uint64_t commit_number;                    // commits of the journal since its creation
    uint64_t seq;                              // last event, 0: none
    int64_t at_ms;                             // when signed; never before the last event or the last head
    unsigned char chain[DIGEST_BYTES];         // of that event
    unsigned char tables_digest[DIGEST_BYTES]; // of everything else in the journal: people, snapshot, anchor, erasures
};

struct head_file;

// A new file for a journal at `head->commit_number`, 1 or later.
bool signed_head_create(const char *path, struct key *key, const struct signed_head *head, struct fault *why)
    __attribute__((warn_unused_result));
// Borrows `key`. *newest is the newest head that is whole; *torn tells that the other slot is not.
// FAULT_ABSENT: no such file. FAULT_BROKEN: both slots are damaged, or do not belong together.
bool signed_head_open(const char *path, struct key *key, struct head_file **file, struct signed_head *newest,
                      bool *torn, struct fault *why) __attribute__((warn_unused_result));
void signed_head_close(struct head_file *file); // NULL allowed
// Durable when it returns true. Else nobody can tell which head is on the disk.
bool signed_head_write(struct head_file *file, const struct signed_head *head, struct fault *why)
    __attribute__((warn_unused_result));
