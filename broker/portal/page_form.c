// SPDX-License-Identifier: EUPL-1.2
#include "broker/portal/page_form.h"

#include <assert.h>
#include <string.h>

struct form_piece {
    char *bytes;
    size_t length;
};

// What stands before the next `sign`, which is passed over.
static struct form_piece cut_off(struct form_piece *rest, char sign)
{
    char *end = memchr(rest->bytes, sign, rest->length);
    struct form_piece piece = {rest->bytes, end ? (size_t)(end - rest->bytes) : rest->length};
    size_t passed = piece.length + (end != NULL);
    rest->bytes += passed;
    rest->length -= passed;
    return piece;
}

// In place: what comes out is never longer.
static bool decode(struct form_piece *piece)
{
    size_t length = 0;
    for (size_t i = 0; i < piece->length; i++, length++) {
        char letter = piece->bytes[i];
        if (letter == '%') {
            char digits[3] = "";
            if (piece->length - i < sizeof digits)
                return false;
            memcpy(digits, piece->bytes + i + 1, sizeof digits - 1);
            if (!text_unhex(&letter, 1, digits))
                return false;
            i += sizeof digits - 1;
        } else if (letter == '+') {
            letter = ' ';
        }
        piece->bytes[length] = letter;
    }
    piece->length = length;
    return text_is_clean(piece->bytes, length);
}

static bool equals(const struct form_piece *piece, const char *text)
{
    return piece->length == strlen(text) && memcmp(piece->bytes, text, piece->length) == 0;
}

static int find_row(const struct record_type *type, const struct form_piece *name)
{
    for (int i = 0; type->fields[i].name; i++)
        if (equals(name, type->fields[i].name))
            return i;
    return -1;
}

static bool read_text(const struct field *field, const struct form_piece *value, char *slot, struct fault *why)
{
    if (value->length >= field->size)
        return fault_set(why, FAULT_INVALID, "%s: longer than %zu bytes", field->name, field->size - 1);
    memcpy(slot, value->bytes, value->length);
    slot[value->length] = 0;
    if (field->type == FIELD_ID && value->length && !id_is_valid(field->refers, slot))
        return fault_set(why, FAULT_INVALID, "%s: is no id", field->name);
    if (field->max && text_letters(slot) > (size_t)field->max)
        return fault_set(why, FAULT_INVALID, "%s: longer than %lld letters", field->name, (long long)field->max);
    return true;
}

static bool read_choice(const struct field *field, const struct form_piece *value, int64_t *slot, struct fault *why)
{
    for (int64_t i = 0; field->choices[i]; i++)
        if (equals(value, field->choices[i])) {
            *slot = i;
            return true;
        }
    return fault_set(why, FAULT_INVALID, "%s: not one of the choices (%s, ...)", field->name, field->choices[0]);
}

static bool read_value(const struct field *field, const struct form_piece *value, void *record, struct fault *why)
{
    void *slot = (char *)record + field->offset;
    if (field->type == FIELD_FLAG) {
        *(bool *)slot = true;
        return equals(value, "on") || fault_set(why, FAULT_INVALID, "%s: is on or not there", field->name);
    }
    if (field->type == FIELD_CHOICE)
        return read_choice(field, value, slot, why);
    assert(field->type == FIELD_TEXT || field->type == FIELD_ID);
    return read_text(field, value, slot, why);
}

static bool read_pair(const struct record_type *type, struct form_piece pair, uint64_t *given, void *record,
                      struct fault *why)
{
    struct form_piece name = cut_off(&pair, '=');
    bool clean = decode(&name);
    int row = clean ? find_row(type, &name) : -1;
    if (row < 0)
        return fault_set(why, FAULT_INVALID, "there is a field that the form does not have");
    const struct field *field = &type->fields[row];
    assert(row < 64);
    if (*given & UINT64_C(1) << row)
        return fault_set(why, FAULT_INVALID, "%s: given twice", field->name);
    *given |= UINT64_C(1) << row;
    if (!decode(&pair))
        return fault_set(why, FAULT_INVALID, "%s: contains control characters or is not valid UTF-8", field->name);
    return read_value(field, &pair, record, why);
}

static bool check_required(const struct record_type *type, uint64_t given, const void *record, struct fault *why)
{
    for (int i = 0; type->fields[i].name; i++) {
        const struct field *field = &type->fields[i];
        bool is_there = given & UINT64_C(1) << i && (field->type == FIELD_CHOICE || !field_is_empty(field, record));
        if (field->flags & FIELD_REQUIRED && !is_there)
            return fault_set(why, FAULT_INVALID, "%s: required", field->name);
    }
    return true;
}

bool page_form_read(const struct record_type *type, char *bytes, size_t length, void *record, struct fault *why)
{
    uint64_t given = 0;
    bool read = true;
    memset(record, 0, type->size);
    for (struct form_piece rest = {bytes, length}; read && rest.length;)
        read = read_pair(type, cut_off(&rest, '&'), &given, record, why);
    read = read && check_required(type, given, record, why);
    if (length)
        explicit_bzero(bytes, length);
    if (!read)
        explicit_bzero(record, type->size);
    return read;
}
