// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/journal_copy.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/store/erased_list.h"
#include "broker/store/tables.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_PAGES = 256, KEY_BYTES_MAX = 1024, ERASED_MAX = 64 * 1024 * 1024 };

static const char database_name[] = "journal.db", head_name[] = "head", key_name[] = "head.key",
                  erased_name[] = "erased";

struct journal_copy {
    struct chain *chain;
    const struct chain_config *config;
    char folder[FILE_PATH_SIZE - 64];
    sqlite3 *to;
    sqlite3_backup *backup;
};

static void path_in(char path[FILE_PATH_SIZE], const char *folder, const char *name)
{
    int length = snprintf(path, FILE_PATH_SIZE, "%s/%s", folder, name);
    assert(length > 0 && length < FILE_PATH_SIZE);
    (void)length;
}

static bool copy_failed(const struct journal_copy *copy, int rc, struct fault *why)
{
    return fault_set(why, FAULT_UNAVAILABLE, "cannot copy the journal to %.160s: %s", copy->folder, sqlite3_errstr(rc));
}

static bool open_copy(struct journal_copy *copy, struct fault *why)
{
    char path[FILE_PATH_SIZE];
    path_in(path, copy->folder, database_name);
    // SQLite would choose its mode by the umask.
    if (!file_create(path, 0600, "", 0, why))
        return false;
    int rc = sqlite3_open_v2(path, &copy->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
    // Nothing of it counts before it is complete, so nothing has to outlive a power cut.
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(copy->to,
                          "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL,
                          NULL, NULL);
    if (rc != SQLITE_OK)
        return copy_failed(copy, rc, why);
    copy->backup = sqlite3_backup_init(copy->to, "main", tables_database(chain_tables(copy->chain)), "main");
    return copy->backup || copy_failed(copy, sqlite3_errcode(copy->to), why);
}

bool journal_copy_begin(struct chain *chain, const struct chain_config *config, const char *folder,
                        struct journal_copy **copy, struct fault *why)
{
    assert(strlen(folder) < sizeof(*copy)->folder);
    struct journal_copy *begun = mem_new(1, sizeof *begun);
    *begun = (struct journal_copy){.chain = chain, .config = config};
    snprintf(begun->folder, sizeof begun->folder, "%s", folder);
    if (open_copy(begun, why)) {
        *copy = begun;
        return true;
    }
    journal_copy_free(begun);
    return false;
}

static bool copy_file(const struct journal_copy *copy, const char *name, size_t most, bool may_lack, struct fault *why)
{
    char from[FILE_PATH_SIZE], to[FILE_PATH_SIZE];
    size_t length = 0;
    path_in(from, chain_head_folder(copy->config), name);
    path_in(to, copy->folder, name);
    if (may_lack && !file_exists(from))
        return true;
    unsigned char *bytes = mem_room(most);
    bool done = file_read(from, bytes, most, &length, why) && file_create(to, 0600, bytes, length, why);
    explicit_bzero(bytes, length);
    free(bytes);
    return done;
}

static void key_drop(struct key **key)
{
    key_free(*key);
}

// What vouches for the journal as it is now, while nothing else changes it.
static bool copy_head(const struct journal_copy *copy, struct fault *why)
{
    char path[FILE_PATH_SIZE], head[FILE_PATH_SIZE];
    owned(key) struct key *key = NULL;
    path_in(path, copy->folder, key_name);
    path_in(head, copy->folder, head_name);
    return copy_file(copy, key_name, KEY_BYTES_MAX, false, why) && key_load(path, &key, why) &&
           signed_head_create(head, key, chain_head(copy->chain), why) &&
           copy_file(copy, erased_name, ERASED_MAX, true, why);
}

static bool close_copy(struct journal_copy *copy, struct fault *why)
{
    int rc = sqlite3_backup_finish(take(copy->backup));
    sqlite3_close(take(copy->to));
    return rc == SQLITE_OK || copy_failed(copy, rc, why);
}

bool journal_copy_step(struct journal_copy *copy, bool *done, struct fault *why)
{
    assert(copy->backup);
    *done = false;
    if (chain_is_dead(copy->chain))
        return fault_set(why, FAULT_UNAVAILABLE, "the journal failed meanwhile");
    int rc = sqlite3_backup_step(copy->backup, STEP_PAGES);
    if (rc == SQLITE_OK)
        return true;
    *done = rc == SQLITE_DONE;
    return *done ? close_copy(copy, why) && copy_head(copy, why) : copy_failed(copy, rc, why);
}

void journal_copy_free(struct journal_copy *copy)
{
    if (!copy)
        return;
    if (copy->backup)
        sqlite3_backup_finish(copy->backup);
    sqlite3_close(copy->to);
    free(copy);
}

// ---- the other way

static bool add_erased(void *arg, const char *person_id, struct fault *why)
{
    const struct chain_config *config = arg;
    return erased_list_add(chain_head_folder(config), person_id, why);
}

// Its place is taken by the one that is there.
static bool put_aside(const struct chain_config *config, const char *name, bool unless_lacking, struct fault *why)
{
    char copied[FILE_PATH_SIZE], here[FILE_PATH_SIZE];
    path_in(copied, config->folder, name);
    path_in(here, chain_head_folder(config), name);
    if (!file_exists(copied))
        return true;
    if (!unless_lacking || file_exists(here))
        return file_remove(copied, why);
    unsigned char bytes[KEY_BYTES_MAX];
    size_t length;
    bool done = file_read(copied, bytes, sizeof bytes, &length, why) && file_create(here, 0600, bytes, length, why) &&
                file_remove(copied, why);
    explicit_bzero(bytes, sizeof bytes);
    return done;
}

bool journal_copy_adopt(const struct chain_config *config, struct fault *why)
{
    struct chain *chain = NULL;
    assert(config->head_folder && strcmp(config->head_folder, config->folder) != 0);
    if (!chain_open(&(struct chain_config){.folder = config->folder}, &chain, why))
        return false;
    chain_close(chain);
    return erased_list_each(config->folder, add_erased, (void *)(uintptr_t)config, why) &&
           put_aside(config, erased_name, false, why) && put_aside(config, key_name, true, why) &&
           put_aside(config, head_name, false, why);
}
