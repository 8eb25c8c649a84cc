// SPDX-License-Identifier: EUPL-1.2
// The one writer behind every command: tables for people, the broker's own JSON for programs. What the broker sends is
// shown, never obeyed: control characters come out as \xNN.
#pragma once
#include "broker/api/codec.h"

#include <stdio.h>

enum out_kind {
    OUT_PLAIN,     // by its JSON type: text, number, yes or no, words
    OUT_TIME,      // RFC 3339, shown in local time
    OUT_GUARANTEE, // what a host's code stands for, as a sentence
    OUT_REFUSAL,   // what a refusal's code stands for, as a sentence
    OUT_HEALTH,    // red unless "ok", where there are colours
};

struct out_column {
    const char *key;
    const char *title; // NULL: the key
    enum out_kind kind;
};

struct out {
    FILE *file;
    bool json;
    bool colours;
    int width; // of the terminal, 0: no limit
};

// Colours and a width only when `file` is a terminal.
void out_init(struct out *out, FILE *file, bool json);
// A table of the objects in `items`, or the array itself. `columns` end with a row without key.
void out_list(struct out *out, json_object *items, const struct out_column *columns);
// A line per column that `object` has a value for, or the object itself.
void out_object(struct out *out, json_object *object, const struct out_column *columns);
// For programs only: nothing when people read.
void out_json(struct out *out, json_object *value);
// For people only: one line.
__attribute__((format(printf, 2, 3))) void out_line(struct out *out, const char *format, ...);
// The same, in red where there are colours.
__attribute__((format(printf, 2, 3))) void out_warn(struct out *out, const char *format, ...);
// To standard error: "pultctl: " and one line.
__attribute__((format(printf, 1, 2))) void out_complain(const char *format, ...);

// Adds a time as people read it.
void out_time(struct text *text, const char *rfc3339);
// Adds `bytes` as clean text.
void out_clean(struct text *text, const char *bytes);
