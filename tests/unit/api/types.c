// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/types.h"
#include "broker/api/method.h"
#include "broker/api/refusal.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char long_slug[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"; // 63

Test(id, is_a_slug_for_a_tenant_and_two_for_the_rest)
{
    cr_expect(id_is_valid(NOUN_TENANT, "neustadt"));
    cr_expect(id_is_valid(NOUN_HOST, "neustadt/ts1"));
    cr_expect_not(id_is_valid(NOUN_TENANT, "neustadt/ts1"));
    cr_expect_not(id_is_valid(NOUN_HOST, "neustadt"));
    const char *wrong[] = {"",       "/",    "neustadt/", "/ts1",  "neustadt//ts1", "neustadt/ts1/", "a/b/c",
                           "../ts1", "a/..", "A/b",       "a/b c", "a/\xc3\xbc",    "a/b\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_expect_not(id_is_valid(NOUN_HOST, wrong[i]), "\"%s\"", wrong[i]);
}

Test(id, the_longest_fits)
{
    char id[256], tenant[SLUG_SIZE];
    snprintf(id, sizeof id, "%s/%s", long_slug, long_slug);
    cr_expect(id_is_valid(NOUN_SITE, id));
    cr_expect_lt(strlen(id), ID_SIZE);
    id_tenant(tenant, id);
    cr_expect_str_eq(tenant, long_slug);
    snprintf(id, sizeof id, "%sa/b", long_slug);
    cr_expect_not(id_is_valid(NOUN_SITE, id));
    id_tenant(tenant, id); // not valid, and still within its bounds
    cr_expect_eq(strlen(tenant), SLUG_SIZE - 1);
}

Test(id, belongs_to_its_tenant_only)
{
    cr_expect(id_is_of_tenant("neustadt/ts1", "neustadt"));
    cr_expect(id_is_of_tenant("neustadt", "neustadt"));
    cr_expect_not(id_is_of_tenant("neustadt-2/ts1", "neustadt"));
    cr_expect_not(id_is_of_tenant("neustadt-2", "neustadt"));
    cr_expect_not(id_is_of_tenant("neu/ts1", "neustadt"));
    cr_expect_not(id_is_of_tenant("altstadt/neustadt", "neustadt"));
}

Test(nouns, are_found_by_their_names)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        cr_expect_eq(noun_by_name(noun_rows[noun].name), noun);
        cr_expect_eq(noun_by_plural(noun_rows[noun].plural), noun);
    }
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++)
        cr_expect_str_eq(noun_names[noun], noun_rows[noun].name);
    cr_expect_str_eq(noun_names[NOUN_NONE], "none");
    cr_expect_null(noun_names[NOUN_NONE + 1]);
    cr_expect_eq(noun_by_name("hosts"), NOUN_NONE);
    cr_expect_eq(noun_by_plural("host"), NOUN_NONE);
    cr_expect_eq(noun_by_name(""), NOUN_NONE);
}

static size_t size_of_type(const struct field *field)
{
    switch (field->type) {
    case FIELD_ID:
        return ID_SIZE;
    case FIELD_DIGEST:
        return DIGEST_SIZE;
    case FIELD_FLAG:
        return sizeof(bool);
    case FIELD_NUMBER:
    case FIELD_CHOICE:
    case FIELD_TIME:
        return sizeof(int64_t);
    case FIELD_STRING:
        return sizeof(char *);
    case FIELD_RECORD:
        return field->record->size;
    case FIELD_RECORDS:
        return sizeof(struct record_list);
    case FIELD_NOUN:
        return sizeof(union record);
    case FIELD_TEXT:
    case FIELD_LIST:
    case FIELD_LINES:
        break;
    }
    return field->size;
}

static bool has_tag(const struct field *fields, size_t offset)
{
    for (const struct field *field = fields; field->name; field++)
        if (field->offset == offset && field->type == FIELD_CHOICE && field->choices == noun_names)
            return field->flags & FIELD_REQUIRED;
    return false;
}

static void check_fields(const char *table, const struct field *fields, size_t size)
{
    for (const struct field *field = fields; field->name; field++) {
        cr_expect_eq(field->size, size_of_type(field), "%s.%s has another C type", table, field->name);
        cr_expect(field->offset + field->size <= size, "%s.%s", table, field->name);
        cr_expect(field->sentence && field->sentence[0], "%s.%s: no sentence", table, field->name);
        cr_expect(field->type != FIELD_NUMBER || field->min < field->max, "%s.%s: no bounds", table, field->name);
        cr_expect_eq(field->type == FIELD_CHOICE, field->choices != NULL, "%s.%s", table, field->name);
        cr_expect(field->type != FIELD_STRING || field->max > 0, "%s.%s: no bound", table, field->name);
        cr_expect(field->type != FIELD_RECORDS || field->max > 0, "%s.%s: no bound", table, field->name);
        cr_expect(field->type != FIELD_NOUN || has_tag(fields, field->tag), "%s.%s: of which noun", table, field->name);
        if (field->record)
            check_fields(field->record->name, field->record->fields, field->record->size);
        for (const struct field *other = field + 1; other->name; other++) {
            cr_expect_str_neq(field->name, other->name, "%s", table);
            cr_expect(other->offset >= field->offset + field->size || field->offset >= other->offset + other->size,
                      "%s: %s and %s overlap", table, field->name, other->name);
        }
    }
}

Test(nouns, have_fields_that_fit_their_structs)
{
    for (enum noun noun = 0; noun < NOUN_COUNT; noun++) {
        const struct noun_row *row = &noun_rows[noun];
        check_fields(row->name, row->fields, row->size);
        cr_expect_eq(noun_types[noun].fields, row->fields);
        cr_expect_eq(noun_types[noun].size, row->size);
        cr_expect_leq(noun_status_types[noun]->size, sizeof(union noun_status));
        cr_expect_str_eq(row->fields[0].name, "id", "%s", row->name);
        cr_expect_eq(row->fields[0].offset, 0, "%s: its id comes first", row->name);
        cr_expect(row->sentence[0]);
    }
}

Test(guarantees, have_their_codes_in_order)
{
    for (enum host_guarantee i = 0; i < HOST_GUARANTEE_COUNT; i++)
        cr_expect_str_eq(host_guarantee_codes[i], host_guarantee_rows[i].code);
    cr_expect_null(host_guarantee_codes[HOST_GUARANTEE_COUNT]);
}

static void check_type(const char *path, const struct record_type *type)
{
    if (type)
        check_fields(path, type->fields, type->size);
}

static void check_method(const struct method *method)
{
    check_type(method->path, method->query);
    check_type(method->path, method->body);
    check_type(method->path, method->answer);
}

Test(methods, have_bodies_and_answers_that_fit_their_structs)
{
    for (size_t i = 0; i < method_count; i++)
        check_method(&method_rows[i]);
    check_type("problem", &problem_type);
}

Test(refusals, have_a_code_of_their_own_and_a_sentence)
{
    for (enum refusal refusal = REFUSAL_NONE + 1; refusal < REFUSAL_COUNT; refusal++) {
        const struct refusal_row *row = &refusal_rows[refusal];
        cr_assert(row->code && text_is_slug(row->code, strlen(row->code)), "refusal %d", (int)refusal);
        cr_expect_eq(refusal_by_code(row->code), refusal, "\"%s\" stands twice", row->code);
        cr_expect(row->status >= 400 && row->status <= 599, "%s", row->code);
        cr_expect(row->sentence[0] && row->sentence[strlen(row->sentence) - 1] == '.', "%s", row->code);
    }
    cr_expect_eq(refusal_by_code("no-such-code"), REFUSAL_NONE);
    cr_expect_eq(refusal_by_code(""), REFUSAL_NONE);
}

Test(refusals, cover_every_fault)
{
    cr_expect_eq(refusal_of_fault(FAULT_NONE), REFUSAL_NONE);
    for (enum fault_kind kind = FAULT_INVALID; kind <= FAULT_BROKEN; kind++)
        cr_expect_neq(refusal_of_fault(kind), REFUSAL_NONE);
}

Test(guarantees, are_those_of_the_agent_that_is_there)
{
    struct host host = {.os = HOST_OS_LINUX};
    cr_assert_eq(host_guarantee(&host), HOST_PROBED);
    memset(host.certificate, 'a', DIGEST_SIZE - 1);
    cr_assert(host_has_agent(&host));
    cr_assert_eq(host_guarantee(&host), HOST_FENCED);
}

Test(guarantees, are_weak_on_windows_whatever_was_enrolled_there)
{
    struct host host = {.os = HOST_OS_WINDOWS};
    memset(host.certificate, 'a', DIGEST_SIZE - 1);
    cr_assert_not(host_has_agent(&host));
    cr_assert_eq(host_guarantee(&host), HOST_ON_WINDOWS);
}

Test(guarantees, have_a_sentence_for_every_code)
{
    for (size_t i = 0; i < HOST_GUARANTEE_COUNT; i++) {
        const char *code = host_guarantee_rows[i].code;
        cr_assert_str_eq(host_guarantee_sentence(code), host_guarantee_rows[i].sentence);
        cr_assert_str_neq(host_guarantee_sentence(code), code);
    }
    cr_assert_str_eq(host_guarantee_sentence("newer"), "newer");
}
