// SPDX-License-Identifier: EUPL-1.2
// The trace of a decision: which rules were looked at, which applied. Lines of English, oldest first; what does not fit
// is left out and said so.
#pragma once
#include "broker/api/types.h"

enum { TRACE_STEPS_MAX = 64 };

struct trace {
    char lines[TRACE_SIZE];
    size_t length;
    const char *formats[TRACE_STEPS_MAX]; // what the first lines were made from, for who says them in another language
    size_t count;                         // of lines
};

__attribute__((format(printf, 2, 3))) void trace_add(struct trace *trace, const char *format, ...);
