// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/codec.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
    if (field->type == FIELD_TEXT && field->max && text_letters(text) > (size_t)field->max)
        return fault_set(why, FAULT_INVALID, "%s: longer than %lld letters", field->name, (long long)field->max);
    if (length >= field->size)
        return fault_set(why, FAULT_INVALID, "%s: longer than %zu bytes", field->name, field->size - 1);
    if (!text_is_clean(text, length))
        return fault_set(why, FAULT_INVALID, "%s: contains control characters", field->name);
    memcpy(to, text, length);
    to[length] = 0;
    return true;
}

static bool read_owned(const struct field *field, json_object *value, char **to, struct fault *why)
{
    if (!json_object_is_type(value, json_type_string))
        return wrong_type(field, "a string", why);
    if ((int64_t)json_object_get_string_len(value) > field->max)
        return fault_set(why, FAULT_INVALID, "%s: longer than %lld bytes", field->name, (long long)field->max);
    if (json_object_get_string_len(value)) // clean, as all that was parsed
        *to = mem_dup(json_object_get_string(value));
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
            return fault_set(why, FAULT_INVALID, "%s: a word is empty or contains a space", field->name);
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

// A word that this program does not know.
static bool is_new_word(const struct field *field, json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return false;
    const char *text = json_object_get_string(value);
    int64_t i = 0;
    while (field->choices[i] && !text_equal(field->choices[i], text))
        i++;
    return !field->choices[i];
}

static bool read_choice(const struct field *field, enum codec_form form, json_object *value, int64_t *to,
                        struct fault *why)
{
    const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "";
    for (int64_t i = 0; field->choices[i]; i++) {
        if (text_equal(field->choices[i], text)) {
            *to = i;
            return true;
        }
    }
    if (form == CODEC_MESSAGE && !(field->flags & FIELD_REQUIRED) && is_new_word(field, value))
        return true;
    return fault_set(why, FAULT_INVALID, "%s: not one of the choices (%s, ...)", field->name, field->choices[0]);
}

static bool read_time(const struct field *field, enum codec_form form, json_object *value, int64_t *to,
                      struct fault *why)
{
    if (form == CODEC_JOURNAL) {
        struct field number = *field;
        number.max = INT64_MAX;
        return read_number(&number, value, to, why);
    }
    const char *text = json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
    *to = 0;
    return (text && (!*text || clock_read(text, to))) || wrong_type(field, "a time such as 2026-03-01T07:59:30Z", why);
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

static bool read_members(const struct field *fields, enum codec_form form, json_object *object, void *target,
                         struct fault *why);

static bool read_record(const struct field *field, enum codec_form form, json_object *value, void *target,
                        struct fault *why)
{
    const struct field *fields = field_rows(field, target);
    if (!json_object_is_type(value, json_type_object))
        return wrong_type(field, "an object", why);
    if (!fields)
        return fault_set(why, FAULT_INVALID, "%s: of no noun", field->name);
    return read_members(fields, form, value, (char *)target + field->offset, why) || fault_at(why, field->name);
}

// "objects[3] pool neustadt/ts", for people to find it.
static bool item_fault(const struct field *field, size_t index, json_object *item, struct fault *why)
{
    char place[2 * NAME_SIZE];
    const char *noun = codec_string(item, "noun"), *id = codec_string(item, "id");
    snprintf(place, sizeof place, "%s[%zu]%s%.20s%s%.100s", field->name, index, *noun ? " " : "", noun, *id ? " " : "",
             id);
    return fault_at(why, place);
}

// Room is made for one at a time, so that who sends many brackets gets no memory for them.
static bool read_records(const struct field *field, enum codec_form form, json_object *value, struct record_list *list,
                         struct fault *why)
{
    if (!json_object_is_type(value, json_type_array))
        return wrong_type(field, "an array of objects", why);
    size_t count = json_object_array_length(value);
    if (count > (size_t)field->max)
        return fault_set(why, FAULT_INVALID, "%s: more than %lld", field->name, (long long)field->max);
    for (size_t i = 0; i < count; i++) {
        json_object *item = json_object_array_get_idx(value, i);
        void *row = record_add(list, field->record);
        bool read = json_object_is_type(item, json_type_object)
                        ? read_members(field->record->fields, form, item, row, why)
                        : fault_set(why, FAULT_INVALID, "expected an object");
        if (!read)
            return item_fault(field, i, item, why);
    }
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
        return read_choice(field, form, value, slot, why);
    case FIELD_TIME:
        return read_time(field, form, value, slot, why);
    case FIELD_DIGEST:
        return read_digest(field, value, slot, why);
    case FIELD_STRING:
        return read_owned(field, value, slot, why);
    case FIELD_RECORD:
    case FIELD_NOUN:
        return read_record(field, form, value, target, why);
    case FIELD_RECORDS:
        return read_records(field, form, value, slot, why);
    }
    return false;
}

// ---- whole objects

struct spot {
    const struct field *field;
    void *record; // that it is a member of
};

static bool find_spot(const struct field *fields, void *record, const char *name, struct spot *spot)
{
    for (const struct field *field = fields; field->name; field++) {
        if (!(field->flags & FIELD_INLINE) && text_equal(field->name, name)) {
            *spot = (struct spot){field, record};
            return true;
        }
    }
    for (const struct field *field = fields; field->name; field++) {
        const struct field *within = field->flags & FIELD_INLINE ? field_rows(field, record) : NULL;
        if (within && find_spot(within, (char *)record + field->offset, name, spot))
            return true;
    }
    return false;
}

// Whoever writes nothing into a field that is needed has left it out. Nought may be meant; and a secret that is empty
// is a wrong one.
static bool is_missing(const struct field *field, json_object *object, const void *target)
{
    bool is_written = field->type != FIELD_NUMBER && field->type != FIELD_CHOICE && field->type != FIELD_FLAG &&
                      field->type != FIELD_RECORDS && !(field->flags & FIELD_SECRET);
    return !json_object_object_get_ex(object, field->name, NULL) || (is_written && field_is_empty(field, target));
}

static bool nothing_is_missing(const struct field *fields, json_object *object, const void *target, struct fault *why)
{
    for (const struct field *field = fields; field && field->name; field++) {
        if ((field->flags & FIELD_INLINE) &&
            !nothing_is_missing(field_rows(field, target), object, (const char *)target + field->offset, why))
            return false;
        if ((field->flags & FIELD_REQUIRED) && is_missing(field, object, target))
            return fault_set(why, FAULT_INVALID, "%s is missing: %s", field->name, field->sentence);
    }
    return true;
}

// What says of which noun a record is stands beside it, before or after.
static bool read_tag(const struct field *fields, size_t offset, enum codec_form form, json_object *object, void *target,
                     struct fault *why)
{
    const struct field *tag = fields;
    while (tag->offset != offset || tag->type != FIELD_CHOICE)
        tag++;
    json_object *value = NULL;
    *(int64_t *)(void *)((char *)target + offset) = NOUN_NONE;
    if (json_object_object_get_ex(object, tag->name, &value))
        return read_field(tag, form, value, target, why);
    return form != CODEC_CHANGE || fault_set(why, FAULT_INVALID, "%s is missing: %s", tag->name, tag->sentence);
}

// Sets what is there before the members are read: which noun, and that a number is not known.
static bool prepare(const struct field *fields, enum codec_form form, json_object *object, void *target,
                    struct fault *why)
{
    for (const struct field *field = fields; field && field->name; field++) {
        void *slot = (char *)target + field->offset;
        if (field->type == FIELD_NUMBER && (field->flags & FIELD_SPARSE))
            *(int64_t *)slot = field->min - 1;
        if (field->type == FIELD_NOUN && !read_tag(fields, field->tag, form, object, target, why))
            return false;
        if ((field->flags & FIELD_INLINE) && !prepare(field_rows(field, target), form, object, slot, why))
            return false;
    }
    return true;
}

static bool read_members(const struct field *fields, enum codec_form form, json_object *object, void *target,
                         struct fault *why)
{
    if (!prepare(fields, form, object, target, why))
        return false;
    json_object_object_foreach(object, key, value)
    {
        struct spot spot;
        bool found = find_spot(fields, target, key, &spot);
        if (!found && (form == CODEC_ANSWER || form == CODEC_MESSAGE))
            continue;
        if (!found)
            return fault_set(why, FAULT_INVALID, "%.60s: unknown field", key);
        if (form == CODEC_CHANGE && (spot.field->flags & FIELD_READ_ONLY))
            return fault_set(why, FAULT_INVALID, "%s: set by the broker, not by you", key);
        if (!read_field(spot.field, form, value, spot.record, why))
            return false;
    }
    bool all_wanted = form == CODEC_CHANGE || form == CODEC_MESSAGE;
    return !all_wanted || nothing_is_missing(fields, object, target, why);
}

bool codec_read(const struct field *fields, size_t size, enum codec_form form, json_object *object, void *target,
                struct fault *why)
{
    memset(target, 0, size);
    if (read_members(fields, form, object, target, why))
        return true;
    record_free(fields, target);
    return false;
}

static size_t count_new_within(const struct field *field, json_object *value, const void *record)
{
    size_t count = 0;
    const void *slot = (const char *)record + field->offset;
    if (field->type == FIELD_CHOICE)
        return is_new_word(field, value);
    if (field->type == FIELD_RECORD)
        return codec_count_new(field->record->fields, value, slot);
    if (field->type == FIELD_RECORDS)
        for (size_t i = 0; i < json_object_array_length(value); i++)
            count += codec_count_new(field->record->fields, json_object_array_get_idx(value, i),
                                     record_at(slot, field->record, i));
    return count;
}

size_t codec_count_new(const struct field *fields, json_object *object, const void *target)
{
    size_t count = 0;
    json_object_object_foreach(object, key, value)
    {
        struct spot spot;
        if (find_spot(fields, (void *)(uintptr_t)target, key, &spot))
            count += count_new_within(spot.field, value, spot.record);
        else
            count++;
    }
    return count;
}

bool codec_decode(const struct record_type *type, enum codec_form form, const char *bytes, size_t length, void *target,
                  struct fault *why)
{
    json_object *object = NULL;
    memset(target, 0, type->size);
    if (!codec_parse(&object, bytes, length, why))
        return false;
    bool read = codec_read(type->fields, type->size, form, object, target, why);
    codec_wipe(object); // it may have held a password
    json_drop(&object);
    return read;
}

json_object *codec_write(const struct field *fields, enum codec_form form, const void *source)
{
    owned(text) struct text text = {0};
    codec_print_record(&text, fields, form, source);
    return json_tokener_parse(text.bytes);
}

json_object *codec_list(const char *words)
{
    json_object *array = json_object_new_array();
    for (const char *at = words; *at;) {
        const char *end = strchrnul(at, ' ');
        json_object_array_add(array, json_object_new_string_len(at, (int)(end - at)));
        at = *end ? end + 1 : end;
    }
    return array;
}
