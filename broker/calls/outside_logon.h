// SPDX-License-Identifier: EUPL-1.2
// A log-on from outside, where anybody guesses: name, second factor, password, in this order, so that guesses do not
// come to the directory. core/guesses says how slowly.
#pragma once
#include "broker/calls/services.h"

outside_logon_function outside_logon_start;
outside_challenge_function outside_logon_challenge;
// What is counted and asked there; `tries`: see guesses_new.
void outside_logon_open(struct services *services, int tries);
void outside_logon_close(struct services *services);
// "https://gw.pult.example": of the pages behind this gateway, which are of the site `site`. False: there is none.
bool outside_origin(const struct services *services, const char *gateway_id, const char **site, char origin[URI_SIZE])
    __attribute__((warn_unused_result));
