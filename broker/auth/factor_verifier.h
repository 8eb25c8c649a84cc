// SPDX-License-Identifier: EUPL-1.2
// Fills factor_port: passkeys, codes of telephones, codes on paper.
#pragma once
#include "broker/core/port.h"

struct factor_verifier;

// `path`: of the key that seals secrets of telephones; made (mode 0600) when there is none. NULL with why.
struct factor_verifier *factor_verifier_open(const char *path, struct fault *why);
void factor_verifier_free(struct factor_verifier *verifier); // NULL allowed
struct factor_port factor_verifier_port(struct factor_verifier *verifier);
