// SPDX-License-Identifier: EUPL-1.2
// Which job goes where, between a broker and printers that are played here.
#pragma once
#include "broker/pult-print/job_dispatch.h"

#define ROOM1 "neustadt/room1"
#define ROOM2 "neustadt/room2"

enum { ASKED_SIZE = 4096 };

struct print_worker {
    struct print_target target;
    const struct print_worker_events *events;
    void *arg;
    char job[SPOOL_ID_SIZE];
    bool is_open, recovers, has_key, goes_without_key, cancelled, too_old;
};

extern struct loop *dispatch_loop;
extern struct spool *dispatch_spool;
extern struct job_dispatch *dispatch_now;
extern struct print_message dispatch_asked[ASKED_SIZE]; // routes
extern size_t dispatch_asked_count, dispatch_told_printers;
extern bool dispatch_is_away;         // the broker
extern int64_t dispatch_delete_at_ms; // of the jobs that it answers for

void dispatch_start(void); // for a suite's .init and .fini
void dispatch_stop(void);
void dispatch_begin(void); // again, with what is in the spool

struct print_worker *dispatch_worker_of(const char *printer); // NULL: none
const char *dispatch_job_at(const char *printer);
void dispatch_end_job(const char *printer, enum spool_state state, enum job_reason reason);

const struct print_message *dispatch_last_asked(void);
void dispatch_answer(const struct print_message *question, enum print_outcome outcome, const char *printer,
                     enum job_reason reason);
void dispatch_order(enum print_order order, const char *job, const char *printer, const char *by);

const char *dispatch_id(int number); // of a job; for four at a time
void dispatch_add_job(int number);
enum spool_state dispatch_state_of(int number); // done: it is gone
void dispatch_set_state(const char *id, enum spool_state state, enum job_reason reason);
