// SPDX-License-Identifier: EUPL-1.2
// Puts the parts of pult-print together: the link to the broker, the doors, the spool, and what prints.
#pragma once
#include "broker/client/uplink.h"
#include "broker/pult-print/print_config.h"

struct print_service;

// `config` outlives it. NULL with a fault.
struct print_service *print_service_new(struct loop *loop, const struct print_config *config,
                                        const struct uplink_config *uplink, struct fault *why);
void print_service_free(struct print_service *service); // after the loop has run; NULL allowed
