// SPDX-License-Identifier: EUPL-1.2
// JSON at the border: the one place that knows json-c. What comes in is hostile: size, depth, text and keys are checked
// before anything reads them.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <json-c/json.h>

enum { CODEC_DEPTH_MAX = 8 };

void json_drop(json_object **object); // owned(json)

// Refuses: invalid JSON or UTF-8, NUL and control characters, duplicate keys, more than CODEC_DEPTH_MAX levels,
// anything after the value. The caller caps `length`.
bool codec_parse(json_object **object, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));

enum codec_form {
    CODEC_CHANGE,  // from people: required fields must be there, the broker's own are refused
    CODEC_ANSWER,  // to people and programs: hidden fields left out, times as RFC 3339
    CODEC_JOURNAL, // in the journal: everything, times as numbers
};

// Fills `target` (zeroed first) by `fields`. Unknown fields, wrong types and values out of bounds: FAULT_INVALID naming
// the field. For CODEC_ANSWER, what an older or newer broker does not send or adds is passed over.
bool codec_read(const struct field *fields, size_t size, enum codec_form form, json_object *object, void *target,
                struct fault *why) __attribute__((warn_unused_result));
// A new object; the caller owns it.
json_object *codec_write(const struct field *fields, enum codec_form form, const void *source);
// The text of codec_write, without the tree: for what is written at every log-on.
void codec_print_record(struct text *out, const struct field *fields, enum codec_form form, const void *source);
// Its members only, with commas between.
void codec_print_members(struct text *out, const struct field *fields, enum codec_form form, const void *source);
// The words of a FIELD_LIST as an array and back.
json_object *codec_list(const char *words);
json_object *codec_lines(const char *lines); // the same for a text of FIELD_LINES
// Overwrites every string within with NULs before it is freed: for bodies that held a password.
void codec_wipe(json_object *object);
// Adds the compact text of `object`.
void codec_print(struct text *out, json_object *object);
// Value of a member, or the empty string / 0 / false / NULL when it is missing or of another type.
const char *codec_string(json_object *object, const char *key);
int64_t codec_number(json_object *object, const char *key);
bool codec_flag(json_object *object, const char *key);
json_object *codec_member(json_object *object, const char *key);
