// SPDX-License-Identifier: EUPL-1.2
// calls_fixture with Anna, who may be in from outside and has a desktop, and a gateway that is linked.
#pragma once
#include "tests/unit/calls/calls_fixture.h"

#define GATEWAY "neustadt/gw"
#define PERSON "neustadt/p-0123456789abcdef"

extern struct logon_decision anna;

void outside_open(void);
void outside_close(void);
// What the gateway was told last, which is of this type.
const struct gateway_message *last_told(enum gateway_message_type type);
