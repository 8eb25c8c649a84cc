// SPDX-License-Identifier: EUPL-1.2
// The one writer behind every command: tables for people, JSON for programs, both from records by their rows. What the
// broker sends is shown, never obeyed: control characters come out as \xNN.
#pragma once
#include "broker/api/types.h"
#include "broker/base/text.h"

#include <stdio.h>

struct out_column {
    const char *field; // name of its row
    const char *title; // NULL: the name
};

struct out {
    FILE *file;
    bool json;
    bool colours;
    int width; // of the terminal, 0: no limit
};

// Colours and a width only when `file` is a terminal.
void out_init(struct out *out, FILE *file, bool json);
// A table of the records in `list`, or an array of all that they hold. `columns` end with a row without field; NULL:
// those that the rows name.
void out_list(struct out *out, const struct record_type *type, const struct record_list *list,
              const struct out_column *columns);
// The same for spreadsheets (RFC 4180), under the names of the fields. What one of these programs would take for a
// formula begins with an apostrophe.
void out_csv(struct out *out, const struct record_type *type, const struct record_list *list,
             const struct out_column *columns);
// A line per value, or the object itself. `columns` as above; NULL: all that an answer holds.
void out_record(struct out *out, const struct record_type *type, const void *record, const struct out_column *columns);
// For programs only: nothing when people read.
void out_json(struct out *out, const struct record_type *type, const void *record);
// For people only: one line.
__attribute__((format(printf, 2, 3))) void out_line(struct out *out, const char *format, ...);
// The same, in red where there are colours.
__attribute__((format(printf, 2, 3))) void out_warn(struct out *out, const char *format, ...);
// To standard error: "pultctl: " and one line.
__attribute__((format(printf, 1, 2))) void out_complain(const char *format, ...);

// Adds a time as people read it; nothing for 0.
void out_time(struct text *text, int64_t wall_ms);
// Adds `bytes` as clean text.
void out_clean(struct text *text, const char *bytes);
