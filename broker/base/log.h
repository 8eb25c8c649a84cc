// SPDX-License-Identifier: EUPL-1.2
// Log lines for administrators: English, one line each, on standard error with the priority prefix journald reads.
// What comes from outside is escaped by the writer: no line can be forged. Never hand a secret to it. No sender fills
// it: of the same line about the same one many are a count.
#pragma once
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_INFO = 6, LOG_LEVEL_DEBUG = 7 };

void log_set_level(enum log_level level);
// The words of a configuration's log-level, as choices of a conf_row, and what to do with the one that was chosen.
extern const char *const log_level_choices[];
void log_set_level_choice(int64_t choice);
// `topic` is the noun or part the line is about: "logon", "store", "ldap".
__attribute__((format(printf, 2, 3))) void log_error(const char *topic, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_warn(const char *topic, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_info(const char *topic, const char *format, ...);
__attribute__((format(printf, 2, 3))) void log_debug(const char *topic, const char *format, ...);
// Lines that were held back (base/log_limit) are told of with the next line, or by this: every few seconds.
void log_tell_rest(void);
