// SPDX-License-Identifier: EUPL-1.2
// JSON to structs by their rows, and back.
#pragma once
#include "broker/api/codec_json.h"
#include "broker/api/codec_print.h"
#include "broker/api/types.h"

// Fills `target` (zeroed first) by `fields`. Unknown fields, wrong types and values out of bounds: FAULT_INVALID naming
// the field, and nothing in `target` is owned. For CODEC_ANSWER, what an older or newer broker does not send or adds is
// passed over. What was read is freed by record_free when lists or secrets are in it.
bool codec_read(const struct field *fields, size_t size, enum codec_form form, json_object *object, void *target,
                struct fault *why) __attribute__((warn_unused_result));
// What there is in an object that was read as CODEC_MESSAGE into `target` and was skipped: unknown fields, and unknown
// words of a choice.
size_t codec_count_new(const struct field *fields, json_object *object, const void *target);
// The same from bytes, which are hostile and as many as the caller takes.
bool codec_decode(const struct record_type *type, enum codec_form form, const char *bytes, size_t length, void *target,
                  struct fault *why) __attribute__((warn_unused_result));
// A new object; the caller owns it.
json_object *codec_write(const struct field *fields, enum codec_form form, const void *source);
// The words of a FIELD_LIST as an array.
json_object *codec_list(const char *words);
