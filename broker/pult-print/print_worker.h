// SPDX-License-Identifier: EUPL-1.2
// What one printer prints: one job at a time, so that the next one is decided for when its turn has come. `sending` is
// on the disk before the printer hears of a job, `sent` once it has all of it, `done` once it came out; after a crash
// the printer is asked before anything is sent again, and what nobody can know is `uncertain`. Holds the loop up
// nowhere.
#pragma once
#include "broker/api/job.h"
#include "broker/pult-print/accounts.h"
#include "broker/pult-print/document.h"
#include "broker/pult-print/ipp_line.h"
#include "broker/pult-print/spool.h"

struct print_target {
    char id[ID_SIZE];
    struct printer_address address;
};

struct print_worker;

struct print_worker_events {
    // The job's record has its new state: waiting (reason none: later; otherwise better elsewhere), held, uncertain,
    // done or cancelled. The worker is free; a key that was given is wiped.
    void (*ended)(void *arg, struct print_worker *worker, const char *job);
    // How the printer is, whenever that changed: one in trouble is asked every few seconds, without a job, too.
    void (*state)(void *arg, struct print_worker *worker, enum printer_state state, const char *detail);
    // After a restart: the document must be looked into. To be answered by print_worker_give_key, later.
    void (*wants_key)(void *arg, struct print_worker *worker, const char *job);
};

// All outlive it; `events` too.
struct print_worker *print_worker_new(struct loop *loop, struct spool *spool, struct accounts *accounts,
                                      const struct print_target *target, const struct print_worker_events *events,
                                      void *arg);
// What it was doing is left as it is; the next start asks the printer. NULL allowed.
void print_worker_free(struct print_worker *worker);

// The printer listens elsewhere from now on, or has another certificate: also for what it is doing.
void print_worker_move(struct print_worker *worker, const struct printer_address *address);
bool print_worker_is_free(const struct print_worker *worker);
// A waiting job, to a free worker; the key is copied.
void print_worker_send(struct print_worker *worker, const char *job, const unsigned char key[DOCUMENT_KEY_BYTES]);
// One that was found `sending` or `sent` at the start.
void print_worker_recover(struct print_worker *worker, const char *job);
// NULL: it cannot be had.
void print_worker_give_key(struct print_worker *worker, const char *job, const unsigned char *key);
// The job that it has: at the printer, too. `ended` comes once it is over there.
void print_worker_cancel(struct print_worker *worker, const char *job, enum job_reason reason);
