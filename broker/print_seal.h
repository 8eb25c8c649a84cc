// SPDX-License-Identifier: EUPL-1.2
// The key that the keys of print jobs are sealed for: a file of the broker's data, made at the first start. Whoever has
// a print server's disk without it can read no job.
#pragma once
#include "broker/core/port.h"

struct print_seal;

struct print_seal *print_seal_open(const char *path, struct fault *why); // makes it when it is not there; NULL with why
void print_seal_free(struct print_seal *seal);                           // NULL allowed
struct seal_port print_seal_port(struct print_seal *seal);
