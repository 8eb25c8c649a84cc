// SPDX-License-Identifier: EUPL-1.2
// What the broker tells print servers of its own accord.
#pragma once
#include "broker/calls/services.h"
#include "broker/core/print_route.h"

struct print_world print_world(const struct services *services);

void print_welcome(struct services *services, const char *server_id); // its link is up
// Printers, tenants or grants have changed: print servers for which that makes a difference are told.
void print_tell_printers(struct services *services);
// Up to which of its accounts all are in the journal; nothing while some are being written.
void print_tell_counted(struct services *services, const char *server_id);
// Gives an order to the print server that has the job. `printer`: "" as print_link.h has it. False: it cannot be told.
bool print_order(struct services *services, const struct known_job *job, enum print_order order, const char *printer,
                 const char *by);
// Whether it is among those that the print server is told of.
bool print_may_use(const struct services *services, const char *server_id, const char *printer_id);
