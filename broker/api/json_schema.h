// SPDX-License-Identifier: EUPL-1.2
// JSON Schema (2020-12) of records, by their rows, and the writer of JSON that it and the OpenAPI document share.
#pragma once
#include "broker/api/codec_print.h"
#include "broker/api/link.h"

enum { SCHEMAS_MAX = 192 };

// A schema that was referred to. `message`: of a link, else NULL.
struct json_schema {
    char name[NAME_SIZE];
    const struct field *fields;
    enum codec_form form;
    const struct link_type *message;
};

struct json_writer {
    struct text *out;
    bool first; // within the object or array that is open
    struct json_schema schemas[SCHEMAS_MAX];
    size_t schema_count;
};

// `name` NULL: an item of an array. `bracket` is { or [, at the end } or ].
void json_begin(struct json_writer *json, const char *name, char bracket);
void json_end(struct json_writer *json, char bracket);
void json_text(struct json_writer *json, const char *name, const char *text);
void json_number(struct json_writer *json, const char *name, int64_t number);
void json_flag(struct json_writer *json, const char *name, bool flag);

// The members of the schema of one field, in what is answered or in what is asked with.
void json_schema_of_field(struct json_writer *json, const struct field *field, enum codec_form form);
// The member "$ref" to the schema of a record; it is printed at the end.
void json_schema_refer(struct json_writer *json, const char *name, const struct field *fields, enum codec_form form);
void json_schema_refer_message(struct json_writer *json, const char *link, const struct link_type *type);
// The member "schemas" with all that were referred to.
void json_schema_print_all(struct json_writer *json);
