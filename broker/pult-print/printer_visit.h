// SPDX-License-Identifier: EUPL-1.2
// One talk with a printer, in a thread of its own: what is to be asked goes in, what it said comes back to the loop.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-print/document.h"
#include "broker/pult-print/printer_client.h"

enum visit_kind {
    VISIT_READ,   // facts
    VISIT_SEND,   // number
    VISIT_LOOK,   // job, by number; facts, where wanted
    VISIT_SEARCH, // found, job
    VISIT_CANCEL, // by number
};

enum { VISIT_ID_SIZE = 64 };

struct visit {
    enum visit_kind kind;
    struct ipp_line *line; // closed with it unless taken
    // What is asked.
    struct printer_order order; // its name for all that concerns a job
    bool wants_facts;
    int64_t age_s;
    // The document: a stored one, or (path empty) what this descriptor, which is the visit's, or these bytes hold.
    char path[PRINTER_PATH_SIZE], id[VISIT_ID_SIZE];
    unsigned char key[DOCUMENT_KEY_BYTES];
    int made;
    const char *bytes;
    // What came of it. FAULT_NONE: all of it.
    struct fault why;
    bool began;      // some of the document was read for it
    bool unreadable; // it is the document that failed
    bool has_facts;
    struct printer_facts facts;
    struct printer_job job;
    int64_t number; // in and out
    enum printer_search found;
};

struct printer_visit;
typedef void printer_visit_done(void *arg, struct visit *visit);

// Takes the visit, which was allocated, and its line; `done` gets it back, without owning it: what it keeps it takes.
// A talk other than VISIT_SEND is broken off after VISIT_MS.
enum { VISIT_MS = 90 * 1000 };
struct printer_visit *printer_visit_start(struct loop *loop, struct visit *visit, printer_visit_done *done, void *arg);
void printer_visit_stop(struct printer_visit *running); // it comes to its end soon, with a fault
// `done` does not come any more; also from `done`. NULL allowed.
void printer_visit_free(struct printer_visit *running);
struct visit *visit_new(enum visit_kind kind);
// The line that is kept, where it goes there still; else it is closed, and the visit has a new one. `*kept` is NULL
// then.
void visit_take_line(struct visit *visit, struct ipp_line **kept, const struct printer_address *address);
// It is kept, unless something went wrong on it: then it is closed with the visit.
void visit_return_line(struct visit *visit, struct ipp_line **kept);
