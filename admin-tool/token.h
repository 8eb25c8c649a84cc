// SPDX-License-Identifier: EUPL-1.2
// The log-on at one broker, kept between commands in a file that only its owner can read:
// $XDG_RUNTIME_DIR/pult/ or ~/.cache/pult/.
#pragma once
#include "broker/api/answer.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"

bool token_save(const char *host, int64_t port, const struct admin_logon_answer *answer, struct fault *why)
    __attribute__((warn_unused_result));
// FAULT_ABSENT without one; FAULT_DENIED when others could have read or written it.
bool token_load(const char *host, int64_t port, struct secret *token, struct fault *why)
    __attribute__((warn_unused_result));
void token_forget(const char *host, int64_t port);
