// SPDX-License-Identifier: EUPL-1.2
// What administrators wait for while a print server asks a printer.
#pragma once
#include "broker/calls/services.h"

void print_requests_answered(struct services *services, const char *server_id, const struct print_message *message);
void print_requests_end(struct services *services, const char *server_id); // its link is down
void print_requests_sweep(struct services *services);
void print_requests_free(struct print_requests *requests); // NULL allowed; nobody is answered
