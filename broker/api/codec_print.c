// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/codec_print.h"
#include "broker/api/record.h"
#include "broker/base/clock.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

void codec_print_string(struct text *out, const char *string)
{
    print_string(out, string, strlen(string));
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

static void print_records(struct text *out, const struct field *field, enum codec_form form,
                          const struct record_list *list)
{
    assert(list->count <= (size_t)field->max);
    text_add(out, "[", 1);
    for (size_t i = 0; i < list->count; i++) {
        if (i)
            text_add(out, ",", 1);
        codec_print_record(out, field->record->fields, form, record_at(list, field->record, i));
    }
    text_add(out, "]", 1);
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
    case FIELD_STRING:
        print_string(out, field_is_empty(field, source) ? "" : *(char *const *)slot,
                     field_is_empty(field, source) ? 0 : strlen(*(char *const *)slot));
        break;
    case FIELD_RECORD:
    case FIELD_NOUN:
        codec_print_record(out, field_rows(field, source), form, slot);
        break;
    case FIELD_RECORDS:
        print_records(out, field, form, slot);
        break;
    }
}

// The journal leaves out what is empty: reading starts from zero, and small events are quick events. So does a change,
// since zero is what the broker takes for it. In an answer, no time is no text that could stand for one.
static bool is_told(const struct field *field, enum codec_form form, const void *source)
{
    bool sparse = field->flags & FIELD_SPARSE || field->type == FIELD_NOUN;
    switch (form) {
    case CODEC_CHANGE:
        return !(field->flags & FIELD_READ_ONLY) && (field->flags & FIELD_REQUIRED || !field_is_empty(field, source));
    case CODEC_ANSWER:
        sparse = sparse || field->type == FIELD_TIME;
        return !(field->flags & FIELD_HIDDEN) && (!sparse || !field_is_empty(field, source));
    case CODEC_MESSAGE:
        return field->flags & FIELD_REQUIRED || !field_is_empty(field, source);
    case CODEC_JOURNAL:
        return (field->type == FIELD_CHOICE && field->flags & FIELD_REQUIRED) || !field_is_empty(field, source);
    }
    return false;
}

static bool has_field(const struct field *fields, const char *name)
{
    for (const struct field *field = fields; field && field->name; field++)
        if (!(field->flags & FIELD_INLINE) && text_equal(field->name, name))
            return true;
    return false;
}

// `around`: rows that stand beside these and come first by name; NULL: none.
static void print_beside(struct text *out, const struct field *fields, const struct field *around, enum codec_form form,
                         const void *source, bool *first)
{
    for (const struct field *field = fields; field && field->name; field++) {
        if (field->flags & FIELD_INLINE) {
            print_beside(out, field_rows(field, source), fields, form, (const char *)source + field->offset, first);
            continue;
        }
        if (!is_told(field, form, source) || has_field(around, field->name))
            continue;
        if (!*first)
            text_add(out, ",", 1);
        *first = false;
        print_string(out, field->name, strlen(field->name));
        text_add(out, ":", 1);
        print_field(out, field, form, source);
    }
}

void codec_print_members(struct text *out, const struct field *fields, enum codec_form form, const void *source)
{
    bool first = true;
    print_beside(out, fields, NULL, form, source, &first);
}

void codec_print_record(struct text *out, const struct field *fields, enum codec_form form, const void *source)
{
    text_add(out, "{", 1);
    codec_print_members(out, fields, form, source);
    text_add(out, "}", 1);
}
