// SPDX-License-Identifier: EUPL-1.2
// The cases of port_cases.c on SQLite, on the disk in memory.
#include "broker/base/log.h"
#include "broker/store/sqlite.h"
#include "tests/unit/store/power_vfs.h"
#include "tests/unit/store/store_kind.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const struct chain_config config = {.folder = "/data", .head_folder = "/head", .vfs = POWER_VFS};
static const char database[] = "/data/journal.db";

static struct {
    unsigned char *bytes;
    size_t length;
} backup;

static void make_disk(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    power_start();
    power_seed(5);
}

static void remove_disk(void)
{
    free(take(backup.bytes));
}

static struct store_port connect_to_disk(const void *place, struct loop *loop)
{
    (void)place;
    return store_open_sqlite(&config, loop);
}

static void fill_disk(bool full)
{
    power_set_space(full ? power_used() : SIZE_MAX);
}

static void lose_outcome(void)
{
    power_fail_sync(1);
}

static void keep_backup(void)
{
    const unsigned char *bytes = power_file(database, &backup.length);
    cr_assert(bytes);
    backup.bytes = mem_copy(bytes, backup.length);
}

static void bring_back(void)
{
    size_t length;
    power_resize(database, backup.length);
    memcpy(power_file(database, &length), backup.bytes, backup.length);
}

static void damage_text(const char *text)
{
    size_t length;
    unsigned char *bytes = power_file(database, &length);
    unsigned char *at = memmem(bytes, length, text, strlen(text));
    cr_assert(at, "%s is not there", text);
    *at ^= 1;
}

const struct store_kind store_kind = {
    .make = make_disk,
    .remove = remove_disk,
    .connect = connect_to_disk,
    .holds = power_holds,
    .fill_disk = fill_disk,
    .lose_outcome = lose_outcome,
    .keep_backup = keep_backup,
    .bring_back = bring_back,
    .damage = damage_text,
};
