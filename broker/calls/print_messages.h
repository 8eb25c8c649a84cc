// SPDX-License-Identifier: EUPL-1.2
// What the broker does with what print servers say.
#pragma once
#include "broker/calls/services.h"

void print_linked(struct services *services, const char *server_id);
void print_unlinked(struct services *services, const char *server_id);
// The print server is proven, what it says is hostile.
void print_message(struct services *services, const char *server_id, struct print_message *message);
void print_sweep(struct services *services); // every few seconds
