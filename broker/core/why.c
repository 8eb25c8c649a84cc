// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define N_(english) english

static const char rest[] = "\n" N_("(more was looked at)");

static void count_line(struct why *why, const char *format)
{
    if (why->count < WHY_STEPS_MAX)
        why->formats[why->count] = format;
    why->count++;
}

void why_note(struct why *why, const char *format, ...)
{
    size_t room = sizeof why->lines - sizeof rest;
    if (why->length >= room)
        return;
    char *end = why->lines + why->length;
    size_t newline = why->length ? 1 : 0;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(end + newline, room - why->length - newline, format, args);
    va_end(args);
    if (length < 0 || why->length + newline + (size_t)length >= room) {
        memcpy(end, rest + 1 - newline, sizeof rest - 1 + newline);
        why->length = room;
        count_line(why, rest + 1);
        return;
    }
    if (newline)
        *end = '\n';
    why->length += newline + (size_t)length;
    count_line(why, format);
}
