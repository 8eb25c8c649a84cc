// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/log.h"
#include "broker/base/clock.h"
#include "broker/base/log_limit.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINE_SIZE = 1024, TOPIC_MAX = 32, HEAD_SIZE = 80 };

static enum log_level level_now = LOG_LEVEL_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards the limit: threads write, too
static struct log_limit limit;

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

static void put_line(enum log_level level, const char *topic, const char *line)
{
    char whole[HEAD_SIZE + 4 * LINE_SIZE];
    char *end = put_escaped(whole + put_head(whole, HEAD_SIZE, level, topic), line);
    *end++ = '\n';
    fwrite(whole, (size_t)(end - whole), 1, stderr);
}

static void tell_rest(bool all)
{
    struct log_rest rest;
    while (log_limit_rest(&limit, clock_steady_ms(), all, &rest)) {
        char line[LINE_SIZE];
        snprintf(line, sizeof line, "... %llu more like this: %s", (unsigned long long)rest.count, rest.line);
        put_line((enum log_level)rest.level, rest.topic, line);
    }
}

void log_tell_rest(void)
{
    pthread_mutex_lock(&lock);
    tell_rest(true);
    pthread_mutex_unlock(&lock);
}

// Standard error is not buffered: each piece would be a write of its own, and the line could be torn.
__attribute__((format(printf, 3, 0))) static void write_line(enum log_level level, const char *topic,
                                                             const char *format, va_list args)
{
    if (level > level_now)
        return;
    char line[LINE_SIZE];
    vsnprintf(line, sizeof line, format, args);
    pthread_mutex_lock(&lock);
    tell_rest(false);
    if (log_limit_take(&limit, (int)level, topic, format, line, clock_steady_ms()))
        put_line(level, topic, line);
    pthread_mutex_unlock(&lock);
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
