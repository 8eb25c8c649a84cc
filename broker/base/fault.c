// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/fault.h"
#include "broker/base/text.h"

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
    text_mend(why->text); // whatever was cut within a letter
    why->kind = kind;
    why->format = format;
    return false;
}

bool fault_at(struct fault *why, const char *place)
{
    char text[2 * sizeof why->text];
    snprintf(text, sizeof text, "%s: %s", place, why->text);
    text_cut(why->text, sizeof why->text, text);
    return false;
}
