// SPDX-License-Identifier: EUPL-1.2
// Is the journal whole? Every event follows from the one before, every other row fits its hash, and all of it is what
// the signed head vouches for. Every fault is a FAULT_BROKEN that names the place.
#pragma once
#include "broker/store/tables.h"

// Takes `mark` from the event before to this one.
bool verify_event(struct digest *digest, struct mark *mark, const struct event_row *row, struct fault *why)
    __attribute__((warn_unused_result));
// Reads everything; `mark` is then what the journal holds. A journal that is one commit ahead of its head is right: the
// power went, or the broker, between the two.
bool verify_journal(struct tables *tables, struct digest *digest, const struct signed_head *head, bool torn,
                    struct mark *mark, struct fault *why) __attribute__((warn_unused_result));
// The same for a journal that was taken from a backup, or whose head was: each is whole, they belong together, and the
// journal went on from, or leads to, where the head stands. `head` NULL: it is lost.
bool verify_backup(struct tables *tables, struct digest *digest, const struct signed_head *head, struct mark *mark,
                   struct fault *why) __attribute__((warn_unused_result));
// The hash over all but the events, for the head.
void verify_tables_digest(struct digest *digest, const struct mark *mark, unsigned char tables_digest[DIGEST_BYTES]);
bool verify_person(struct digest *digest, const struct person_row *row, struct fault *why)
    __attribute__((warn_unused_result));
