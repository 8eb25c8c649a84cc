// SPDX-License-Identifier: EUPL-1.2
// The trace of a decision: which rules were looked at, which applied. Lines of English, oldest first; what does not fit
// is left out and said so.
#pragma once
#include "broker/api/types.h"

enum { WHY_STEPS_MAX = 64 };

struct why {
    char lines[WHY_SIZE];
    size_t length;
    const char *formats[WHY_STEPS_MAX]; // what the first lines were made from, for who says them in another language
    size_t count;                       // of lines
};

__attribute__((format(printf, 2, 3))) void why_note(struct why *why, const char *format, ...);
