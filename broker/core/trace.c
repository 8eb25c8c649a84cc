// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define N_(english) english

static const char rest[] = "\n" N_("(further steps omitted)");

static void count_line(struct trace *trace, const char *format)
{
    if (trace->count < TRACE_STEPS_MAX)
        trace->formats[trace->count] = format;
    trace->count++;
}

void trace_add(struct trace *trace, const char *format, ...)
{
    size_t room = sizeof trace->lines - sizeof rest;
    if (trace->length >= room)
        return;
    char *end = trace->lines + trace->length;
    size_t newline = trace->length ? 1 : 0;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(end + newline, room - trace->length - newline, format, args);
    va_end(args);
    if (length < 0 || trace->length + newline + (size_t)length >= room) {
        memcpy(end, rest + 1 - newline, sizeof rest - 1 + newline);
        trace->length = room;
        count_line(trace, rest + 1);
        return;
    }
    if (newline)
        *end = '\n';
    trace->length += newline + (size_t)length;
    count_line(trace, format);
}
