// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/codec.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void json_drop(json_object **object)
{
    json_object_put(*object);
    *object = NULL;
}

// ---- parsing what is hostile

// json-c passes over several things that are no JSON and keeps only the last of two equal keys. One pass over the text
// refuses the former and counts the members, so that a tree with fewer members betrays a duplicate.
struct scan {
    size_t members;
    bool in_string, escaped;
};

static bool scan_in_string(struct scan *scan, const char *at, size_t left)
{
    if (scan->escaped) {
        scan->escaped = false;
        return !(left >= 5 && memcmp(at, "u0000", 5) == 0);
    }
    scan->escaped = *at == '\\';
    scan->in_string = *at != '"';
    return (unsigned char)*at >= 0x20;
}

static bool scan_outside(struct scan *scan, char c)
{
    scan->in_string = c == '"';
    scan->members += c == ':';
    return c != 0 && strchr("{}[]:,\" \t\r\n0123456789+-.eEtrufalsn", c) != NULL;
}

static bool scan_text(const char *bytes, size_t length, size_t *members)
{
    struct scan scan = {0};
    for (size_t i = 0; i < length; i++) {
        bool fine = scan.in_string ? scan_in_string(&scan, bytes + i, length - i) : scan_outside(&scan, bytes[i]);
        if (!fine)
            return false;
    }
    *members = scan.members;
    return !scan.in_string;
}

static size_t count_members(json_object *value)
{
    size_t members = 0;
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            (void)key;
            members += 1 + count_members(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            members += count_members(json_object_array_get_idx(value, i));
    }
    return members;
}

// json-c lets pass over-long UTF-8, surrogates, and control characters that were written as escapes.
static bool check_text(json_object *value, const char *name, struct fault *why)
{
    if (json_object_is_type(value, json_type_string) &&
        !text_is_clean(json_object_get_string(value), (size_t)json_object_get_string_len(value)))
        return fault_set(why, FAULT_INVALID, "%.60s: holds control characters or is not valid UTF-8", name);
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            if (!check_text(json_object_array_get_idx(value, i), name, why))
                return false;
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            if (!text_is_clean(key, strlen(key)))
                return fault_set(why, FAULT_INVALID, "a key holds control characters or is not valid UTF-8");
            if (!check_text(member, key, why))
                return false;
        }
    }
    return true;
}

bool codec_parse(json_object **object, const char *bytes, size_t length, struct fault *why)
{
    size_t members = 0;
    *object = NULL;
    if (length > INT32_MAX || !scan_text(bytes, length, &members))
        return fault_set(why, FAULT_INVALID, "not valid JSON");
    struct json_tokener *tokener = json_tokener_new_ex(CODEC_DEPTH_MAX);
    assert(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    owned(json) json_object *parsed = json_tokener_parse_ex(tokener, bytes, (int)length);
    enum json_tokener_error error = json_tokener_get_error(tokener);
    bool whole = json_tokener_get_parse_end(tokener) == length;
    json_tokener_free(tokener);
    if (!parsed || error != json_tokener_success || !whole)
        return fault_set(why, FAULT_INVALID, "not valid JSON: %s",
                         error == json_tokener_success ? "more follows the value" : json_tokener_error_desc(error));
    if (!json_object_is_type(parsed, json_type_object))
        return fault_set(why, FAULT_INVALID, "expected a JSON object");
    if (count_members(parsed) != members) {
        codec_wipe(parsed);
        return fault_set(why, FAULT_INVALID, "a key stands twice");
    }
    if (!check_text(parsed, "", why)) {
        codec_wipe(parsed);
        return false;
    }
    *object = take(parsed);
    return true;
}

// ---- one field

static bool wrong_type(const struct field *field, const char *expected, struct fault *why)
{
    return fault_set(why, FAULT_INVALID, "%s: expected %s", field->name, expected);
}

static bool read_string(const struct field *field, json_object *value, char *to, struct fault *why)
{
    if (!json_object_is_type(value, json_type_string))
        return wrong_type(field, "a string", why);
    const char *text = json_object_get_string(value);
    size_t length = (size_t)json_object_get_string_len(value);
    if (length >= field->size)
        return fault_set(why, FAULT_INVALID, "%s: longer than %zu bytes", field->name, field->size - 1);
    if (!text_is_clean(text, length))
        return fault_set(why, FAULT_INVALID, "%s: holds control characters", field->name);
    memcpy(to, text, length);
    to[length] = 0;
    return true;
}

static bool read_id(const struct field *field, json_object *value, char *to, struct fault *why)
{
    if (!read_string(field, value, to, why))
        return false;
    // A noun's own id is checked by who knows the noun; here only the alphabet.
    bool own = field->refers == NOUN_NONE;
    bool valid = own ? id_is_valid(NOUN_TENANT, to) || id_is_valid(NOUN_HOST, to) : id_is_valid(field->refers, to);
    if (!valid && (to[0] || (field->flags & FIELD_REQUIRED)))
        return fault_set(why, FAULT_INVALID, "%s: not an id (tenant/name of a-z, 0-9 and -)", field->name);
    return true;
}

static bool read_words(const struct field *field, json_object *value, char separator, char *to, struct fault *why)
{
    if (!json_object_is_type(value, json_type_array))
        return wrong_type(field, "an array of strings", why);
    struct field word_field = *field;
    char *word = to;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        if (i)
            *word++ = separator;
        word_field.size = field->size - (size_t)(word - to);
        if (word_field.size < 2)
            return fault_set(why, FAULT_INVALID, "%s: too long", field->name);
        if (!read_string(&word_field, json_object_array_get_idx(value, i), word, why))
            return false;
        if (separator == ' ' && (!*word || strchr(word, ' ')))
            return fault_set(why, FAULT_INVALID, "%s: an empty word or one with a space", field->name);
        word += strlen(word);
    }
    return true;
}

static bool read_number(const struct field *field, json_object *value, int64_t *to, struct fault *why)
{
    if (!json_object_is_type(value, json_type_int))
        return wrong_type(field, "a whole number", why);
    *to = json_object_get_int64(value);
    if (*to < field->min || *to > field->max)
        return fault_set(why, FAULT_INVALID, "%s: must be from %lld to %lld", field->name, (long long)field->min,
                         (long long)field->max);
    return true;
}

static bool read_choice(const struct field *field, json_object *value, int64_t *to, struct fault *why)
{
    const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    for (int64_t i = 0; field->choices[i]; i++) {
        if (text_equal(field->choices[i], text)) {
            *to = i;
            return true;
        }
    }
    return fault_set(why, FAULT_INVALID, "%s: not one of the choices (%s, ...)", field->name, field->choices[0]);
}

// RFC 3339: behind the seconds a fraction, perhaps, and always how far from UTC it is.
static bool read_offset(const char *at, int64_t *fraction_ms, int64_t *offset_s)
{
    int hours = 0, minutes = 0, end = 0;
    *fraction_ms = *offset_s = 0;
    if (*at == '.') {
        size_t digits = strspn(++at, "0123456789");
        for (size_t i = 0; i < 3; i++)
            *fraction_ms = *fraction_ms * 10 + (i < digits ? at[i] - '0' : 0);
        if (digits == 0)
            return false;
        at += digits;
    }
    if (text_equal(at, "Z"))
        return true;
    if ((*at != '+' && *at != '-') || strspn(at + 1, "0123456789") != 2 ||
        sscanf(at + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || end != 5 || at[1 + end] || hours > 23 ||
        minutes < 0 || minutes > 59)
        return false;
    *offset_s = (hours * 60 + minutes) * (*at == '-' ? -60 : 60);
    return true;
}

static bool read_time(const struct field *field, enum codec_form form, json_object *value, int64_t *to,
                      struct fault *why)
{
    if (form == CODEC_JOURNAL) {
        struct field number = *field;
        number.max = INT64_MAX;
        return read_number(&number, value, to, why);
    }
    struct tm utc = {0};
    int64_t fraction_ms, offset_s;
    const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    *to = 0;
    if (text && !*text)
        return true;
    const char *end = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &utc) : NULL;
    int day = utc.tm_mday;
    if (!end || !read_offset(end, &fraction_ms, &offset_s))
        return wrong_type(field, "a time such as 2026-03-01T07:59:30Z", why);
    *to = ((int64_t)timegm(&utc) - offset_s) * 1000 + fraction_ms;
    return utc.tm_mday == day || wrong_type(field, "a day that there is", why);
}

static bool read_digest(const struct field *field, json_object *value, char *to, struct fault *why)
{
    unsigned char bytes[32];
    if (!read_string(field, value, to, why))
        return false;
    if (*to && !text_unhex(bytes, sizeof bytes, to))
        return wrong_type(field, "64 hexadecimal digits", why);
    text_lower(to);
    return true;
}

static bool read_field(const struct field *field, enum codec_form form, json_object *value, void *target,
                       struct fault *why)
{
    void *slot = (char *)target + field->offset;
    switch (field->type) {
    case FIELD_ID:
        return read_id(field, value, slot, why);
    case FIELD_TEXT:
        return read_string(field, value, slot, why);
    case FIELD_LIST:
        return read_words(field, value, ' ', slot, why);
    case FIELD_LINES:
        return read_words(field, value, '\n', slot, why);
    case FIELD_NUMBER:
        return read_number(field, value, slot, why);
    case FIELD_FLAG:
        *(bool *)slot = json_object_get_boolean(value);
        return json_object_is_type(value, json_type_boolean) || wrong_type(field, "true or false", why);
    case FIELD_CHOICE:
        return read_choice(field, value, slot, why);
    case FIELD_TIME:
        return read_time(field, form, value, slot, why);
    case FIELD_DIGEST:
        return read_digest(field, value, slot, why);
    }
    return false;
}

// ---- whole objects

static bool is_empty(const struct field *field, const void *source)
{
    const char *slot = (const char *)source + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_LINES:
    case FIELD_DIGEST:
        return *slot == 0;
    case FIELD_NUMBER:
    case FIELD_CHOICE:
    case FIELD_TIME:
        return *(const int64_t *)(const void *)slot == 0;
    case FIELD_FLAG:
        return !*(const bool *)slot;
    }
    return false;
}

static const struct field *field_named(const struct field *fields, const char *name)
{
    for (; fields->name; fields++)
        if (text_equal(fields->name, name))
            return fields;
    return NULL;
}

// Whoever writes nothing into a field that is needed has left it out. Nought may be meant; and a secret that is empty
// is a wrong one.
static bool is_missing(const struct field *field, json_object *object, const void *target)
{
    bool is_written = field->type != FIELD_NUMBER && field->type != FIELD_CHOICE && field->type != FIELD_FLAG &&
                      !(field->flags & FIELD_SECRET);
    return !json_object_object_get_ex(object, field->name, NULL) || (is_written && is_empty(field, target));
}

bool codec_read(const struct field *fields, size_t size, enum codec_form form, json_object *object, void *target,
                struct fault *why)
{
    memset(target, 0, size);
    json_object_object_foreach(object, key, value)
    {
        const struct field *field = field_named(fields, key);
        if (!field && form == CODEC_ANSWER)
            continue;
        if (!field)
            return fault_set(why, FAULT_INVALID, "%.60s: there is no such field", key);
        if (form == CODEC_CHANGE && (field->flags & FIELD_READ_ONLY))
            return fault_set(why, FAULT_INVALID, "%s: set by the broker, not by you", key);
        if (!read_field(field, form, value, target, why))
            return false;
    }
    for (const struct field *field = fields; form == CODEC_CHANGE && field->name; field++)
        if ((field->flags & FIELD_REQUIRED) && is_missing(field, object, target))
            return fault_set(why, FAULT_INVALID, "%s is missing: %s", field->name, field->sentence);
    return true;
}

static json_object *split(const char *words, char separator)
{
    json_object *array = json_object_new_array();
    for (const char *at = words; *at;) {
        const char *end = strchrnul(at, separator);
        json_object_array_add(array, json_object_new_string_len(at, (int)(end - at)));
        at = *end ? end + 1 : end;
    }
    return array;
}

json_object *codec_list(const char *words)
{
    return split(words, ' ');
}

json_object *codec_lines(const char *lines)
{
    return split(lines, '\n');
}

static json_object *write_time(enum codec_form form, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];
    if (form == CODEC_JOURNAL)
        return json_object_new_int64(wall_ms);
    if (wall_ms == 0)
        return json_object_new_string("");
    clock_text(text, wall_ms);
    return json_object_new_string(text);
}

static json_object *write_field(const struct field *field, enum codec_form form, const void *source)
{
    const void *slot = (const char *)source + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_DIGEST:
        return json_object_new_string(slot);
    case FIELD_LIST:
        return split(slot, ' ');
    case FIELD_LINES:
        return split(slot, '\n');
    case FIELD_NUMBER:
        return json_object_new_int64(*(const int64_t *)slot);
    case FIELD_FLAG:
        return json_object_new_boolean(*(const bool *)slot);
    case FIELD_CHOICE:
        return json_object_new_string(field->choices[*(const int64_t *)slot]);
    case FIELD_TIME:
        return write_time(form, *(const int64_t *)slot);
    }
    return NULL;
}

// The journal leaves out what is empty: reading starts from zero, and small events are quick events.
static bool is_told(const struct field *field, enum codec_form form, const void *source)
{
    if (form == CODEC_JOURNAL)
        return !is_empty(field, source);
    return form != CODEC_ANSWER || !(field->flags & FIELD_HIDDEN);
}

json_object *codec_write(const struct field *fields, enum codec_form form, const void *source)
{
    json_object *object = json_object_new_object();
    for (const struct field *field = fields; field->name; field++) {
        if (!is_told(field, form, source))
            continue;
        json_object_object_add_ex(object, field->name, write_field(field, form, source),
                                  JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_KEY_IS_CONSTANT);
    }
    return object;
}

// ---- printing without a tree

static void print_string(struct text *out, const char *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    static const char special[256] = {
        ['"'] = '"', ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't'};
    mem_reserve(&out->bytes, &out->capacity, out->length + 6 * length + 3, 1); // \u0001 is the longest, and "" NUL
    char *to = out->bytes + out->length;
    *to++ = '"';
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (special[c]) {
            *to++ = '\\';
            *to++ = special[c];
        } else if (c >= 0x20) {
            *to++ = (char)c;
        } else {
            memcpy(to, "\\u00", 4);
            to[4] = hex[c >> 4];
            to[5] = hex[c & 15];
            to += 6;
        }
    }
    *to++ = '"';
    *to = 0;
    out->length = (size_t)(to - out->bytes);
}

static void print_words(struct text *out, const char *words, char separator)
{
    text_add(out, "[", 1);
    for (const char *at = words; *at;) {
        const char *end = strchrnul(at, separator);
        if (at > words)
            text_add(out, ",", 1);
        print_string(out, at, (size_t)(end - at));
        at = *end ? end + 1 : end;
    }
    text_add(out, "]", 1);
}

static void print_number(struct text *out, int64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)number);
    text_add(out, digits, (size_t)length);
}

static void print_time(struct text *out, enum codec_form form, int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE] = "";
    if (form == CODEC_JOURNAL) {
        print_number(out, wall_ms);
        return;
    }
    if (wall_ms != 0)
        clock_text(text, wall_ms);
    print_string(out, text, strlen(text));
}

static void print_field(struct text *out, const struct field *field, enum codec_form form, const void *source)
{
    const void *slot = (const char *)source + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_DIGEST:
        print_string(out, slot, strlen(slot));
        break;
    case FIELD_LIST:
        print_words(out, slot, ' ');
        break;
    case FIELD_LINES:
        print_words(out, slot, '\n');
        break;
    case FIELD_NUMBER:
        print_number(out, *(const int64_t *)slot);
        break;
    case FIELD_FLAG:
        text_adds(out, *(const bool *)slot ? "true" : "false");
        break;
    case FIELD_CHOICE:
        print_string(out, field->choices[*(const int64_t *)slot], strlen(field->choices[*(const int64_t *)slot]));
        break;
    case FIELD_TIME:
        print_time(out, form, *(const int64_t *)slot);
        break;
    }
}

void codec_print_members(struct text *out, const struct field *fields, enum codec_form form, const void *source)
{
    bool first = true;
    for (const struct field *field = fields; field->name; field++) {
        if (!is_told(field, form, source))
            continue;
        if (!first)
            text_add(out, ",", 1);
        first = false;
        print_string(out, field->name, strlen(field->name));
        text_add(out, ":", 1);
        print_field(out, field, form, source);
    }
}

void codec_print_record(struct text *out, const struct field *fields, enum codec_form form, const void *source)
{
    text_add(out, "{", 1);
    codec_print_members(out, fields, form, source);
    text_add(out, "}", 1);
}

void codec_wipe(json_object *object)
{
    if (json_object_is_type(object, json_type_string)) {
        explicit_bzero((char *)(uintptr_t)json_object_get_string(object), (size_t)json_object_get_string_len(object));
    } else if (json_object_is_type(object, json_type_object)) {
        json_object_object_foreach(object, key, value)
        {
            (void)key;
            codec_wipe(value);
        }
    } else if (json_object_is_type(object, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(object); i++)
            codec_wipe(json_object_array_get_idx(object, i));
    }
}

void codec_print(struct text *out, json_object *object)
{
    size_t length = 0;
    const char *printed =
        json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &length);
    text_add(out, printed, length);
}

json_object *codec_member(json_object *object, const char *key)
{
    json_object *value = NULL;
    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, key, &value);
    return value;
}

const char *codec_string(json_object *object, const char *key)
{
    json_object *value = codec_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
}

int64_t codec_number(json_object *object, const char *key)
{
    json_object *value = codec_member(object, key);
    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value) : 0;
}

bool codec_flag(json_object *object, const char *key)
{
    json_object *value = codec_member(object, key);
    return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}
