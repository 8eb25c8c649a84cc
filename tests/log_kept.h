// SPDX-License-Identifier: EUPL-1.2
// What the log says meanwhile, to be looked at: from standard error, which shows none of it.
#pragma once
#include <stddef.h>

void log_kept_begin(void);
const char *log_kept_end(void);           // all of it; valid until the next end
size_t log_kept_lines(const char *words); // of that
