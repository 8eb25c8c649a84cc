// SPDX-License-Identifier: EUPL-1.2
// The trace of a decision: which rules were looked at, which applied. Lines of English, oldest first; what does not fit
// is left out and said so.
#pragma once
#include "broker/api/types.h"

struct why {
    char lines[WHY_SIZE];
    size_t length;
};

__attribute__((format(printf, 2, 3))) void why_note(struct why *why, const char *format, ...);
