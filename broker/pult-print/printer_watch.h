// SPDX-License-Identifier: EUPL-1.2
// How one printer is: what its worker sees of it, and what it says itself when it is looked at. That is done while it
// takes its time over a document, and without a job for as long as it is in trouble, since nobody sends a job there.
#pragma once
#include "broker/api/job.h"
#include "broker/base/loop.h"
#include "broker/pult-print/ipp_line.h"

struct printer_watch;

// Whenever it is another way; `detail` is in the printer's own words.
typedef void printer_watch_told(void *arg, enum printer_state state, const char *detail);

// `address` outlives it.
struct printer_watch *printer_watch_new(struct loop *loop, const struct printer_address *address,
                                        printer_watch_told *told, void *arg);
void printer_watch_free(struct printer_watch *watch); // NULL allowed

void printer_watch_note(struct printer_watch *watch, enum printer_state state, const char *detail);
enum printer_state printer_watch_state(const struct printer_watch *watch);

// A document is on its way: it is looked at now and then. One that does not answer then is busy.
void printer_watch_document(struct printer_watch *watch);
// Nobody prints there: it is looked at until it is out of trouble, if it is in any.
void printer_watch_trouble(struct printer_watch *watch);
void printer_watch_stop(struct printer_watch *watch);
