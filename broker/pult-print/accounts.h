// SPDX-License-Identifier: EUPL-1.2
// What was printed, for the broker's accounts: entries with rising numbers, kept on the disk until the broker has them
// in its journal. An attempt to print a job has one entry: it is told only once the job's record says so on the disk,
// too. No title in it.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/loop.h"

enum { ACCOUNT_JOB_SIZE = 40 };

struct print_account {
    int64_t number; // 1, 2, 3 ...
    char job[ACCOUNT_JOB_SIZE];
    int64_t attempt; // of the job: one that nobody could tell of may be printed again
    char host[ID_SIZE], person[ID_SIZE], printer[ID_SIZE];
    int64_t at_ms;
    int64_t impressions, sheets;
    bool colour;
    bool by_document;        // the printer does not count: pages of the document
    int64_t outcome, reason; // how the job's record ends, for after a crash
};

struct accounts;

// `tell` is called with one entry after another, in the order of their numbers. False: not now; it is told again when
// the broker is there, or has counted what it was told. Reads what is in the folder; NULL with why.
typedef bool accounts_tell(void *arg, const struct print_account *entry);
struct accounts *accounts_open(struct loop *loop, const char *folder, accounts_tell *tell, void *arg,
                               struct fault *why);
void accounts_free(struct accounts *accounts); // NULL allowed

// Durable, then `done`, never inline. The number is given here.
typedef void accounts_done(void *arg, const struct fault *why);
void accounts_add(struct accounts *accounts, const struct print_account *entry, accounts_done *done, void *arg);
void accounts_release(struct accounts *accounts, const char *job); // its record says how it ended, on the disk
// At the start: what was written for a job whose record came to no end; it is held back until accounts_release. NULL:
// there is none.
const struct print_account *accounts_hold(struct accounts *accounts, const char *job, int64_t attempt);
void accounts_tell_all(struct accounts *accounts); // the broker is there (again)
// It has this one, and all before: also what is said at the beginning, when entries were lost here.
void accounts_counted(struct accounts *accounts, int64_t number);
