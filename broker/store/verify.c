// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/verify.h"

#include <string.h>

// A place in the chain that something outside of it vouches for.
struct chain_place {
    uint64_t seq;
    unsigned char chain[DIGEST_BYTES];
    bool met;
};

struct chain_scan {
    struct digest *digest;
    struct mark *mark;
    struct chain_place head, snapshot;
    uint64_t erased;
};

static bool same_hash(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, DIGEST_BYTES) == 0;
}

void verify_tables_digest(struct digest *digest, const struct mark *mark, unsigned char tables_digest[DIGEST_BYTES])
{
    digest_begin(digest);
    digest_add_number(digest, mark->anchor_seq);
    digest_add(digest, mark->anchor_chain, DIGEST_BYTES);
    digest_add_number(digest, mark->erased);
    digest_add(digest, mark->people, DIGEST_BYTES);
    digest_add_number(digest, mark->snapshot_seq);
    digest_add(digest, mark->snapshot_hash, DIGEST_BYTES);
    digest_end(digest, tables_digest);
}

bool verify_event(struct digest *digest, struct mark *mark, const struct event_row *row, struct fault *why)
{
    uint64_t seq = row->event.seq;
    if (seq != mark->seq + 1)
        return fault_set(why, FAULT_BROKEN, "event %llu is missing: event %llu comes after event %llu",
                         (unsigned long long)mark->seq + 1, (unsigned long long)seq, (unsigned long long)mark->seq);
    unsigned char hash[DIGEST_BYTES];
    if (row->event.payload) {
        digest_payload(digest, row->salt, row->event.payload, row->event.length, hash);
        if (!same_hash(hash, row->payload_hash))
            return fault_set(why, FAULT_BROKEN, "event %llu: payload does not match its hash", (unsigned long long)seq);
    }
    digest_link(digest, mark->chain, seq, row->event.at_ms, row->payload_hash);
    if (!same_hash(mark->chain, row->chain))
        return fault_set(why, FAULT_BROKEN, "event %llu: does not follow from event %llu", (unsigned long long)seq,
                         (unsigned long long)mark->seq);
    mark->seq = seq;
    mark->at_ms = row->event.at_ms;
    return true;
}

static void pass_place(struct chain_place *place, const struct mark *mark)
{
    if (place->seq == mark->seq)
        place->met = same_hash(place->chain, mark->chain);
}

static bool scan_event(void *arg, const struct event_row *row, struct fault *why)
{
    struct chain_scan *scan = arg;
    if (!verify_event(scan->digest, scan->mark, row, why))
        return false;
    scan->erased += !row->event.payload;
    pass_place(&scan->head, scan->mark);
    pass_place(&scan->snapshot, scan->mark);
    return true;
}

bool verify_person(struct digest *digest, const struct person_row *row, struct fault *why)
{
    unsigned char hash[DIGEST_BYTES];
    digest_person(digest, row->salt, &row->person, hash);
    return same_hash(hash, row->hash) ||
           fault_set(why, FAULT_BROKEN, "person %s: the row does not match its hash", row->person.id);
}

struct crowd {
    struct digest *digest;
    unsigned char sum[DIGEST_BYTES];
};

static bool scan_person(void *arg, const struct person_row *row, struct fault *why)
{
    struct crowd *crowd = arg;
    if (!verify_person(crowd->digest, row, why))
        return false;
    digest_sum_add(crowd->sum, row->hash);
    return true;
}

static bool verify_people(struct tables *tables, struct digest *digest, const struct mark *mark, struct fault *why)
{
    struct crowd crowd = {.digest = digest};
    if (!tables_each_person(tables, scan_person, &crowd, why))
        return false;
    return same_hash(crowd.sum, mark->people) ||
           fault_set(why, FAULT_BROKEN, "the table people: rows are missing, or were never of this journal");
}

static bool verify_snapshot(struct tables *tables, struct chain_scan *scan, struct fault *why)
{
    struct snapshot_row row;
    if (!tables_read_snapshot(tables, &row, why))
        return false;
    owned(bytes) char *bytes = row.bytes;
    if (!bytes)
        return scan->mark->anchor_seq == 0 ||
               fault_set(why, FAULT_BROKEN, "the snapshot that stands for the pruned events is missing");
    unsigned char hash[DIGEST_BYTES];
    digest_snapshot(scan->digest, row.seq, row.chain, bytes, row.length, hash);
    if (!same_hash(hash, row.hash))
        return fault_set(why, FAULT_BROKEN, "snapshot at event %llu: does not match its hash",
                         (unsigned long long)row.seq);
    scan->mark->snapshot_seq = scan->snapshot.seq = row.seq;
    memcpy(scan->mark->snapshot_hash, row.hash, DIGEST_BYTES);
    memcpy(scan->snapshot.chain, row.chain, DIGEST_BYTES);
    return true;
}

static bool verify_events(struct tables *tables, struct chain_scan *scan, struct fault *why)
{
    struct mark *mark = scan->mark;
    pass_place(&scan->head, mark);
    pass_place(&scan->snapshot, mark);
    // From 0, so that an event before the anchor is found out too.
    if (!tables_each_event(tables, 0, INT64_MAX, scan_event, scan, why))
        return false;
    if (scan->erased != mark->erased)
        return fault_set(why, FAULT_BROKEN, "%llu events have no payload, but %llu were erased",
                         (unsigned long long)scan->erased, (unsigned long long)mark->erased);
    return true;
}

// Neither shorter than its head, nor longer than by the commit that the head was to follow.
static bool verify_end(const struct mark *mark, const struct signed_head *head, struct fault *why)
{
    if (mark->seq < head->seq)
        return fault_set(why, FAULT_BROKEN, "the journal ends at event %llu, but its head vouches for event %llu",
                         (unsigned long long)mark->seq, (unsigned long long)head->seq);
    if (mark->commit_number < head->commit_number)
        return fault_set(why, FAULT_BROKEN, "the journal ends at commit %llu, but its head vouches for commit %llu",
                         (unsigned long long)mark->commit_number, (unsigned long long)head->commit_number);
    if (mark->commit_number > head->commit_number + 1)
        return fault_set(why, FAULT_BROKEN, "the head is %llu commits older than the journal: it is from a backup",
                         (unsigned long long)(mark->commit_number - head->commit_number));
    return true;
}

static bool verify_place_of_snapshot(struct chain_scan *scan, struct fault *why)
{
    return !scan->mark->snapshot_seq || scan->snapshot.met ||
           fault_set(why, FAULT_BROKEN, "snapshot at event %llu: is not of this journal",
                     (unsigned long long)scan->mark->snapshot_seq);
}

static bool verify_place_of_head(struct chain_scan *scan, struct fault *why)
{
    return scan->head.met || fault_set(why, FAULT_BROKEN, "event %llu: is not the one that the head vouches for",
                                       (unsigned long long)scan->head.seq);
}

static bool verify_head(struct chain_scan *scan, const struct signed_head *head, bool torn, struct fault *why)
{
    const struct mark *mark = scan->mark;
    if (!verify_end(mark, head, why))
        return false;
    if (!verify_place_of_snapshot(scan, why) || !verify_place_of_head(scan, why))
        return false;
    if (mark->commit_number == head->commit_number + 1)
        return true;
    if (torn)
        return fault_set(why, FAULT_BROKEN,
                         "half of the journal's head is damaged, and the journal does not hold "
                         "commit %llu that it may have vouched for",
                         (unsigned long long)head->commit_number + 1);
    unsigned char tables_digest[DIGEST_BYTES];
    verify_tables_digest(scan->digest, mark, tables_digest);
    if (mark->seq != head->seq || !same_hash(tables_digest, head->tables_digest))
        return fault_set(why, FAULT_BROKEN, "the journal at commit %llu is not the one that the head vouches for",
                         (unsigned long long)mark->commit_number);
    return true;
}

// All that can be known without the head.
static bool verify_tables(struct tables *tables, struct chain_scan *scan, const struct signed_head *head,
                          struct fault *why)
{
    struct mark *mark = scan->mark;
    if (!tables_check(tables, why) || !tables_read_mark(tables, mark, why))
        return false;
    if (head && memcmp(mark->journal, head->journal, JOURNAL_ID_BYTES) != 0)
        return fault_set(why, FAULT_BROKEN, "the head is of another journal");
    if (head) {
        scan->head.seq = head->seq;
        memcpy(scan->head.chain, head->chain, DIGEST_BYTES);
    }
    return verify_snapshot(tables, scan, why) && verify_events(tables, scan, why) &&
           verify_people(tables, scan->digest, mark, why);
}

bool verify_journal(struct tables *tables, struct digest *digest, const struct signed_head *head, bool torn,
                    struct mark *mark, struct fault *why)
{
    struct chain_scan scan = {.digest = digest, .mark = mark};
    return verify_tables(tables, &scan, head, why) && verify_head(&scan, head, torn, why);
}

bool verify_backup(struct tables *tables, struct digest *digest, const struct signed_head *head, struct mark *mark,
                   struct fault *why)
{
    struct chain_scan scan = {.digest = digest, .mark = mark};
    if (!verify_tables(tables, &scan, head, why) || !verify_place_of_snapshot(&scan, why))
        return false;
    // What was pruned since the head was kept, and what is missing since the journal was, cannot be compared.
    bool comparable = head && head->seq >= mark->anchor_seq && head->seq <= mark->seq;
    return !comparable || verify_place_of_head(&scan, why);
}
