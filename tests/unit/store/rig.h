// SPDX-License-Identifier: EUPL-1.2
// A journal in real files of its own, with a loop, and changes that wait for their answer.
#pragma once
#include "broker/store/journal.h"
#include "tests/folder.h"
#include "tests/unit/store/model.h"

struct rig {
    char folder[FOLDER_SIZE], data[80], head[80]; // of the test, of the database, of the head
    struct ledger_config config;
    struct loop *loop;
    struct journal *journal;
    struct store_port port;
    struct model model; // what was acknowledged
    enum store_outcome outcome;
    struct fault why; // of the last answer, or of rig_open
    bool answered;
};

void rig_make(struct rig *rig); // folders and a new journal, not open
bool rig_open(struct rig *rig);
void rig_close(struct rig *rig);
void rig_remove(struct rig *rig);
void rig_start(struct rig *rig); // rig_make and rig_open

// These may be called in a child of the test, where Criterion's own assertions would hang.
enum store_outcome rig_append(struct rig *rig, size_t events, int person); // person -1: none
enum store_outcome rig_snapshot(struct rig *rig);
enum store_outcome rig_erase(struct rig *rig, uint64_t last);
enum store_outcome rig_prune(struct rig *rig, uint64_t last);
enum store_outcome rig_erase_person(struct rig *rig, int number);
void rig_check(struct rig *rig); // closed: opens it by itself, and it holds what was acknowledged
bool rig_files_hold(const struct rig *rig, const char *text);
// The path of a file: "journal.db", "journal.db-wal", "head", "head.key".
const char *rig_path(const struct rig *rig, const char *name);
