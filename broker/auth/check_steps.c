// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/check_steps.h"
#include "broker/base/text.h"

#include <stdarg.h>
#include <stdio.h>

void check_add(struct check_steps *steps, enum check_step_kind kind, enum check_state state, const char *format, ...)
{
    if (steps->count == CHECK_STEPS_MAX)
        return;
    struct check_step *step = &steps->rows[steps->count++];
    va_list args;
    *step = (struct check_step){.step = kind, .state = state};
    va_start(args, format);
    vsnprintf(step->text, sizeof step->text, format, args);
    va_end(args);
    text_mend(step->text); // it may have been cut
    TEXT_PUT(step->text_format, format);
}
