// SPDX-License-Identifier: EUPL-1.2
// What went wrong, for the caller to act on (kind) and for the log to tell (text).
#pragma once
#include <stdbool.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_INVALID,     // the input is wrong; the text names the place
    FAULT_DENIED,      // not allowed
    FAULT_ABSENT,      // no such thing
    FAULT_CONFLICT,    // does not fit the present state
    FAULT_BUSY,        // try again later
    FAULT_UNAVAILABLE, // a part that is needed does not answer
    FAULT_BROKEN,      // damaged data or a failing disk
};

struct fault {
    enum fault_kind kind;
    char text[320];     // English, one line, no secrets
    const char *format; // what it was made from; for who has to say it in another language
};

// Fills `why` and returns false, so that a function can end with it. `why` may be NULL.
__attribute__((format(printf, 3, 4))) bool fault_set(struct fault *why, enum fault_kind kind, const char *format, ...);
// Puts the place before the text; the format stays that of the text.
bool fault_at(struct fault *why, const char *place);
