// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_SIZE = 1024, TOPIC_MAX = 32, HEAD_SIZE = 80 };

static enum log_level level_now = LOG_LEVEL_INFO;

const char *const log_level_choices[] = {"error", "warn", "info", "debug", NULL};

void log_set_level(enum log_level level)
{
    level_now = level;
}

void log_set_level_choice(int64_t choice)
{
    static const enum log_level levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG};
    assert(choice >= 0 && choice < (int64_t)(sizeof levels / sizeof *levels));
    log_set_level(levels[choice]);
}

// Under journald the journal adds the time; elsewhere we do.
static size_t put_head(char *to, size_t size, enum log_level level, const char *topic)
{
    char now[CLOCK_TEXT_SIZE] = "";
    if (!getenv("JOURNAL_STREAM"))
        clock_text(now, clock_wall_ms());
    return (size_t)snprintf(to, size, "<%d>%s%s%.*s: ", (int)level, now, now[0] ? " " : "", TOPIC_MAX, topic);
}

static char *put_escaped(char *to, const char *line)
{
    static const char digits[] = "0123456789abcdef";
    for (const unsigned char *at = (const unsigned char *)line; *at; at++) {
        if (*at >= 0x20 && *at != 0x7f) {
            *to++ = (char)*at;
            continue;
        }
        *to++ = '\\';
        *to++ = 'x';
        *to++ = digits[*at >> 4];
        *to++ = digits[*at & 15];
    }
    return to;
}

// Standard error is not buffered: each piece would be a write of its own, and the line could be torn.
__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const char *topic,
                                                             const char *format, va_list args)
{
    if (level > level_now)
        return;
    char line[LINE_SIZE], whole[HEAD_SIZE + 4 * LINE_SIZE];
    vsnprintf(line, sizeof line, format, args);
    char *end = put_escaped(whole + put_head(whole, HEAD_SIZE, level, topic), line);
    *end++ = '\n';
    fwrite(whole, (size_t)(end - whole), 1, stderr);
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
