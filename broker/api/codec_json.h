// SPDX-License-Identifier: EUPL-1.2
// JSON as trees: the one place that knows json-c. What comes in is hostile: size, depth, text and keys are checked
// before anything reads them.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <json-c/json.h>

enum { CODEC_DEPTH_MAX = 8, CODEC_ESCAPED = 3 };

void json_drop(json_object **object); // owned(json)

// Refuses: invalid JSON or UTF-8, NUL and control characters, duplicate keys, more than CODEC_DEPTH_MAX levels,
// anything after the value. The caller caps `length`.
bool codec_parse(json_object **object, const char *bytes, size_t length, struct fault *why)
    __attribute__((warn_unused_result));
// Letters beyond ASCII as \u00fc, for a json-c that refuses them. `bytes` are valid UTF-8, `to` has room for
// CODEC_ESCAPED * length + 1.
size_t codec_escape(char *to, const char *bytes, size_t length);
// Overwrites every string within with NULs before it is freed: for bodies that held a password.
void codec_wipe(json_object *object);
// Adds the compact text of `object`.
void codec_print(struct text *out, json_object *object);
// Value of a member, or the empty string / 0 / false / NULL when it is missing or of another type.
const char *codec_string(json_object *object, const char *key);
int64_t codec_number(json_object *object, const char *key);
bool codec_flag(json_object *object, const char *key);
json_object *codec_member(json_object *object, const char *key);
