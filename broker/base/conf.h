// SPDX-License-Identifier: EUPL-1.2
// Configuration files: `key = value` lines, `#` comments, described by rows. Every mistake is reported with its line,
// not only the first.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum conf_type {
    CONF_TEXT,   // char array of `size`
    CONF_PATH,   // char array of `size`; begins with /
    CONF_NUMBER, // int64_t between min and max
    CONF_CHOICE, // int64_t: index into `choices`
};

struct conf_row {
    const char *key;
    enum conf_type type;
    size_t offset, size;
    bool required;
    int64_t min, max;
    const char *const *choices; // ends with NULL
    const char *preset;         // value when the key is not given; NULL: empty or 0
    const char *sentence;       // what it is, for the manual
};

// Called per mistake; `line` is 0 for a missing key.
typedef void conf_report(void *arg, int line, const char *mistake);

// Fills `target` from `text` by `rows` (ending with an all-NULL row). True when there was no mistake.
// The text is hostile: any bytes are refused with a report, never a crash.
bool conf_parse(const char *text, size_t length, const struct conf_row *rows, void *target, conf_report *report,
                void *arg) __attribute__((warn_unused_result));
// The same from a file of at most 256 KiB.
bool conf_load(const char *path, const struct conf_row *rows, void *target, conf_report *report, void *arg)
    __attribute__((warn_unused_result));
// What a file cannot know is looked for on the machine. Each mistake is told to `report`, with line 0.
struct conf_check {
    conf_report *report;
    void *arg;
    bool failed;
};

__attribute__((format(printf, 2, 3))) void conf_found(struct conf_check *check, const char *format, ...);
void conf_check_file(struct conf_check *check, const char *key, const char *path);       // can be read
void conf_check_folder(struct conf_check *check, const char *key, const char *path);     // can be written to
void conf_check_program(struct conf_check *check, const char *key, const char *command); // its first word can be run

// A conf_report that writes "file:line: mistake" to standard error; `arg` is the file's name.
void conf_report_stderr(void *arg, int line, const char *mistake);
