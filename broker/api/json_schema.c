// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/json_schema.h"
#include "broker/api/method.h"
#include "broker/api/record.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define SLUG_PATTERN "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"

// ---- writing JSON

static void next(struct json_writer *json, const char *name)
{
    if (!json->first)
        text_add(json->out, ",", 1);
    json->first = false;
    if (!name)
        return;
    codec_print_string(json->out, name);
    text_add(json->out, ":", 1);
}

void json_begin(struct json_writer *json, const char *name, char bracket)
{
    next(json, name);
    text_add(json->out, &bracket, 1);
    json->first = true;
}

void json_end(struct json_writer *json, char bracket)
{
    text_add(json->out, &bracket, 1);
    json->first = false;
}

void json_text(struct json_writer *json, const char *name, const char *text)
{
    next(json, name);
    codec_print_string(json->out, text);
}

void json_number(struct json_writer *json, const char *name, int64_t number)
{
    next(json, name);
    text_addf(json->out, "%lld", (long long)number);
}

void json_flag(struct json_writer *json, const char *name, bool flag)
{
    next(json, name);
    text_adds(json->out, flag ? "true" : "false");
}

// ---- what is referred to

static void refer(struct json_writer *json, const struct json_schema *schema)
{
    char path[2 * NAME_SIZE];
    size_t i = 0;
    while (i < json->schema_count && !text_equal(json->schemas[i].name, schema->name))
        i++;
    if (i == json->schema_count) {
        assert(json->schema_count < SCHEMAS_MAX);
        json->schemas[json->schema_count++] = *schema;
    }
    assert(json->schemas[i].fields == schema->fields && "two records of one name");
    snprintf(path, sizeof path, "#/components/schemas/%s", schema->name);
    json_text(json, "$ref", path);
}

void json_schema_refer(struct json_writer *json, const char *name, const struct field *fields, enum codec_form form)
{
    struct json_schema schema = {.fields = fields, .form = form};
    bool is_noun = false;
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        is_noun = is_noun || noun_rows[noun].fields == fields;
    // More is answered of a noun than may be set of it.
    snprintf(schema.name, sizeof schema.name, "%s%s", name, is_noun && form == CODEC_CHANGE ? "_change" : "");
    refer(json, &schema);
}

void json_schema_refer_message(struct json_writer *json, const char *link, const struct link_type *type)
{
    struct json_schema schema = {.fields = type->fields, .form = CODEC_MESSAGE, .message = type};
    snprintf(schema.name, sizeof schema.name, "%s_message_%s", link, type->name);
    for (char *at = schema.name; *at; at++)
        if (*at == '-')
            *at = '_';
    refer(json, &schema);
}

// ---- one field

static bool may_be_empty(const struct field *field, enum codec_form form)
{
    return form == CODEC_ANSWER ? !(field->flags & FIELD_SPARSE) : !(field->flags & FIELD_REQUIRED);
}

static void print_pattern(struct json_writer *json, const char *pattern, bool or_empty)
{
    char whole[256];
    snprintf(whole, sizeof whole, or_empty ? "^(%s)?$" : "^(%s)$", pattern);
    json_text(json, "type", "string");
    json_text(json, "pattern", whole);
}

static void print_id(struct json_writer *json, const struct field *field, enum codec_form form)
{
    const char *pattern = field->refers == NOUN_TENANT ? SLUG_PATTERN
                          : field->refers == NOUN_NONE ? SLUG_PATTERN "(/" SLUG_PATTERN ")?"
                                                       : SLUG_PATTERN "/" SLUG_PATTERN;
    print_pattern(json, pattern, field->refers != NOUN_NONE && may_be_empty(field, form));
    if (field->refers != NOUN_NONE)
        json_text(json, "x-noun", noun_rows[field->refers].name);
}

static void print_string(struct json_writer *json, int64_t longest, const char *format)
{
    json_text(json, "type", "string");
    json_number(json, "maxLength", longest);
    if (format)
        json_text(json, "format", format);
}

static void print_strings(struct json_writer *json, const struct field *field, enum codec_form form,
                          const char *pattern)
{
    json_text(json, "type", "array");
    if (!may_be_empty(field, form))
        json_number(json, "minItems", 1);
    json_number(json, "maxItems", (int64_t)field->size / 2);
    json_begin(json, "items", '{');
    print_string(json, (int64_t)field->size - 1, NULL);
    if (pattern)
        json_text(json, "pattern", pattern);
    json_end(json, '}');
}

static void print_choices(struct json_writer *json, const char *const *choices)
{
    json_text(json, "type", "string");
    json_begin(json, "enum", '[');
    for (; *choices; choices++)
        json_text(json, NULL, *choices);
    json_end(json, ']');
}

static void print_any_noun(struct json_writer *json, enum codec_form form)
{
    json_begin(json, "anyOf", '[');
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        json_begin(json, NULL, '{');
        json_schema_refer(json, noun_types[noun].name, noun_rows[noun].fields, form);
        json_end(json, '}');
    }
    json_end(json, ']');
}

void json_schema_of_field(struct json_writer *json, const struct field *field, enum codec_form form)
{
    switch (field->type) {
    case FIELD_ID:
        print_id(json, field, form);
        break;
    case FIELD_TEXT:
        print_string(json, field->max ? field->max : (int64_t)field->size - 1,
                     field->flags & FIELD_SECRET ? "password" : NULL);
        if (!may_be_empty(field, form) && !(field->flags & FIELD_SECRET))
            json_number(json, "minLength", 1);
        break;
    case FIELD_STRING:
        print_string(json, field->max, NULL);
        break;
    case FIELD_LIST:
        print_strings(json, field, form, "^[^ ]+$");
        break;
    case FIELD_LINES:
        print_strings(json, field, form, NULL);
        break;
    case FIELD_NUMBER:
        json_text(json, "type", "integer");
        json_text(json, "format", "int64");
        json_number(json, "minimum", field->min);
        json_number(json, "maximum", field->max);
        break;
    case FIELD_FLAG:
        json_text(json, "type", "boolean");
        break;
    case FIELD_CHOICE:
        print_choices(json, field->choices);
        break;
    case FIELD_TIME:
        print_string(json, 40, "date-time");
        break;
    case FIELD_DIGEST:
        print_pattern(json, form == CODEC_ANSWER ? "[0-9a-f]{64}" : "[0-9a-fA-F]{64}", may_be_empty(field, form));
        break;
    case FIELD_RECORD:
        json_schema_refer(json, field->record->name, field->record->fields, form);
        break;
    case FIELD_RECORDS:
        json_text(json, "type", "array");
        json_number(json, "maxItems", field->max);
        json_begin(json, "items", '{');
        json_schema_refer(json, field->record->name, field->record->fields, form);
        json_end(json, '}');
        break;
    case FIELD_NOUN:
        print_any_noun(json, form);
        break;
    }
}

// ---- whole records

// Whether it can stand in such an object at all.
static bool stands_in(const struct field *field, enum codec_form form)
{
    return form == CODEC_ANSWER ? !(field->flags & FIELD_HIDDEN) : !(field->flags & FIELD_READ_ONLY);
}

static bool always_stands_in(const struct field *field, enum codec_form form)
{
    if (form != CODEC_ANSWER)
        return field->flags & FIELD_REQUIRED;
    return !(field->flags & FIELD_SPARSE) && field->type != FIELD_TIME && field->type != FIELD_NOUN;
}

static bool has_field(const struct field *fields, const char *name)
{
    for (const struct field *field = fields; field && field->name; field++)
        if (!(field->flags & FIELD_INLINE) && text_equal(field->name, name))
            return true;
    return false;
}

static void print_property(struct json_writer *json, const struct field *field, enum codec_form form)
{
    json_begin(json, field->name, '{');
    json_schema_of_field(json, field, form);
    json_text(json, "description", field->sentence);
    if (form == CODEC_ANSWER && field->flags & FIELD_READ_ONLY)
        json_flag(json, "readOnly", true);
    if (form == CODEC_ANSWER && field->column)
        json_number(json, "x-column", field->column);
    json_end(json, '}');
}

// What stands beside the others is printed among them. `around`: rows that come first by name.
static void print_properties(struct json_writer *json, const struct field *fields, const struct field *around,
                             enum codec_form form)
{
    for (const struct field *field = fields; field->name; field++) {
        if (field->flags & FIELD_INLINE && field->type == FIELD_RECORD)
            print_properties(json, field->record->fields, fields, form);
        else if (!(field->flags & FIELD_INLINE) && stands_in(field, form) && !has_field(around, field->name))
            print_property(json, field, form);
    }
}

static void print_required(struct json_writer *json, const struct field *fields, const struct field *around,
                           enum codec_form form)
{
    for (const struct field *field = fields; field->name; field++) {
        if (field->flags & FIELD_INLINE && field->type == FIELD_RECORD)
            print_required(json, field->record->fields, fields, form);
        else if (!(field->flags & FIELD_INLINE) && stands_in(field, form) && always_stands_in(field, form) &&
                 !has_field(around, field->name))
            json_text(json, NULL, field->name);
    }
}

static const struct field *noun_within(const struct field *fields)
{
    for (const struct field *field = fields; field->name; field++)
        if (field->type == FIELD_NOUN)
            return field;
    return NULL;
}

static const struct field *tag_of(const struct field *fields, const struct field *field)
{
    const struct field *tag = fields;
    while (tag->offset != field->tag || tag->type != FIELD_CHOICE)
        tag++;
    return tag;
}

static void print_const(struct json_writer *json, const char *name, const char *value)
{
    json_begin(json, name, '{');
    json_text(json, "const", value);
    json_end(json, '}');
}

// One of the objects that stand for a noun: its name and its fields side by side.
static void print_noun_object(struct json_writer *json, const char *tag, enum noun noun, enum codec_form form)
{
    json_begin(json, NULL, '{');
    json_text(json, "type", "object");
    json_begin(json, "properties", '{');
    print_const(json, tag, noun_rows[noun].name);
    print_properties(json, noun_rows[noun].fields, NULL, form);
    json_end(json, '}');
    json_begin(json, "required", '[');
    json_text(json, NULL, tag);
    json_text(json, NULL, "id");
    print_required(json, noun_rows[noun].fields, NULL, form);
    json_end(json, ']');
    json_flag(json, "additionalProperties", false);
    json_end(json, '}');
}

// If it is this noun, then it has the fields of this noun.
static void print_noun_case(struct json_writer *json, const char *tag, const char *name, enum noun noun,
                            enum codec_form form)
{
    json_begin(json, NULL, '{');
    json_begin(json, "if", '{');
    json_begin(json, "properties", '{');
    print_const(json, tag, noun_rows[noun].name);
    json_end(json, '}');
    json_end(json, '}');
    json_begin(json, "then", '{');
    json_begin(json, "properties", '{');
    json_begin(json, name, '{');
    json_schema_refer(json, noun_types[noun].name, noun_rows[noun].fields, form);
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
    json_end(json, '}');
}

static void print_nouns(struct json_writer *json, const struct json_schema *schema, const struct field *field)
{
    const char *tag = tag_of(schema->fields, field)->name;
    bool beside = field->flags & FIELD_INLINE;
    json_begin(json, beside ? "oneOf" : "allOf", '[');
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        if (!beside)
            print_noun_case(json, tag, field->name, noun, schema->form);
        else if (method_find(METHOD_SET, noun))
            print_noun_object(json, tag, noun, schema->form);
    }
    json_end(json, ']');
}

static void print_object(struct json_writer *json, const struct json_schema *schema)
{
    const struct field *noun = noun_within(schema->fields);
    json_text(json, "type", "object");
    if (schema->message)
        json_text(json, "description", schema->message->sentence);
    if (schema->message && schema->message->must)
        json_text(json, "x-must-understand", schema->message->must);
    if (noun)
        print_nouns(json, schema, noun);
    if (noun && noun->flags & FIELD_INLINE)
        return;
    json_begin(json, "properties", '{');
    if (schema->message)
        print_const(json, "type", schema->message->name);
    print_properties(json, schema->fields, NULL, schema->form);
    json_end(json, '}');
    json_begin(json, "required", '[');
    if (schema->message)
        json_text(json, NULL, "type");
    print_required(json, schema->fields, NULL, schema->form);
    json_end(json, ']');
    if (schema->form == CODEC_CHANGE)
        json_flag(json, "additionalProperties", false);
}

void json_schema_print_all(struct json_writer *json)
{
    json_begin(json, "schemas", '{');
    for (size_t i = 0; i < json->schema_count; i++) { // more come while they are printed
        const struct json_schema schema = json->schemas[i];
        json_begin(json, schema.name, '{');
        print_object(json, &schema);
        json_end(json, '}');
    }
    json_end(json, '}');
}
