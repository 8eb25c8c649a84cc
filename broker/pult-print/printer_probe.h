// SPDX-License-Identifier: EUPL-1.2
// A printer that is asked what it is, or prints a page of ours, without a job of anybody's.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-print/printer_client.h"

struct printer_probe;

// `facts` are NULL where it could not be asked, or for a page; `fingerprint` is that of the certificate it has shown.
typedef void printer_probe_done(void *arg, const struct printer_facts *facts, const char *fingerprint,
                                const struct fault *why);

struct printer_probe *printer_probe_new(struct loop *loop, const struct printer_address *address,
                                        printer_probe_done *done, void *arg);
// The page says the printer's name, its place and the time. Done once the printer has it.
struct printer_probe *printer_probe_page(struct loop *loop, const struct printer_address *address, const char *printer,
                                         printer_probe_done *done, void *arg);
// `done` does not come any more; also from `done`. NULL allowed.
void printer_probe_free(struct printer_probe *probe);
