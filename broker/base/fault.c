// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/fault.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *why, enum fault_kind kind, const char *format, ...)
{
    if (!why)
        return false;
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    why->kind = kind;
    return false;
}
