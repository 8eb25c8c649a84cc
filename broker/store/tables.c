// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/tables.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static const char *const schema[] = {
    "CREATE TABLE events(seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, salt BLOB, payload BLOB, "
    "payload_hash BLOB NOT NULL, chain BLOB NOT NULL) STRICT",
    "CREATE TABLE people(id TEXT PRIMARY KEY, key TEXT NOT NULL, user_name TEXT NOT NULL, name TEXT NOT NULL, "
    "salt BLOB NOT NULL, hash BLOB NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE snapshot(id INTEGER PRIMARY KEY CHECK(id = 1), seq INTEGER NOT NULL, chain BLOB NOT NULL, "
    "hash BLOB NOT NULL, bytes BLOB NOT NULL) STRICT",
    "CREATE TABLE meta(id INTEGER PRIMARY KEY CHECK(id = 1), schema INTEGER NOT NULL, journal BLOB NOT NULL, "
    "commit_number INTEGER NOT NULL, anchor_seq INTEGER NOT NULL, anchor_chain BLOB NOT NULL, erased INTEGER NOT NULL, "
    "people BLOB NOT NULL) STRICT",
};
enum { TABLE_COUNT = sizeof schema / sizeof *schema };

// FULL: the log is synced at each commit. Checkpoints are ours, so that they come after the answer and their failure is
// seen. EXCLUSIVE: one broker per journal, and no shared-memory file.
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
                               "PRAGMA wal_autocheckpoint = 0; PRAGMA cell_size_check = ON;"
                               "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;";

enum statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    READ_MARK,
    WRITE_MARK,
    ADD_EVENT,
    EACH_EVENT,
    EVENT_CHAIN,
    ERASE_EVENTS,
    COUNT_ERASED,
    PRUNE_EVENTS,
    PERSON_HASH,
    PUT_PERSON,
    REMOVE_PERSON,
    EACH_PERSON,
    WRITE_SNAPSHOT,
    READ_SNAPSHOT,
    STATEMENT_COUNT,
};

static const char *const sql[STATEMENT_COUNT] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [READ_MARK] =
        "SELECT schema, journal, commit_number, anchor_seq, anchor_chain, erased, people FROM meta WHERE id = 1",
    [WRITE_MARK] =
        "INSERT OR REPLACE INTO meta(id, schema, journal, commit_number, anchor_seq, anchor_chain, erased, people) "
        "VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
    [ADD_EVENT] = "INSERT INTO events(seq, at_ms, salt, payload, payload_hash, chain) VALUES (?, ?, ?, ?, ?, ?)",
    [EACH_EVENT] =
        "SELECT seq, at_ms, salt, payload, payload_hash, chain FROM events WHERE seq >= ? ORDER BY seq LIMIT ?",
    [EVENT_CHAIN] = "SELECT chain FROM events WHERE seq = ?",
    [ERASE_EVENTS] = "UPDATE events SET salt = NULL, payload = NULL WHERE seq BETWEEN ? AND ? AND salt IS NOT NULL",
    [COUNT_ERASED] = "SELECT count(*) FROM events WHERE seq <= ? AND salt IS NULL",
    [PRUNE_EVENTS] = "DELETE FROM events WHERE seq <= ?",
    [PERSON_HASH] = "SELECT hash FROM people WHERE id = ?",
    [PUT_PERSON] = "INSERT OR REPLACE INTO people(id, key, user_name, name, salt, hash) VALUES (?, ?, ?, ?, ?, ?)",
    [REMOVE_PERSON] = "DELETE FROM people WHERE id = ?",
    [EACH_PERSON] = "SELECT id, key, user_name, name, salt, hash FROM people ORDER BY id",
    [WRITE_SNAPSHOT] = "INSERT OR REPLACE INTO snapshot(id, seq, chain, hash, bytes) VALUES (1, ?, ?, ?, ?)",
    [READ_SNAPSHOT] = "SELECT seq, chain, hash, bytes FROM snapshot WHERE id = 1",
};

// A page that is freed is zeroed, one that is rebuilt is not.
static const char rewrite_people[] = "CREATE TEMP TABLE kept AS SELECT * FROM people; DELETE FROM people;"
                                     "INSERT INTO people SELECT * FROM kept ORDER BY id; DROP TABLE kept";

struct tables {
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    int log_pages;
};

// Ready to be used again when the scope ends; nothing is read or written by a statement that is reset.
static void use_drop(sqlite3_stmt **statement)
{
    if (*statement) {
        sqlite3_reset(*statement);
        sqlite3_clear_bindings(*statement);
    }
}

static sqlite3_stmt *use_statement(struct tables *tables, enum statement which)
{
    return tables->statements[which];
}

static bool query_failed(struct tables *tables, int rc, const char *what, struct fault *why)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return fault_set(why, FAULT_UNAVAILABLE, "cannot %s: the disk of the journal is full", what);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fault_set(why, FAULT_CONFLICT, "cannot %s: another program has the journal open", what);
    case SQLITE_CANTOPEN:
        return fault_set(why, FAULT_UNAVAILABLE, "cannot %s: %s", what, sqlite3_errstr(rc));
    default:
        return fault_set(why, FAULT_BROKEN, "cannot %s: %s (SQLite %d, errno %d)", what,
                         tables->db ? sqlite3_errmsg(tables->db) : sqlite3_errstr(rc), rc,
                         tables->db ? sqlite3_system_errno(tables->db) : 0);
    }
}

static bool wrong_shape(struct fault *why, const char *table)
{
    return fault_set(why, FAULT_BROKEN, "a row of the table %s is damaged", table);
}

static bool run_statement(struct tables *tables, sqlite3_stmt *statement, const char *what, struct fault *why)
{
    int rc = sqlite3_step(statement);
    return rc == SQLITE_DONE || query_failed(tables, rc, what, why);
}

static bool execute_sql(struct tables *tables, const char *text, const char *what, struct fault *why)
{
    int rc = sqlite3_exec(tables->db, text, NULL, NULL, NULL);
    return rc == SQLITE_OK || query_failed(tables, rc, what, why);
}

static void statement_drop(sqlite3_stmt **statement)
{
    sqlite3_finalize(*statement);
}

// The first column of the first row of `text` is `expected`.
static bool query_answers(struct tables *tables, const char *text, const char *expected, const char *wrong,
                          struct fault *why)
{
    owned(statement) sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(tables->db, text, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "read the journal", why);
    const char *answer = (const char *)sqlite3_column_text(statement, 0);
    return (answer && text_equal(answer, expected)) || fault_set(why, FAULT_BROKEN, "%s: %s", wrong, answer);
}

static void bind_number(sqlite3_stmt *statement, int at, uint64_t number)
{
    int rc = sqlite3_bind_int64(statement, at, (sqlite3_int64)number);
    assert(rc == SQLITE_OK);
    (void)rc;
}

// Borrowed until the statement is reset. NULL binds NULL.
static void bind_bytes(sqlite3_stmt *statement, int at, const void *bytes, size_t length)
{
    int rc = sqlite3_bind_blob64(statement, at, bytes, length, SQLITE_STATIC);
    assert(rc == SQLITE_OK);
    (void)rc;
}

static void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    int rc = sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
    assert(rc == SQLITE_OK);
    (void)rc;
}

// NULL unless the column is a blob of exactly `length` bytes.
static const unsigned char *fixed_bytes(sqlite3_stmt *statement, int column, int length)
{
    if (sqlite3_column_type(statement, column) != SQLITE_BLOB || sqlite3_column_bytes(statement, column) != length)
        return NULL;
    return sqlite3_column_blob(statement, column);
}

static bool copy_bytes(sqlite3_stmt *statement, int column, void *to, int length)
{
    const unsigned char *bytes = fixed_bytes(statement, column, length);
    if (bytes)
        memcpy(to, bytes, (size_t)length);
    return bytes != NULL;
}

static bool copy_number(sqlite3_stmt *statement, int column, uint64_t *number)
{
    *number = (uint64_t)sqlite3_column_int64(statement, column);
    return sqlite3_column_type(statement, column) == SQLITE_INTEGER && *number <= INT64_MAX;
}

static bool copy_text(sqlite3_stmt *statement, int column, char *to, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text && strlen(text) == (size_t)sqlite3_column_bytes(statement, column) && text_copy(to, size, text);
}

static int count_log_pages(void *arg, sqlite3 *db, const char *database, int pages)
{
    (void)db, (void)database;
    struct tables *tables = arg;
    tables->log_pages = pages;
    return SQLITE_OK;
}

static bool connect_database(const char *path, const char *vfs, struct tables *tables, struct fault *why)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    int rc = sqlite3_open_v2(path, &tables->db, flags, vfs);
    if (rc != SQLITE_OK)
        return query_failed(tables, rc, "open the journal", why);
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    int powersafe = 1;
    sqlite3_file_control(tables->db, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE, &powersafe);
    if (!execute_sql(tables, settings, "open the journal", why))
        return false;
    sqlite3_wal_hook(tables->db, count_log_pages, tables);
    return true;
}

bool tables_create(const char *path, const char *vfs, const struct mark *mark, struct fault *why)
{
    struct tables tables = {0};
    bool right = connect_database(path, vfs, &tables, why) &&
                 query_answers(&tables, "PRAGMA journal_mode = WAL", "wal", "the journal cannot have a log", why) &&
                 execute_sql(&tables, "BEGIN", "create the journal", why);
    for (int i = 0; i < TABLE_COUNT && right; i++)
        right = execute_sql(&tables, schema[i], "create the journal", why);
    if (right && sqlite3_prepare_v2(tables.db, sql[WRITE_MARK], -1, &tables.statements[WRITE_MARK], NULL) == SQLITE_OK)
        right = tables_write_mark(&tables, mark, why);
    right = right && execute_sql(&tables, "COMMIT", "create the journal", why) && tables_checkpoint(&tables, true, why);
    tables_enable_writes(&tables);
    sqlite3_finalize(tables.statements[WRITE_MARK]);
    sqlite3_close(tables.db);
    return right;
}

// The tables are those of this program and nothing beside them: no trigger, no index, no column of another type.
static bool check_schema(struct tables *tables, struct fault *why)
{
    owned(statement) sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(tables->db, "SELECT sql FROM sqlite_schema ORDER BY rowid", -1, &statement, NULL);
    if (rc != SQLITE_OK)
        return query_failed(tables, rc, "open the journal", why);
    int count = 0;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (count == TABLE_COUNT || !text || !text_equal(text, schema[count++]))
            return fault_set(why, FAULT_BROKEN, "the journal's tables are not those of this program");
    }
    if (rc == SQLITE_DONE && count != TABLE_COUNT)
        return fault_set(why, FAULT_BROKEN, "the journal lacks tables");
    return rc == SQLITE_DONE || query_failed(tables, rc, "read the journal's tables", why);
}

static bool prepare_statements(struct tables *tables, struct fault *why)
{
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        int rc = sqlite3_prepare_v3(tables->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &tables->statements[i], NULL);
        if (rc != SQLITE_OK)
            return query_failed(tables, rc, "read the journal's tables", why);
    }
    return true;
}

bool tables_open(const char *path, const char *vfs, struct tables **tables, struct fault *why)
{
    struct tables *opened = mem_new(1, sizeof *opened);
    if (!connect_database(path, vfs, opened, why) ||
        !query_answers(opened, "PRAGMA journal_mode", "wal", "the journal is damaged: its log is off", why) ||
        !check_schema(opened, why) || !prepare_statements(opened, why)) {
        tables_close(opened);
        return false;
    }
    *tables = opened;
    return true;
}

void tables_enable_writes(struct tables *tables)
{
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

void tables_disable_writes(struct tables *tables)
{
    sqlite3_db_config(tables->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void tables_close(struct tables *tables)
{
    if (!tables)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(tables->statements[i]);
    int rc = sqlite3_close(tables->db);
    assert(rc == SQLITE_OK); // else a statement is still about
    (void)rc;
    free(tables);
}

struct sqlite3 *tables_database(struct tables *tables)
{
    return tables->db;
}

bool tables_check(struct tables *tables, struct fault *why)
{
    return query_answers(tables, "PRAGMA quick_check(1)", "ok", "the journal's file is damaged", why);
}

bool tables_begin(struct tables *tables, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, BEGIN);
    return run_statement(tables, statement, "write to the journal", why);
}

// A full disk is certain: SQLite writes the frames of a commit to the log one after the other, the one that says
// "committed" last, and stops at the first that does not fit; so that one is not whole, and a log without it holds
// nothing of this transaction. (A padded log would hold it twice, and the second could be the one that fails: hence
// powersafe overwrite in `connect_database`.) Any other failure is not certain: a failed sync leaves all frames where
// the next start may or may not find them, and after a failed write nobody can tell how much of it reached the disk.
enum store_outcome tables_commit(struct tables *tables, struct fault *why)
{
    int rc;
    {
        owned(use) sqlite3_stmt *statement = use_statement(tables, COMMIT);
        rc = sqlite3_step(statement);
        if (rc == SQLITE_DONE)
            return STORE_DURABLE;
        query_failed(tables, rc, "commit to the journal", why);
    }
    bool certain = (rc & 0xff) == SQLITE_FULL || (rc & 0xff) == SQLITE_BUSY;
    return certain && tables_rollback(tables) ? STORE_REFUSED : STORE_UNKNOWN;
}

bool tables_rollback(struct tables *tables)
{
    if (!sqlite3_get_autocommit(tables->db)) { // else SQLite has rolled back by itself
        owned(use) sqlite3_stmt *statement = use_statement(tables, ROLLBACK);
        sqlite3_step(statement);
    }
    return sqlite3_get_autocommit(tables->db);
}

// SQLite does not sync a log it has cut to nothing: after a power cut the old pages, with what was erased in them,
// could be back.
static bool sync_log(struct tables *tables, struct fault *why)
{
    sqlite3_file *log = NULL;
    int rc = sqlite3_file_control(tables->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (rc == SQLITE_OK && log && log->pMethods)
        rc = log->pMethods->xSync(log, SQLITE_SYNC_FULL);
    return rc == SQLITE_OK || query_failed(tables, rc, "sync the journal's log", why);
}

bool tables_checkpoint(struct tables *tables, bool empty, struct fault *why)
{
    int mode = empty ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
    int rc = sqlite3_wal_checkpoint_v2(tables->db, "main", mode, NULL, NULL);
    if (rc != SQLITE_OK)
        return query_failed(tables, rc, "move the log into the journal", why);
    tables->log_pages = 0;
    return !empty || sync_log(tables, why);
}

// The user version is ours to use; it says that a compaction is due.
bool tables_compact(struct tables *tables, struct fault *why)
{
    return execute_sql(tables, "VACUUM", "compact the journal", why) &&
           execute_sql(tables, "PRAGMA user_version = 0", "compact the journal", why);
}

bool tables_compaction_is_due(struct tables *tables)
{
    return !query_answers(tables, "PRAGMA user_version", "0", "", NULL);
}

int tables_log_pages(const struct tables *tables)
{
    return tables->log_pages;
}

bool tables_read_mark(struct tables *tables, struct mark *mark, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, READ_MARK);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return fault_set(why, FAULT_BROKEN, "the journal lacks its row in the table meta");
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "read the table meta", why);
    uint64_t version;
    *mark = (struct mark){0};
    if (!copy_number(statement, 0, &version) || !copy_bytes(statement, 1, mark->journal, JOURNAL_ID_BYTES) ||
        !copy_number(statement, 2, &mark->commit_number) || !copy_number(statement, 3, &mark->anchor_seq) ||
        !copy_bytes(statement, 4, mark->anchor_chain, DIGEST_BYTES) || !copy_number(statement, 5, &mark->erased) ||
        !copy_bytes(statement, 6, mark->people, DIGEST_BYTES))
        return wrong_shape(why, "meta");
    if (version != TABLES_SCHEMA)
        return fault_set(why, FAULT_BROKEN, "the journal has schema %llu, this program knows %d",
                         (unsigned long long)version, TABLES_SCHEMA);
    mark->seq = mark->anchor_seq;
    memcpy(mark->chain, mark->anchor_chain, DIGEST_BYTES);
    return true;
}

bool tables_write_mark(struct tables *tables, const struct mark *mark, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, WRITE_MARK);
    bind_number(statement, 1, TABLES_SCHEMA);
    bind_bytes(statement, 2, mark->journal, JOURNAL_ID_BYTES);
    bind_number(statement, 3, mark->commit_number);
    bind_number(statement, 4, mark->anchor_seq);
    bind_bytes(statement, 5, mark->anchor_chain, DIGEST_BYTES);
    bind_number(statement, 6, mark->erased);
    bind_bytes(statement, 7, mark->people, DIGEST_BYTES);
    return run_statement(tables, statement, "write the table meta", why);
}

bool tables_add_event(struct tables *tables, const struct event_row *row, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, ADD_EVENT);
    bind_number(statement, 1, row->event.seq);
    bind_number(statement, 2, (uint64_t)row->event.at_ms);
    bind_bytes(statement, 3, row->salt, SALT_BYTES);
    bind_bytes(statement, 4, row->event.payload, row->event.length);
    bind_bytes(statement, 5, row->payload_hash, DIGEST_BYTES);
    bind_bytes(statement, 6, row->chain, DIGEST_BYTES);
    return run_statement(tables, statement, "add an event to the journal", why);
}

static bool read_event(sqlite3_stmt *statement, struct event_row *row)
{
    *row = (struct event_row){
        .event.seq = (uint64_t)sqlite3_column_int64(statement, 0),
        .event.at_ms = sqlite3_column_int64(statement, 1),
        .payload_hash = fixed_bytes(statement, 4, DIGEST_BYTES),
        .chain = fixed_bytes(statement, 5, DIGEST_BYTES),
    };
    int payload = sqlite3_column_type(statement, 3);
    if (payload == SQLITE_NULL)
        return row->payload_hash && row->chain && sqlite3_column_type(statement, 2) == SQLITE_NULL;
    row->salt = fixed_bytes(statement, 2, SALT_BYTES);
    row->event.payload = sqlite3_column_blob(statement, 3);
    row->event.length = (size_t)sqlite3_column_bytes(statement, 3);
    return payload == SQLITE_BLOB && row->event.payload && row->salt && row->payload_hash && row->chain;
}

bool tables_each_event(struct tables *tables, uint64_t from, uint64_t limit,
                       bool (*each)(void *arg, const struct event_row *row, struct fault *why), void *arg,
                       struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, EACH_EVENT);
    bind_number(statement, 1, from);
    bind_number(statement, 2, limit);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct event_row row;
        if (!read_event(statement, &row))
            return fault_set(why, FAULT_BROKEN, "event %lld: the row is damaged", (long long)row.event.seq);
        if (!each(arg, &row, why))
            return false;
    }
    return rc == SQLITE_DONE || query_failed(tables, rc, "read the events", why);
}

bool tables_event_chain(struct tables *tables, uint64_t seq, unsigned char chain[DIGEST_BYTES], struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, EVENT_CHAIN);
    bind_number(statement, 1, seq);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return fault_set(why, FAULT_ABSENT, "event %llu is not in the journal", (unsigned long long)seq);
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "read an event", why);
    return copy_bytes(statement, 0, chain, DIGEST_BYTES) || wrong_shape(why, "events");
}

bool tables_erase_events(struct tables *tables, uint64_t first, uint64_t last, uint64_t *erased, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, ERASE_EVENTS);
    bind_number(statement, 1, first);
    bind_number(statement, 2, last);
    if (!run_statement(tables, statement, "erase events", why))
        return false;
    *erased = (uint64_t)sqlite3_changes64(tables->db);
    return true;
}

bool tables_prune_events(struct tables *tables, uint64_t last, uint64_t *erased, struct fault *why)
{
    owned(use) sqlite3_stmt *count = use_statement(tables, COUNT_ERASED);
    bind_number(count, 1, last);
    int rc = sqlite3_step(count);
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "count the erased events", why);
    *erased = (uint64_t)sqlite3_column_int64(count, 0);
    owned(use) sqlite3_stmt *statement = use_statement(tables, PRUNE_EVENTS);
    bind_number(statement, 1, last);
    return run_statement(tables, statement, "prune the journal", why) &&
           execute_sql(tables, "PRAGMA user_version = 1", "prune the journal", why);
}

bool tables_person_hash(struct tables *tables, const char *id, unsigned char hash[DIGEST_BYTES], struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, PERSON_HASH);
    bind_text(statement, 1, id);
    memset(hash, 0, DIGEST_BYTES);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return true;
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "read a person", why);
    return copy_bytes(statement, 0, hash, DIGEST_BYTES) || wrong_shape(why, "people");
}

bool tables_put_person(struct tables *tables, const struct person_row *row, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, PUT_PERSON);
    bind_text(statement, 1, row->person.id);
    bind_text(statement, 2, row->person.key);
    bind_text(statement, 3, row->person.user_name);
    bind_text(statement, 4, row->person.name);
    bind_bytes(statement, 5, row->salt, SALT_BYTES);
    bind_bytes(statement, 6, row->hash, DIGEST_BYTES);
    return run_statement(tables, statement, "keep a person", why);
}

bool tables_remove_person(struct tables *tables, const char *id, struct fault *why)
{
    {
        owned(use) sqlite3_stmt *statement = use_statement(tables, REMOVE_PERSON);
        bind_text(statement, 1, id);
        if (!run_statement(tables, statement, "erase a person", why))
            return false;
    }
    return sqlite3_changes(tables->db) == 0 || execute_sql(tables, rewrite_people, "erase a person", why);
}

bool tables_each_person(struct tables *tables, bool (*each)(void *arg, const struct person_row *row, struct fault *why),
                        void *arg, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, EACH_PERSON);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
        struct person_row row;
        if (!copy_text(statement, 0, row.person.id, sizeof row.person.id) ||
            !copy_text(statement, 1, row.person.key, sizeof row.person.key) ||
            !copy_text(statement, 2, row.person.user_name, sizeof row.person.user_name) ||
            !copy_text(statement, 3, row.person.name, sizeof row.person.name) ||
            !copy_bytes(statement, 4, row.salt, SALT_BYTES) || !copy_bytes(statement, 5, row.hash, DIGEST_BYTES))
            return wrong_shape(why, "people");
        if (!each(arg, &row, why))
            return false;
    }
    return rc == SQLITE_DONE || query_failed(tables, rc, "read the people", why);
}

bool tables_write_snapshot(struct tables *tables, const struct snapshot_row *row, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, WRITE_SNAPSHOT);
    bind_number(statement, 1, row->seq);
    bind_bytes(statement, 2, row->chain, DIGEST_BYTES);
    bind_bytes(statement, 3, row->hash, DIGEST_BYTES);
    bind_bytes(statement, 4, row->bytes, row->length);
    return run_statement(tables, statement, "keep a snapshot", why);
}

bool tables_read_snapshot(struct tables *tables, struct snapshot_row *row, struct fault *why)
{
    owned(use) sqlite3_stmt *statement = use_statement(tables, READ_SNAPSHOT);
    *row = (struct snapshot_row){0};
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return true;
    if (rc != SQLITE_ROW)
        return query_failed(tables, rc, "read the snapshot", why);
    const void *bytes = sqlite3_column_blob(statement, 3);
    if (!copy_number(statement, 0, &row->seq) || !copy_bytes(statement, 1, row->chain, DIGEST_BYTES) ||
        !copy_bytes(statement, 2, row->hash, DIGEST_BYTES) || !bytes)
        return wrong_shape(why, "snapshot");
    row->length = (size_t)sqlite3_column_bytes(statement, 3);
    row->bytes = mem_copy(bytes, row->length);
    return true;
}
