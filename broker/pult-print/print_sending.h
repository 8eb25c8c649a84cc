// SPDX-License-Identifier: EUPL-1.2
// One job on its way to its printer: that is asked what it can, the options are fitted to it, the document is made into
// what it takes if need be, and sent. Writes no record: whether the printer may hear of the job is said from outside.
#pragma once
#include "broker/pult-print/printer_client.h"
#include "broker/pult-print/printer_watch.h"
#include "broker/pult-print/spool.h"

enum sending_end {
    SENDING_TAKEN,      // the printer has all of it, under `number`
    SENDING_REFUSED,    // and has nothing of it: why
    SENDING_IMPOSSIBLE, // nothing was sent, for it cannot be printed there
    SENDING_STOPPED,    // nor here: by print_sending_stop
    SENDING_UNREADABLE, // nor here: the document cannot be read
    SENDING_HALF,       // nor to its end: what the printer has under `number` is to be cancelled there
    SENDING_LOST,       // what the printer has of it nobody knows
};

struct sending_result {
    enum sending_end end;
    int64_t number;
    bool unreadable; // the document cannot be read to its end
    struct fault why;
    struct ipp_line *line; // to be taken, or it is closed; NULL: none is left
    const struct printer_facts *facts;
    const struct print_options *options; // as it was printed
};

// What a printer's no means: for the job, and for how the printer is; it takes nothing before `rest_ms` are over.
struct sending_refusal {
    enum fault_kind kind;
    enum spool_state state;
    enum job_reason reason;
    enum printer_state printer;
    int64_t rest_ms;
};
const struct sending_refusal *sending_refusal(enum fault_kind kind);

struct print_sending;
// `result` is borrowed.
typedef void print_sending_done(void *arg, struct sending_result *result);

struct sending_order {
    struct loop *loop;
    const struct spool *spool;
    const char *job;
    const unsigned char *key;
    const char *printer; // its id, for the log
    const struct printer_address *address;
    struct printer_watch *watch; // of the printer: hears how it is
};

// All that the order names outlives it, but the key, which is copied. The printer is asked at once.
struct print_sending *print_sending_start(const struct sending_order *order, print_sending_done *done, void *arg);
// The job's record says so on the disk: now the printer may hear of it.
void print_sending_go(struct print_sending *sending);
// It is not wanted any more; `done` comes all the same.
void print_sending_stop(struct print_sending *sending);
// `done` does not come any more; also from `done`. NULL allowed.
void print_sending_free(struct print_sending *sending);
