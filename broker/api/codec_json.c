// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/codec_json.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_drop(json_object **object)
{
    json_object_put(*object);
    *object = NULL;
}

// ---- parsing what is hostile

enum { DIGITS_MAX = 19 };

// json-c passes over several things that are no JSON or no UTF-8 and keeps only the last of two equal keys. One pass
// over the text refuses the former and counts the members, so that a tree with fewer members betrays a duplicate.
// Numbers beyond 64 bits it takes for the largest (0.16) or for none (0.18): here they are refused by their length.
struct json_scan {
    size_t members, digits;
    bool in_string, escaped;
};

static bool scan_in_string(struct json_scan *scan, const char *at, size_t left)
{
    if (scan->escaped) {
        scan->escaped = false;
        return !(left >= 5 && memcmp(at, "u0000", 5) == 0);
    }
    scan->escaped = *at == '\\';
    scan->in_string = *at != '"';
    return (unsigned char)*at >= 0x20;
}

static bool scan_outside(struct json_scan *scan, char c)
{
    scan->in_string = c == '"';
    scan->members += c == ':';
    scan->digits = c >= '0' && c <= '9' ? scan->digits + 1 : 0;
    return c != 0 && strchr("{}[]:,\" \t\r\n0123456789+-.eEtrufalsn", c) != NULL;
}

static bool scan_text(const char *bytes, size_t length, size_t *members, struct fault *why)
{
    struct json_scan scan = {0};
    uint32_t character;
    for (size_t i = 0, step; i < length; i += step) {
        step = text_character(bytes + i, length - i, &character);
        if (!step)
            return fault_set(why, FAULT_INVALID, "not valid JSON: it is not UTF-8");
        bool fine = scan.in_string ? scan_in_string(&scan, bytes + i, length - i) : scan_outside(&scan, bytes[i]);
        if (!fine)
            return fault_set(why, FAULT_INVALID, "not valid JSON");
        if (scan.digits > DIGITS_MAX)
            return fault_set(why, FAULT_INVALID, "not valid JSON: a number has more than %d digits", DIGITS_MAX);
    }
    *members = scan.members;
    return !scan.in_string || fault_set(why, FAULT_INVALID, "not valid JSON");
}

size_t codec_escape(char *to, const char *bytes, size_t length)
{
    char *begin = to;
    uint16_t units[2];
    uint32_t character = 0;
    for (size_t at = 0, step; at < length; at += step) {
        step = text_character(bytes + at, length - at, &character);
        assert(step);
        size_t count = step > 1 ? text_utf16(units, character) : 0;
        for (size_t i = 0; i < count; i++, to += 6)
            snprintf(to, 7, "\\u%04x", units[i]);
        if (!count)
            *to++ = bytes[at];
    }
    *to = 0;
    return (size_t)(to - begin);
}

static json_object *parse_strictly(const char *bytes, size_t length, enum json_tokener_error *error, bool *whole)
{
    struct json_tokener *tokener = json_tokener_new_ex(CODEC_DEPTH_MAX);
    assert(tokener);
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json_object *parsed = json_tokener_parse_ex(tokener, bytes, (int)length);
    *error = json_tokener_get_error(tokener);
    *whole = json_tokener_get_parse_end(tokener) == length;
    json_tokener_free(tokener);
    return parsed;
}

// json-c 0.18 takes letters beyond ASCII for control characters where it is strict. It is tried once.
static bool is_ascii_only;

static void try_letters(void)
{
    static const char umlaut[] = "[\"\xc3\xbc\"]";
    enum json_tokener_error error;
    bool whole;
    owned(json) json_object *parsed = parse_strictly(umlaut, strlen(umlaut), &error, &whole);
    is_ascii_only = !parsed;
}

static json_object *parse_letters(const char *bytes, size_t length, enum json_tokener_error *error, bool *whole)
{
    static pthread_once_t tried = PTHREAD_ONCE_INIT;
    pthread_once(&tried, try_letters);
    if (!is_ascii_only)
        return parse_strictly(bytes, length, error, whole);
    char *plain = mem_room(CODEC_ESCAPED * length + 1);
    size_t plain_length = codec_escape(plain, bytes, length);
    json_object *parsed = parse_strictly(plain, plain_length, error, whole);
    explicit_bzero(plain, plain_length); // it may hold a password
    free(plain);
    return parsed;
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

// json-c lets pass control characters that were written as escapes.
static bool check_text(json_object *value, const char *name, struct fault *why)
{
    if (json_object_is_type(value, json_type_string) &&
        !text_is_clean(json_object_get_string(value), (size_t)json_object_get_string_len(value)))
        return fault_set(why, FAULT_INVALID, "%.60s: contains control characters or is not valid UTF-8", name);
    if (json_object_is_type(value, json_type_array))
        for (size_t i = 0; i < json_object_array_length(value); i++)
            if (!check_text(json_object_array_get_idx(value, i), name, why))
                return false;
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach(value, key, member)
        {
            if (!text_is_clean(key, strlen(key)))
                return fault_set(why, FAULT_INVALID, "a key contains control characters or is not valid UTF-8");
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
    if (length > INT32_MAX / CODEC_ESCAPED)
        return fault_set(why, FAULT_INVALID, "not valid JSON");
    if (!scan_text(bytes, length, &members, why))
        return false;
    enum json_tokener_error error;
    bool whole;
    owned(json) json_object *parsed = parse_letters(bytes, length, &error, &whole);
    if (!parsed || error != json_tokener_success || !whole)
        return fault_set(why, FAULT_INVALID, "not valid JSON: %s",
                         error == json_tokener_success ? "more follows the value" : json_tokener_error_desc(error));
    if (!json_object_is_type(parsed, json_type_object))
        return fault_set(why, FAULT_INVALID, "expected a JSON object");
    if (count_members(parsed) != members) {
        codec_wipe(parsed);
        return fault_set(why, FAULT_INVALID, "duplicate key");
    }
    if (!check_text(parsed, "", why)) {
        codec_wipe(parsed);
        return false;
    }
    *object = take(parsed);
    return true;
}

// ---- trees

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
