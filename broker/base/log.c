// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/base/clock.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static enum log_level level_now = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
    level_now = level;
}

// Under journald the journal adds the time; elsewhere we do.
static void write_time(FILE *out)
{
    if (getenv("JOURNAL_STREAM"))
        return;
    char now[CLOCK_TEXT_SIZE];
    clock_text(now, clock_wall_ms());
    fprintf(out, "%s ", now);
}

static void write_escaped(FILE *out, const char *line)
{
    for (const unsigned char *at = (const unsigned char *)line; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            fprintf(out, "\\x%02x", *at);
        else
            fputc(*at, out);
}

__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const char *topic,
                                                             const char *format, va_list args)
{
    if (level > level_now)
        return;
    char line[1024];
    vsnprintf(line, sizeof line, format, args);
    flockfile(stderr);
    fprintf(stderr, "<%d>", (int)level);
    write_time(stderr);
    fprintf(stderr, "%s: ", topic);
    write_escaped(stderr, line);
    fputc('\n', stderr);
    funlockfile(stderr);
}

#define LOG_FUNCTION(name, level)                                                                                      \
    void name(const char *topic, const char *format, ...)                                                              \
    {                                                                                                                  \
        va_list args;                                                                                                  \
        va_start(args, format);                                                                                        \
        write_line(level, topic, format, args);                                                                        \
        va_end(args);                                                                                                  \
    }

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warn, LOG_LEVEL_WARN)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
