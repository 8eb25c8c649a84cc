// SPDX-License-Identifier: EUPL-1.2
// Puts the parts of pult-gateway together: the link to the broker, the port for callers, the sessions that it carries.
#pragma once
#include "broker/client/uplink.h"
#include "broker/pult-gateway/gateway_config.h"

struct gateway_service;

// `config` outlives it. NULL with a fault.
struct gateway_service *gateway_service_new(struct loop *loop, const struct gateway_config *config,
                                            const struct uplink_config *uplink, struct fault *why);
void gateway_service_free(struct gateway_service *service); // after the loop has run; NULL allowed
