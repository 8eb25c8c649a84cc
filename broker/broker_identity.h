// SPDX-License-Identifier: EUPL-1.2
// By what the broker is known: its certificate, which it makes for itself by its own CA where the configuration names
// none, and what a new machine is told of both.
#pragma once
#include "broker/api/invitation.h"
#include "broker/auth/ca.h"
#include "broker/broker_config.h"

// The own certificate, where it is the broker's to make: a new one when there is none, it is for another name, or a
// third of its life is left. False with why.
bool broker_identity_settle(const struct broker_config *config, struct ca *ca, struct fault *why)
    __attribute__((warn_unused_result));
// A token, with where the broker is and by which CA it is known, as far as its certificate says so.
void broker_identity_invite(const struct broker_config *config, const char *token, char text[INVITATION_SIZE]);
