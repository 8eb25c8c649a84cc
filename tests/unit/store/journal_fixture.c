// SPDX-License-Identifier: EUPL-1.2
#include "tests/unit/store/journal_fixture.h"
#include "broker/base/log.h"
#include "broker/base/text.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct store_port connect_to_files(const void *config, struct loop *loop)
{
    return store_open_sqlite(config, loop);
}

static void make_folders(struct journal_fixture *rig)
{
    log_set_level(LOG_LEVEL_ERROR);
    *rig = (struct journal_fixture){.store = {connect_to_files, &rig->config}};
    folder_make(rig->folder, "store");
    snprintf(rig->data, sizeof rig->data, "%s/data", rig->folder);
    snprintf(rig->head, sizeof rig->head, "%s/head", rig->folder);
    cr_assert_eq(mkdir(rig->data, 0700), 0);
    cr_assert_eq(mkdir(rig->head, 0700), 0);
    rig->config = (struct chain_config){.folder = rig->data, .head_folder = rig->head};
}

void journal_fixture_make(struct journal_fixture *rig)
{
    make_folders(rig);
    store_fixture_create(&rig->store);
}

void journal_fixture_start(struct journal_fixture *rig)
{
    journal_fixture_make(rig);
    cr_assert(store_fixture_open(&rig->store), "%s", rig->store.why.text);
}

void journal_fixture_remove(struct journal_fixture *rig)
{
    store_fixture_close(&rig->store);
    folder_remove(rig->folder);
}

bool journal_fixture_files_hold(const struct journal_fixture *rig, const char *text)
{
    struct program_result grep;
    char line[128];
    snprintf(line, sizeof line, "grep -raqF -f - %s", rig->folder);
    program_run(&grep, line, text);
    cr_assert_leq(grep.exit_code, 1, "%s", grep.err);
    return grep.exit_code == 0;
}

const char *journal_fixture_path(const struct journal_fixture *rig, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", text_starts(name, "head") ? rig->head : rig->data, name);
    return path;
}
