// SPDX-License-Identifier: EUPL-1.2
// A journal on SQLite in real files of its own.
#pragma once
#include "broker/store/sqlite.h"
#include "tests/folder.h"
#include "tests/unit/store/store_fixture.h"

struct journal_fixture {
    char folder[FOLDER_SIZE], data[80], head[80]; // of the test, of the database, of the head
    struct chain_config config;
    struct store_fixture store;
};

void journal_fixture_make(struct journal_fixture *fixture);  // folders and a new journal, not open
void journal_fixture_start(struct journal_fixture *fixture); // and open
void journal_fixture_remove(struct journal_fixture *fixture);
bool journal_fixture_files_hold(const struct journal_fixture *fixture, const char *text);
// The path of a file: "journal.db", "journal.db-wal", "head", "head.key".
const char *journal_fixture_path(const struct journal_fixture *fixture, const char *name);
