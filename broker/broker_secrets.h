// SPDX-License-Identifier: EUPL-1.2
// Keys that the broker makes for itself at its first start and keeps in its folder: of one-time passwords, of print
// jobs, of what people show from outside.
#pragma once
#include "broker/broker_config.h"
#include "broker/calls/services.h"

struct print_seal;
struct factor_verifier;

struct broker_secrets {
    struct print_seal *seal;
    struct factor_verifier *factor_verifier;
};

// Fills what of `services` goes by them.
bool broker_secrets_open(struct broker_secrets *secrets, const struct broker_config *config, struct services *services,
                         struct fault *why) __attribute__((warn_unused_result));
void broker_secrets_close(struct broker_secrets *secrets, struct services *services); // also of what was not opened
