// SPDX-License-Identifier: EUPL-1.2
// What a session host is told of printing: where it hands over what people print, and the printers that the people on
// it may choose.
#pragma once
#include "broker/calls/services.h"

// With each of its reports; it is told only what is news to it.
void host_printing_tell(struct services *services, const char *host_id);
