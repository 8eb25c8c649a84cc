// SPDX-License-Identifier: EUPL-1.2
// Where what people print is handed over: a file that pult-host writes and cupsd's backend reads, so that printing goes
// on while the broker is away, and after a start without it.
#pragma once
#include "broker/api/host_link.h"
#include "broker/base/fault.h"

// FAULT_ABSENT: there is none.
bool print_server_read(struct host_printing *printing, const char *state_dir, struct fault *why)
    __attribute__((warn_unused_result));
// Without an address: there is none any more.
bool print_server_write(const struct host_printing *printing, const char *state_dir, struct fault *why)
    __attribute__((warn_unused_result));
