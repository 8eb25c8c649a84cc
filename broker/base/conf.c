// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/conf.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_LENGTH = 1024, ROWS_MAX = 64, FILE_MAX = 256 * 1024 };

struct parse {
    const struct conf_row *rows;
    void *target;
    conf_report *report;
    void *arg;
    int line;
    int mistakes;
    bool given[ROWS_MAX];
};

__attribute__((format(printf, 2, 3))) static void mistake(struct parse *parse, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    parse->mistakes++;
    parse->report(parse->arg, parse->line, text);
}

static void set_choice(struct parse *parse, const struct conf_row *row, const char *value, int64_t *slot)
{
    struct text all = {0};
    for (int64_t i = 0; row->choices[i]; i++) {
        if (text_equal(row->choices[i], value)) {
            *slot = i;
            text_drop(&all);
            return;
        }
        text_addf(&all, "%s%s", i ? ", " : "", row->choices[i]);
    }
    mistake(parse, "%s is \"%s\"; possible values: %s", row->key, value, all.bytes ? all.bytes : "");
    text_drop(&all);
}

static void set_value(struct parse *parse, const struct conf_row *row, const char *value)
{
    void *slot = (char *)parse->target + row->offset;
    switch (row->type) {
    case CONF_PATH:
        if (value[0] != '/') {
            mistake(parse, "%s is a path and must begin with /", row->key);
            return;
        }
        __attribute__((fallthrough));
    case CONF_TEXT:
        if (!text_copy(slot, row->size, value))
            mistake(parse, "%s is longer than %zu bytes", row->key, row->size - 1);
        return;
    case CONF_NUMBER:
        if (!text_number(value, row->min, row->max, slot))
            mistake(parse, "%s must be a number from %lld to %lld", row->key, (long long)row->min, (long long)row->max);
        return;
    case CONF_CHOICE:
        set_choice(parse, row, value, slot);
        return;
    }
}

static char *trim_spaces(char *text)
{
    while (*text == ' ' || *text == '\t')
        text++;
    size_t length = strlen(text);
    while (length && strchr(" \t\r", text[length - 1]))
        text[--length] = 0;
    return text;
}

static void read_pair(struct parse *parse, char *key, char *value)
{
    for (size_t i = 0; parse->rows[i].key; i++) {
        if (!text_equal(parse->rows[i].key, key))
            continue;
        if (parse->given[i])
            mistake(parse, "duplicate setting %s", key);
        parse->given[i] = true;
        set_value(parse, &parse->rows[i], value);
        return;
    }
    mistake(parse, "unknown setting \"%s\"", key);
}

static void read_line(struct parse *parse, const char *from, size_t length)
{
    char line[LINE_MAX_LENGTH];
    if (length >= sizeof line) {
        mistake(parse, "the line is longer than %d bytes", LINE_MAX_LENGTH - 1);
        return;
    }
    memcpy(line, from, length);
    line[length] = 0;
    for (size_t i = 0; i < length; i++)
        if (line[i] == '\t' || (line[i] == '\r' && i + 1 == length))
            line[i] = ' ';
    if (!text_is_clean(line, length)) {
        mistake(parse, "the line is not valid UTF-8");
        return;
    }
    char *start = trim_spaces(line);
    if (!*start || *start == '#')
        return;
    char *equals = strchr(start, '=');
    if (!equals) {
        mistake(parse, "expected: key = value");
        return;
    }
    *equals = 0;
    read_pair(parse, trim_spaces(start), trim_spaces(equals + 1));
}

static void finish_parse(struct parse *parse)
{
    parse->line = 0;
    for (size_t i = 0; parse->rows[i].key; i++) {
        if (parse->given[i])
            continue;
        if (parse->rows[i].preset)
            set_value(parse, &parse->rows[i], parse->rows[i].preset);
        else if (parse->rows[i].required)
            mistake(parse, "%s is missing: %s", parse->rows[i].key, parse->rows[i].sentence);
    }
}

bool conf_parse(const char *text, size_t length, const struct conf_row *rows, void *target, conf_report *report,
                void *arg)
{
    struct parse parse = {.rows = rows, .target = target, .report = report, .arg = arg};
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line_length = end ? (size_t)(end - (text + at)) : length - at;
        parse.line++;
        read_line(&parse, text + at, line_length);
        at += line_length + 1;
    }
    finish_parse(&parse);
    return parse.mistakes == 0;
}

bool conf_load(const char *path, const struct conf_row *rows, void *target, conf_report *report, void *arg)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        report(arg, 0, strerror(errno));
        return false;
    }
    owned(bytes) char *content = mem_new(1, FILE_MAX + 1);
    size_t length = fread(content, 1, FILE_MAX + 1, file);
    int error = ferror(file) ? errno : 0; // e.g. of a folder
    fclose(file);
    if (error) {
        report(arg, 0, strerror(error));
        return false;
    }
    if (length > FILE_MAX) {
        report(arg, 0, "the file is larger than 256 KiB");
        return false;
    }
    return conf_parse(content, length, rows, target, report, arg);
}

void conf_report_stderr(void *arg, int line, const char *text)
{
    if (line)
        fprintf(stderr, "%s:%d: %s\n", (const char *)arg, line, text);
    else
        fprintf(stderr, "%s: %s\n", (const char *)arg, text);
}

// ---- the machine

void conf_found(struct conf_check *check, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    check->failed = true;
    check->report(check->arg, 0, text);
}

void conf_check_file(struct conf_check *check, const char *key, const char *path)
{
    if (access(path, R_OK) != 0)
        conf_found(check, "%s: %s: %s", key, path, strerror(errno));
}

void conf_check_folder(struct conf_check *check, const char *key, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        conf_found(check, "%s: %s: %s", key, path, strerror(errno));
    else if (!S_ISDIR(status.st_mode) || access(path, W_OK) != 0)
        conf_found(check, "%s: %s is not a writable directory", key, path);
}

void conf_check_program(struct conf_check *check, const char *key, const char *command)
{
    char path[256];
    snprintf(path, sizeof path, "%.*s", (int)strcspn(command, " "), command);
    if (access(path, X_OK) != 0)
        conf_found(check, "%s: %s cannot be run: %s", key, path, strerror(errno));
}
