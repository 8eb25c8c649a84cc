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

static void make_folders(struct journal_fixture *fixture)
{
    log_set_level(LOG_LEVEL_ERROR);
    *fixture = (struct journal_fixture){.store = {connect_to_files, &fixture->config}};
    folder_make(fixture->folder, "store");
    snprintf(fixture->data, sizeof fixture->data, "%s/data", fixture->folder);
    snprintf(fixture->head, sizeof fixture->head, "%s/head", fixture->folder);
    cr_assert_eq(mkdir(fixture->data, 0700), 0);
    cr_assert_eq(mkdir(fixture->head, 0700), 0);
    fixture->config = (struct chain_config){.folder = fixture->data, .head_folder = fixture->head};
}

void journal_fixture_make(struct journal_fixture *fixture)
{
    make_folders(fixture);
    store_fixture_create(&fixture->store);
}

void journal_fixture_start(struct journal_fixture *fixture)
{
    journal_fixture_make(fixture);
    cr_assert(store_fixture_open(&fixture->store), "%s", fixture->store.why.text);
}

void journal_fixture_remove(struct journal_fixture *fixture)
{
    store_fixture_close(&fixture->store);
    folder_remove(fixture->folder);
}

bool journal_fixture_files_hold(const struct journal_fixture *fixture, const char *text)
{
    struct program_result grep;
    char line[128];
    snprintf(line, sizeof line, "grep -raqF -f - %s", fixture->folder);
    program_run(&grep, line, text);
    cr_assert_leq(grep.exit_code, 1, "%s", grep.err);
    return grep.exit_code == 0;
}

const char *journal_fixture_path(const struct journal_fixture *fixture, const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", text_starts(name, "head") ? fixture->head : fixture->data, name);
    return path;
}
