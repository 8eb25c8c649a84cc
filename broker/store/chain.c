// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/chain.h"
#include "broker/base/clock.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/store/erased_list.h"
#include "broker/store/verify.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECKPOINT_PAGES = 1000, SNAPSHOT_MAX = 1000000000, PAYLOAD_MAX = 16 * 1024 * 1024 };

struct chain {
    struct tables *tables;
    struct key *key;
    struct head_file *head_file;
    const char *head_folder; // the configuration's
    struct digest digest;
    struct mark mark;
    struct signed_head head;
    int checkpoint_pages, checkpoint_due;
    bool dead; // an outcome was unknown: what is in memory may not be what is on disk
};

struct paths {
    char database[FILE_PATH_SIZE], draft[FILE_PATH_SIZE], head[FILE_PATH_SIZE], key[FILE_PATH_SIZE];
};

static void join_path(char path[FILE_PATH_SIZE], const char *folder, const char *name)
{
    int length = snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, name);
    assert(length > 0 && length < FILE_PATH_SIZE - 16); // room for -wal and .new
    (void)length;
}

static void log_path(char path[FILE_PATH_SIZE], const char *database)
{
    int length = snprintf(path, FILE_PATH_SIZE, "%s-wal", database);
    assert(length > 0 && length < FILE_PATH_SIZE);
    (void)length;
}

const char *chain_head_folder(const struct chain_config *config)
{
    return config->head_folder ? config->head_folder : config->folder;
}

static void find_paths(struct paths *paths, const struct chain_config *config)
{
    const char *head_folder = chain_head_folder(config);
    join_path(paths->database, config->folder, "journal.db");
    join_path(paths->draft, config->folder, "journal.db.new");
    join_path(paths->head, head_folder, "head");
    join_path(paths->key, head_folder, "head.key");
}

static int64_t later_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

// *head is the one before.
static void fill_head(struct digest *digest, const struct mark *mark, struct signed_head *head)
{
    int64_t at_ms = later_ms(head->at_ms, later_ms(mark->at_ms, clock_wall_ms()));
    *head = (struct signed_head){.commit_number = mark->commit_number, .seq = mark->seq, .at_ms = at_ms};
    memcpy(head->journal, mark->journal, JOURNAL_ID_BYTES);
    memcpy(head->chain, mark->chain, DIGEST_BYTES);
    verify_tables_digest(digest, mark, head->tables_digest);
}

// ---- creating

static bool log_exists(const char *database)
{
    char path[FILE_PATH_SIZE];
    log_path(path, database);
    return file_exists(path);
}

bool chain_exists(const struct chain_config *config)
{
    struct paths paths;
    find_paths(&paths, config);
    return file_exists(paths.database) || log_exists(paths.database);
}

static void key_drop(struct key **key)
{
    key_free(*key);
}

static bool load_or_create_key(const char *path, struct key **key, struct fault *why)
{
    if (!file_exists(path) && !key_create(path, why))
        return false;
    return key_load(path, key, why);
}

// A head at commit 1 without a database was left by a creation that was interrupted. Any later one vouches for
// something.
static bool head_is_unused(const char *path, struct key *key, struct fault *why)
{
    if (!file_exists(path))
        return true;
    struct head_file *file = NULL;
    struct signed_head head;
    bool torn;
    if (!signed_head_open(path, key, &file, &head, &torn, why))
        return false;
    signed_head_close(file);
    return (!torn && head.commit_number == 1) ||
           fault_set(why, FAULT_CONFLICT, "%s is the head of a journal in use, and that journal is not here", path);
}

static void remove_draft(const char *draft)
{
    char log[FILE_PATH_SIZE];
    log_path(log, draft);
    file_system->unlink(log);
    file_system->unlink(draft);
}

static bool create_database(const struct paths *paths, const char *vfs, const struct mark *mark, struct fault *why)
{
    remove_draft(paths->draft);
    // SQLite gives the log the mode of the database, but would choose that one by the umask.
    return file_replace_volatile(paths->draft, 0600, "", 0, why) && tables_create(paths->draft, vfs, mark, why) &&
           file_rename(paths->draft, paths->database, why);
}

bool chain_create(const struct chain_config *config, struct fault *why)
{
    struct paths paths;
    find_paths(&paths, config);
    if (chain_exists(config))
        return fault_set(why, FAULT_CONFLICT, "there is a journal in %s already", config->folder);
    owned(key) struct key *key = NULL;
    if (!load_or_create_key(paths.key, &key, why) || !head_is_unused(paths.head, key, why))
        return false;
    owned(digest) struct digest digest;
    digest_init(&digest);
    struct mark mark = {.commit_number = 1};
    arc4random_buf(mark.journal, JOURNAL_ID_BYTES);
    struct signed_head head = {0};
    fill_head(&digest, &mark, &head);
    return signed_head_create(paths.head, key, &head, why) && create_database(&paths, config->vfs, &mark, why);
}

// ---- opening

// SQLite takes an empty or foreign file for a new database and throws its log away; of the encoding of texts (here
// UTF-8) it looks at two bits, and stumbles over the others much later.
static bool check_database_file(const struct paths *paths, struct fault *why)
{
    static const char magic[16] = "SQLite format 3", utf8[4] = {0, 0, 0, 1};
    char bytes[100];
    size_t length;
    struct fault reason = {0};
    if (!file_read(paths->database, bytes, sizeof bytes, &length, &reason)) {
        if (reason.kind != FAULT_ABSENT)
            return fault_set(why, reason.kind, "%s", reason.text);
        if (log_exists(paths->database))
            return fault_set(why, FAULT_BROKEN, "%s is missing, but its log is there", paths->database);
        if (!file_exists(paths->head))
            return fault_set(
                why, FAULT_ABSENT,
                "there is no %s: pult-broker --init makes a new journal, --restore takes one from a back-up",
                paths->database);
        return fault_set(why, FAULT_BROKEN, "%s is missing, but its head is there", paths->database);
    }
    if (length < sizeof bytes || memcmp(bytes, magic, sizeof magic) != 0 || bytes[18] != 2 || bytes[19] != 2 ||
        memcmp(bytes + 56, utf8, sizeof utf8) != 0)
        return fault_set(why, FAULT_BROKEN, "%s is damaged at its beginning", paths->database);
    return true;
}

static bool open_head(struct chain *chain, const struct paths *paths, bool *torn, struct fault *why)
{
    struct fault reason = {0};
    if (key_load(paths->key, &chain->key, &reason) &&
        signed_head_open(paths->head, chain->key, &chain->head_file, &chain->head, torn, &reason))
        return true;
    // The journal is there, so its head has to be.
    return fault_set(why, reason.kind == FAULT_ABSENT ? FAULT_BROKEN : reason.kind, "%s", reason.text);
}

static bool sign_commit(struct chain *chain, struct fault *why)
{
    fill_head(&chain->digest, &chain->mark, &chain->head);
    return signed_head_write(chain->head_file, &chain->head, why);
}

// What a commit took out of the tables still stands in the log: it is emptied before the answer.
static bool wipe_log(struct chain *chain, struct fault *why)
{
    return (!tables_compaction_is_due(chain->tables) || tables_compact(chain->tables, why)) &&
           tables_checkpoint(chain->tables, true, why);
}

// Writes once more what was found: after a sync that failed, what the last broker wrote may be in memory only, and the
// system would call it clean.
static bool settle_journal(struct chain *chain, bool torn, struct fault *why)
{
    if (torn || chain->mark.commit_number > chain->head.commit_number)
        log_info("store", "the journal ends at event %llu, its head was at event %llu: brought forward",
                 (unsigned long long)chain->mark.seq, (unsigned long long)chain->head.seq);
    struct fault reason = {0};
    if (!wipe_log(chain, &reason)) {
        if (reason.kind != FAULT_UNAVAILABLE)
            return fault_set(why, reason.kind, "%s", reason.text);
        log_warn("store", "%s", reason.text);
    }
    if (!sign_commit(chain, why))
        return false;
    tables_enable_writes(chain->tables);
    return true;
}

static bool open_parts(struct chain *chain, const struct chain_config *config, struct fault *why)
{
    struct paths paths;
    find_paths(&paths, config);
    bool torn = false;
    // The database first: whoever has it has the head too.
    return check_database_file(&paths, why) && tables_open(paths.database, config->vfs, &chain->tables, why) &&
           open_head(chain, &paths, &torn, why) &&
           verify_journal(chain->tables, &chain->digest, &chain->head, torn, &chain->mark, why) &&
           settle_journal(chain, torn, why);
}

bool chain_open(const struct chain_config *config, struct chain **chain, struct fault *why)
{
    struct chain *opened = mem_new(1, sizeof *opened);
    digest_init(&opened->digest);
    opened->checkpoint_pages = config->checkpoint_pages ? config->checkpoint_pages : CHECKPOINT_PAGES;
    opened->checkpoint_due = opened->checkpoint_pages;
    opened->head_folder = chain_head_folder(config);
    if (!open_parts(opened, config, why)) {
        chain_close(opened);
        return false;
    }
    *chain = opened;
    return true;
}

void chain_close(struct chain *chain)
{
    if (!chain)
        return;
    tables_close(chain->tables);
    signed_head_close(chain->head_file);
    key_free(chain->key);
    digest_drop(&chain->digest);
    free(chain);
}

static bool accept_journal(struct chain *chain, const struct chain_config *config, struct store_gap *gap,
                           struct fault *why)
{
    struct paths paths;
    struct fault reason = {0};
    bool torn = false;
    find_paths(&paths, config);
    if (!check_database_file(&paths, why) || !tables_open(paths.database, config->vfs, &chain->tables, why) ||
        !load_or_create_key(paths.key, &chain->key, why))
        return false;
    struct signed_head head = {0};
    bool read = signed_head_open(paths.head, chain->key, &chain->head_file, &head, &torn, &reason);
    if (!read)
        log_warn("store", "the journal's head tells nothing: %s", reason.text);
    if (read && verify_journal(chain->tables, &chain->digest, &head, torn, &chain->mark, &reason))
        return fault_set(why, FAULT_CONFLICT, "the journal is what its head vouches for: there is nothing to accept");
    if (!verify_backup(chain->tables, &chain->digest, read ? &head : NULL, &chain->mark, why))
        return false;
    *gap = (struct store_gap){.seq = chain->mark.seq, .head_seq = head.seq, .head_ms = head.at_ms};
    fill_head(&chain->digest, &chain->mark, &head);
    return signed_head_create(paths.head, chain->key, &head, why);
}

bool chain_accept(const struct chain_config *config, struct store_gap *gap, struct fault *why)
{
    struct chain *chain = mem_new(1, sizeof *chain);
    digest_init(&chain->digest);
    bool accepted = accept_journal(chain, config, gap, why);
    chain_close(chain);
    return accepted;
}

// ---- changing

static enum store_outcome distrust_chain(struct chain *chain)
{
    chain->dead = true;
    tables_disable_writes(chain->tables);
    return STORE_UNKNOWN;
}

// `change` writes to the tables and to *next; false: nothing of it stays.
static enum store_outcome commit_change(struct chain *chain,
                                        bool (*change)(struct chain *chain, struct mark *next, const void *arg,
                                                       struct fault *why),
                                        const void *arg, struct fault *why)
{
    if (chain->dead) {
        fault_set(why, FAULT_BROKEN, "the journal has failed before and must be opened anew");
        return STORE_UNKNOWN;
    }
    assert(chain->head.commit_number == chain->mark.commit_number && chain->head.seq == chain->mark.seq);
    struct mark next = chain->mark;
    next.commit_number++;
    if (!tables_begin(chain->tables, why) || !change(chain, &next, arg, why) ||
        !tables_write_mark(chain->tables, &next, why))
        return tables_rollback(chain->tables) ? STORE_REFUSED : distrust_chain(chain);
    enum store_outcome outcome = tables_commit(chain->tables, why);
    if (outcome == STORE_UNKNOWN)
        return distrust_chain(chain);
    if (outcome == STORE_REFUSED)
        return STORE_REFUSED;
    assert(next.seq >= chain->mark.seq && next.anchor_seq <= next.snapshot_seq && next.snapshot_seq <= next.seq);
    chain->mark = next;
    // The commit is durable, but without its head it could be lost again and nobody would know.
    return sign_commit(chain, why) ? STORE_DURABLE : distrust_chain(chain);
}

static bool add_event(struct chain *chain, struct mark *next, const struct store_event *event, struct fault *why)
{
    assert(event->seq == next->seq + 1);
    assert(event->payload && event->length > 0 && event->length <= PAYLOAD_MAX);
    unsigned char salt[SALT_BYTES], hash[DIGEST_BYTES];
    arc4random_buf(salt, sizeof salt);
    digest_payload(&chain->digest, salt, event->payload, event->length, hash);
    digest_link(&chain->digest, next->chain, event->seq, event->at_ms, hash);
    next->seq = event->seq;
    next->at_ms = event->at_ms;
    struct event_row row = {.event = *event, .salt = salt, .payload_hash = hash, .chain = next->chain};
    return tables_add_event(chain->tables, &row, why);
}

static bool put_person(struct chain *chain, struct mark *next, const struct store_person *person, struct fault *why)
{
    unsigned char before[DIGEST_BYTES];
    if (!tables_person_hash(chain->tables, person->id, before, why))
        return false;
    digest_sum_remove(next->people, before);
    struct person_row row = {.person = *person};
    arc4random_buf(row.salt, sizeof row.salt);
    digest_person(&chain->digest, row.salt, person, row.hash);
    digest_sum_add(next->people, row.hash);
    return tables_put_person(chain->tables, &row, why);
}

static bool add_batch(struct chain *chain, struct mark *next, const void *arg, struct fault *why)
{
    const struct store_batch *batch = arg;
    for (size_t i = 0; i < batch->event_count; i++)
        if (!add_event(chain, next, &batch->events[i], why))
            return false;
    for (size_t i = 0; i < batch->person_count; i++)
        if (!put_person(chain, next, &batch->people[i], why))
            return false;
    return true;
}

enum store_outcome chain_append(struct chain *chain, const struct store_batch *batch, struct fault *why)
{
    return commit_change(chain, add_batch, batch, why);
}

static bool hash_at(struct chain *chain, uint64_t seq, unsigned char hash[DIGEST_BYTES], struct fault *why)
{
    if (seq != chain->mark.anchor_seq)
        return tables_event_chain(chain->tables, seq, hash, why);
    memcpy(hash, chain->mark.anchor_chain, DIGEST_BYTES);
    return true;
}

static bool put_snapshot(struct chain *chain, struct mark *next, const void *arg, struct fault *why)
{
    struct snapshot_row row = *(const struct snapshot_row *)arg;
    if (row.seq < next->snapshot_seq || row.seq > next->seq)
        return fault_set(why, FAULT_CONFLICT,
                         "a snapshot at event %llu does not fit: the last one is at %llu, and the "
                         "journal ends at %llu",
                         (unsigned long long)row.seq, (unsigned long long)next->snapshot_seq,
                         (unsigned long long)next->seq);
    if (!hash_at(chain, row.seq, row.chain, why))
        return false;
    digest_snapshot(&chain->digest, row.seq, row.chain, row.bytes, row.length, row.hash);
    next->snapshot_seq = row.seq;
    memcpy(next->snapshot_hash, row.hash, DIGEST_BYTES);
    return tables_write_snapshot(chain->tables, &row, why);
}

enum store_outcome chain_keep_snapshot(struct chain *chain, uint64_t seq, const char *bytes, size_t length,
                                       struct fault *why)
{
    assert(bytes && length > 0 && length <= SNAPSHOT_MAX);
    struct snapshot_row row = {.seq = seq, .bytes = (char *)bytes, .length = length};
    return commit_change(chain, put_snapshot, &row, why);
}

static bool before_snapshot(const struct mark *mark, uint64_t last, struct fault *why)
{
    return last <= mark->snapshot_seq ||
           fault_set(why, FAULT_CONFLICT, "event %llu is still needed: the snapshot is at event %llu",
                     (unsigned long long)last, (unsigned long long)mark->snapshot_seq);
}

struct ranges {
    const struct store_range *first;
    size_t count;
};

static bool erase_ranges(struct chain *chain, struct mark *next, const void *arg, struct fault *why)
{
    const struct ranges *ranges = arg;
    for (size_t i = 0; i < ranges->count; i++) {
        const struct store_range *range = &ranges->first[i];
        uint64_t erased = 0;
        if (!before_snapshot(next, range->last, why) ||
            !tables_erase_events(chain->tables, range->first, range->last, &erased, why))
            return false;
        next->erased += erased;
    }
    return true;
}

static enum store_outcome wipe_log_after(struct chain *chain, enum store_outcome outcome, struct fault *why)
{
    if (outcome != STORE_DURABLE)
        return outcome;
    struct fault reason = {0};
    if (wipe_log(chain, &reason))
        return STORE_DURABLE;
    fault_set(why, reason.kind, "%s; it is erased, but not wiped from the log: do it again", reason.text);
    return reason.kind == FAULT_UNAVAILABLE ? STORE_REFUSED : distrust_chain(chain);
}

enum store_outcome chain_erase(struct chain *chain, const struct store_range *ranges, size_t count, struct fault *why)
{
    return wipe_log_after(chain, commit_change(chain, erase_ranges, &(struct ranges){ranges, count}, why), why);
}

static bool prune_events(struct chain *chain, struct mark *next, const void *arg, struct fault *why)
{
    uint64_t last = *(const uint64_t *)arg, erased = 0;
    if (last <= next->anchor_seq)
        return true;
    if (!before_snapshot(next, last, why) || !hash_at(chain, last, next->anchor_chain, why) ||
        !tables_prune_events(chain->tables, last, &erased, why))
        return false;
    assert(erased <= next->erased);
    next->anchor_seq = last;
    next->erased -= erased;
    return true;
}

enum store_outcome chain_prune(struct chain *chain, uint64_t last, struct fault *why)
{
    return wipe_log_after(chain, commit_change(chain, prune_events, &last, why), why);
}

static bool remove_person(struct chain *chain, struct mark *next, const void *arg, struct fault *why)
{
    unsigned char before[DIGEST_BYTES];
    if (!tables_person_hash(chain->tables, arg, before, why))
        return false;
    digest_sum_remove(next->people, before);
    return tables_remove_person(chain->tables, arg, why);
}

enum store_outcome chain_erase_person(struct chain *chain, const char *id, struct fault *why)
{
    if (!chain->dead && !erased_list_add(chain->head_folder, id, why))
        return why->kind == FAULT_BROKEN ? distrust_chain(chain) : STORE_REFUSED;
    return wipe_log_after(chain, commit_change(chain, remove_person, id, why), why);
}

void chain_tidy(struct chain *chain)
{
    int pages = tables_log_pages(chain->tables);
    if (chain->dead || pages < chain->checkpoint_due)
        return;
    struct fault why = {0};
    chain->checkpoint_due = chain->checkpoint_pages;
    if (tables_checkpoint(chain->tables, false, &why))
        return;
    chain->checkpoint_due += pages; // not at every append, while the disk is full
    log_warn("store", "%s", why.text);
    // The system may now take unwritten pages for written. The next start writes and checks everything anew.
    if (why.kind != FAULT_UNAVAILABLE)
        distrust_chain(chain);
}

// ---- reading

struct replay {
    struct chain *chain;
    struct mark mark;
    bool (*event)(void *arg, const struct store_event *event, struct fault *why);
    void *arg;
};

static bool replay_event(void *arg, const struct event_row *row, struct fault *why)
{
    struct replay *replay = arg;
    struct fault reason = {.kind = FAULT_CONFLICT, .text = "not taken"};
    if (!verify_event(&replay->chain->digest, &replay->mark, row, why))
        return false;
    return replay->event(replay->arg, &row->event, &reason) ||
           fault_set(why, reason.kind, "event %llu: %s", (unsigned long long)row->event.seq, reason.text);
}

bool chain_replay(struct chain *chain, uint64_t from, size_t limit,
                  bool (*event)(void *arg, const struct store_event *event, struct fault *why), void *arg,
                  struct fault *why)
{
    const struct mark *mark = &chain->mark;
    if (from <= mark->anchor_seq || from > mark->seq + 1)
        return fault_set(why, FAULT_ABSENT, "event %llu is not in the journal, which holds %llu to %llu",
                         (unsigned long long)from, (unsigned long long)mark->anchor_seq + 1,
                         (unsigned long long)mark->seq);
    uint64_t left = mark->seq + 1 - from, count = limit && limit < left ? limit : left;
    struct replay replay = {.chain = chain, .mark.seq = from - 1, .event = event, .arg = arg};
    if (from - 1 > 0 && !hash_at(chain, from - 1, replay.mark.chain, why))
        return false;
    if (!tables_each_event(chain->tables, from, limit ? limit : INT64_MAX, replay_event, &replay, why))
        return false;
    return replay.mark.seq == from - 1 + count ||
           fault_set(why, FAULT_BROKEN, "event %llu is missing", (unsigned long long)replay.mark.seq + 1);
}

struct reading {
    struct digest *digest;
    bool (*person)(void *arg, const struct store_person *person, struct fault *why);
    void *arg;
};

static bool read_person(void *arg, const struct person_row *row, struct fault *why)
{
    struct reading *reading = arg;
    return verify_person(reading->digest, row, why) && reading->person(reading->arg, &row->person, why);
}

bool chain_each_person(struct chain *chain,
                       bool (*person)(void *arg, const struct store_person *person, struct fault *why), void *arg,
                       struct fault *why)
{
    struct reading reading = {&chain->digest, person, arg};
    return tables_each_person(chain->tables, read_person, &reading, why);
}

bool chain_read_snapshot(struct chain *chain, uint64_t *seq, char **bytes, size_t *length, struct fault *why)
{
    struct snapshot_row row;
    if (!tables_read_snapshot(chain->tables, &row, why))
        return false;
    *seq = row.seq;
    *bytes = row.bytes;
    *length = row.length;
    return true;
}

uint64_t chain_anchor(const struct chain *chain)
{
    return chain->mark.anchor_seq;
}

bool chain_each_erased(struct chain *chain, bool (*each)(void *arg, const char *person_id, struct fault *why),
                       void *arg, struct fault *why)
{
    return erased_list_each(chain->head_folder, each, arg, why);
}

struct tables *chain_tables(struct chain *chain)
{
    assert(!chain->dead);
    return chain->tables;
}

const struct signed_head *chain_head(const struct chain *chain)
{
    return &chain->head;
}

bool chain_is_dead(const struct chain *chain)
{
    return chain->dead;
}
