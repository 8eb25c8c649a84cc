// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/record.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *record_add(struct record_list *list, const struct record_type *type)
{
    mem_reserve(&list->rows, &list->capacity, list->count + 1, type->size);
    list->count++;
    void *row = record_at(list, type, list->count - 1);
    memset(row, 0, type->size);
    return row;
}

void *record_at(const struct record_list *list, const struct record_type *type, size_t index)
{
    assert(index < list->count);
    return (char *)list->rows + index * type->size;
}

void record_merge(struct record_list *list, const struct record_type *type,
                  int (*compare)(const void *a, const void *b), void (*add)(void *sum, const void *other))
{
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->rows, list->count, type->size, compare);
    for (size_t i = 1; i < list->count; i++) {
        void *sum = record_at(list, type, kept), *row = record_at(list, type, i);
        if (compare(sum, row) == 0)
            add(sum, row);
        else if (++kept != i)
            memcpy(record_at(list, type, kept), row, type->size);
    }
    list->count = kept + 1;
}

const struct field *field_rows(const struct field *field, const void *record)
{
    if (field->type != FIELD_NOUN)
        return field->record->fields;
    int64_t noun = *(const int64_t *)(const void *)((const char *)record + field->tag);
    assert(noun >= 0 && noun <= NOUN_COUNT);
    return noun == NOUN_NONE ? NULL : noun_rows[noun].fields;
}

static bool record_is_empty(const struct field *fields, const void *record)
{
    for (const struct field *field = fields; field && field->name; field++)
        if (!field_is_empty(field, record))
            return false;
    return true;
}

bool field_is_empty(const struct field *field, const void *record)
{
    const char *slot = (const char *)record + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_LINES:
    case FIELD_DIGEST:
        return *slot == 0;
    case FIELD_NUMBER:
        if (field->flags & FIELD_SPARSE)
            return *(const int64_t *)(const void *)slot < field->min;
        __attribute__((fallthrough));
    case FIELD_CHOICE:
    case FIELD_TIME:
        return *(const int64_t *)(const void *)slot == 0;
    case FIELD_FLAG:
        return !*(const bool *)slot;
    case FIELD_STRING:
        return !*(char *const *)(const void *)slot;
    case FIELD_RECORD:
    case FIELD_NOUN:
        return record_is_empty(field_rows(field, record), slot);
    case FIELD_RECORDS:
        return ((const struct record_list *)(const void *)slot)->count == 0;
    }
    return false;
}

static void free_list(struct record_list *list, const struct record_type *type)
{
    for (size_t i = 0; i < list->count; i++)
        record_free(type->fields, record_at(list, type, i));
    free(list->rows);
    *list = (struct record_list){0};
}

void record_free(const struct field *fields, void *record)
{
    for (const struct field *field = fields; field && field->name; field++) {
        void *slot = (char *)record + field->offset;
        if (field->type == FIELD_RECORDS)
            free_list(slot, field->record);
        else if (field->type == FIELD_STRING)
            bytes_drop(slot);
        else if (field->type == FIELD_RECORD || field->type == FIELD_NOUN)
            record_free(field_rows(field, record), slot);
        else if (field->flags & FIELD_SECRET)
            explicit_bzero(slot, field->size);
    }
}

static void add_number(struct text *out, int64_t number)
{
    text_addf(out, "%lld", (long long)number);
}

void field_text(struct text *out, const struct field *field, const void *record)
{
    const void *slot = (const char *)record + field->offset;
    switch (field->type) {
    case FIELD_ID:
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_LINES:
    case FIELD_DIGEST:
        text_adds(out, slot);
        return;
    case FIELD_STRING:
        text_adds(out, field_is_empty(field, record) ? "" : *(char *const *)slot);
        return;
    case FIELD_FLAG:
        text_adds(out, *(const bool *)slot ? "true" : "false");
        return;
    case FIELD_CHOICE:
        text_adds(out, field->choices[*(const int64_t *)slot]);
        return;
    case FIELD_NUMBER:
    case FIELD_TIME:
        add_number(out, *(const int64_t *)slot);
        return;
    case FIELD_RECORD:
    case FIELD_RECORDS:
    case FIELD_NOUN:
        return;
    }
}
