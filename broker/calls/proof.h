// SPDX-License-Identifier: EUPL-1.2
// Who somebody is, as the directory says it, once it is known, too, which groups the settings of the tenant mean: all
// that a decision about them needs.
#pragma once
#include "broker/calls/services.h"

// As in struct auth_port. `done` comes later, exactly once; AUTH_UNAVAILABLE also when the groups are not to be had.
void proof_check(struct services *services, const struct tenant *tenant, const char *name,
                 const struct secret *password, auth_done *done, void *arg);
void proof_explain(struct services *services, const struct tenant *tenant, const char *name, auth_explained *done,
                   void *arg);
void proof_look_up(struct services *services, const struct tenant *tenant, const char *name, auth_done *done,
                   void *arg);
