// SPDX-License-Identifier: EUPL-1.2
// What a gateway asks for who came to its front door, and what it is answered.
#pragma once
#include "broker/api/types.h"
#include "broker/base/mem.h"

struct gateway_logon_request {
    char name[USER_NAME_SIZE]; // as typed
    char password[SECRET_MAX + 1];
    char network[CHANNEL_NETWORK_SIZE]; // where they are
};

// The gateway learns where it leads when somebody comes with it.
struct gateway_logon_answer {
    char channel[CHANNEL_TOKEN_SIZE];
};

extern const struct record_type gateway_logon_request_type, gateway_logon_answer_type;
