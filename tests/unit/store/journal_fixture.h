// SPDX-License-Identifier: EUPL-1.2
// A journal in real files of its own, with a loop, and changes that wait for their answer.
#pragma once
#include "broker/store/journal.h"
#include "tests/folder.h"
#include "tests/unit/store/journal_model.h"

struct journal_fixture {
    char folder[FOLDER_SIZE], data[80], head[80]; // of the test, of the database, of the head
    struct chain_config config;
    struct loop *loop;
    struct journal *journal;
    struct store_port port;
    struct model model; // what was acknowledged
    enum store_outcome outcome;
    struct fault why; // of the last answer, or of journal_fixture_open
    bool answered;
};

void journal_fixture_make(struct journal_fixture *rig); // folders and a new journal, not open
bool journal_fixture_open(struct journal_fixture *rig);
void journal_fixture_close(struct journal_fixture *rig);
void journal_fixture_remove(struct journal_fixture *rig);
void journal_fixture_start(struct journal_fixture *rig); // journal_fixture_make and journal_fixture_open

// These may be called in a child of the test, where Criterion's own assertions would hang.
enum store_outcome journal_fixture_append(struct journal_fixture *rig, size_t events, int person); // person -1: none
enum store_outcome journal_fixture_snapshot(struct journal_fixture *rig);
enum store_outcome journal_fixture_erase(struct journal_fixture *rig, uint64_t last);
enum store_outcome journal_fixture_prune(struct journal_fixture *rig, uint64_t last);
enum store_outcome journal_fixture_erase_person(struct journal_fixture *rig, int number);
void journal_fixture_check(
    struct journal_fixture *rig); // closed: opens it by itself, and it holds what was acknowledged
bool journal_fixture_files_hold(const struct journal_fixture *rig, const char *text);
// The path of a file: "journal.db", "journal.db-wal", "head", "head.key".
const char *journal_fixture_path(const struct journal_fixture *rig, const char *name);
