// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/query.h"
#include "broker/base/clock.h"

#include <assert.h>
#include <string.h>

enum { LIMIT_USUAL = 100 };

void query_begin(struct query *query, const struct method *method, struct page_query *page)
{
    *page = (struct page_query){.limit = LIMIT_USUAL};
    *query = (struct query){.type = method->query, .page = page};
}

static bool read_number(const struct field *field, const char *value, int64_t *to, struct fault *why)
{
    return text_number(value, field->min, field->max, to) ||
           fault_set(why, FAULT_INVALID, "%s: must be from %lld to %lld", field->name, (long long)field->min,
                     (long long)field->max);
}

// Without a value it is as if it were not given.
static bool read_choice(const struct field *field, const char *value, int64_t *to, struct fault *why)
{
    if (!value[0])
        return true;
    for (int64_t i = 0; field->choices[i]; i++)
        if (text_equal(field->choices[i], value)) {
            *to = i;
            return true;
        }
    return fault_set(why, FAULT_INVALID, "%s: not one of the choices (%s, ...)", field->name, field->choices[0]);
}

static bool read_time(const struct field *field, const char *value, int64_t *to, struct fault *why)
{
    return clock_read(value, to) ||
           fault_set(why, FAULT_INVALID, "%s: expected %s", field->name, "a time such as 2026-03-01T07:59:30Z");
}

static bool read_text(const struct field *field, const char *value, char *to, struct fault *why)
{
    return text_copy(to, field->size, value) ||
           fault_set(why, FAULT_INVALID, "%s: longer than %zu bytes", field->name, field->size - 1);
}

static bool read_value(const struct field *field, const char *value, struct page_query *page, struct fault *why)
{
    void *slot = (char *)page + field->offset;
    if (field->type == FIELD_NUMBER)
        return read_number(field, value, slot, why);
    if (field->type == FIELD_CHOICE)
        return read_choice(field, value, slot, why);
    if (field->type == FIELD_TIME)
        return read_time(field, value, slot, why);
    assert(field->type == FIELD_TEXT);
    return read_text(field, value, slot, why);
}

// Its index, or -1.
static int find_field(const struct record_type *type, const char *name)
{
    for (int i = 0; type && type->fields[i].name; i++)
        if (text_equal(type->fields[i].name, name))
            return i;
    return -1;
}

bool query_take(struct query *query, const char *pair, size_t length, struct fault *why)
{
    char name[QUERY_PAIR_SIZE] = "";
    assert(length < sizeof name);
    if (!text_is_clean(pair, length))
        return fault_set(why, FAULT_INVALID, "a query parameter contains control characters or is not valid UTF-8");
    size_t end = strcspn(pair, "=");
    memcpy(name, pair, end);
    int index = find_field(query->type, name);
    if (index < 0)
        return fault_set(why, FAULT_INVALID, "%.60s: unknown query parameter", name);
    const struct field *field = &query->type->fields[index];
    uint32_t bit = UINT32_C(1) << index;
    if (query->given & bit)
        return fault_set(why, FAULT_INVALID, "%s: given twice", field->name);
    query->given |= bit;
    return read_value(field, pair[end] ? pair + end + 1 : "", query->page, why);
}
