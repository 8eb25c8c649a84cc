// SPDX-License-Identifier: EUPL-1.2
// The steps of a look at a tenant's directory, as they are told.
#pragma once
#include "broker/api/answer.h"

enum { CHECK_STEPS_MAX = 48 };

struct check_steps {
    struct check_step rows[CHECK_STEPS_MAX]; // in the order of looking; what does not fit is left out
    size_t count;
};

// The sentence is for people: with what to do where it did not work. It is told in English and by its format.
__attribute__((format(printf, 4, 5))) void check_add(struct check_steps *steps, enum check_step_kind kind,
                                                     enum check_state state, const char *format, ...);
