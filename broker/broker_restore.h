// SPDX-License-Identifier: EUPL-1.2
// From a back-up to a broker that can be started.
#pragma once
#include "broker/broker_config.h"

// `path`: of the configuration; where there is none that can be used, the back-up's takes its place. `backup` is
// hostile; `key`, the file of a private key that opens it. What was done goes to standard output.
bool broker_restore(const char *path, const char *backup, const char *key, struct fault *why)
    __attribute__((warn_unused_result));
