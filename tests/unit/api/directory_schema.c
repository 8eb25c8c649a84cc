// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/directory_schema.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static struct directory_schema schema;
static struct fault why;

static bool reads(const struct tenant *tenant)
{
    return directory_schema_read(&schema, tenant, &why);
}

Test(schema, of_every_kind_is_complete)
{
    for (int64_t kind = 0; kind < DIRECTORY_KIND_COUNT; kind++) {
        struct tenant tenant = {.directory = kind};
        cr_assert(directory_kind_words[kind]);
        cr_expect(reads(&tenant), "%s: %s", directory_kind_words[kind], why.text);
        cr_expect(schema.logon_attributes.count && schema.person_classes.count && schema.group_classes.count &&
                  schema.member_attributes.count && schema.id_attribute[0] && schema.marks[0]);
    }
    cr_expect_null(directory_kind_words[DIRECTORY_KIND_COUNT]);
}

Test(schema, is_the_tenants_where_it_says_something)
{
    struct tenant tenant = {.directory = DIRECTORY_389_DS,
                            .logon_attributes = "cn mail",
                            .person_classes = "posixAccount",
                            .id_attribute = "employeeNumber",
                            .member_attributes = "memberUid member"};
    cr_assert(reads(&tenant), "%s", why.text);
    cr_expect_eq(schema.logon_attributes.count, 2);
    cr_expect_str_eq(schema.logon_attributes.at[1], "mail");
    cr_expect_str_eq(schema.id_attribute, "employeeNumber");
    cr_expect_str_eq(schema.group_classes.at[1], "groupOfUniqueNames", "as its kind has it");
    cr_expect_eq(schema.group_way, GROUPS_BY_SEARCH);
    cr_expect(schema.has_addresses);
}

static void expect_refused(struct tenant tenant, const char *start)
{
    struct directory_schema preset;
    struct tenant plain = {.directory = tenant.directory};
    struct fault none;
    cr_assert(directory_schema_read(&preset, &plain, &none));
    cr_expect_not(reads(&tenant), "%s", start);
    cr_expect(text_starts(why.text, start), "%s", why.text);
    cr_expect_str_eq(schema.logon_attributes.at[0], preset.logon_attributes.at[0]);
    cr_expect_str_eq(schema.id_attribute, preset.id_attribute);
    cr_expect_str_eq(schema.member_attributes.at[0], preset.member_attributes.at[0]);
    cr_expect_eq(schema.group_way, preset.group_way);
}

Test(schema, takes_nothing_that_is_no_name_of_an_attribute)
{
    expect_refused((struct tenant){.logon_attributes = "uid)(x=*"}, "logon_attributes:");
    expect_refused((struct tenant){.logon_attributes = "1uid"}, "logon_attributes:");
    expect_refused((struct tenant){.logon_attributes = "a b c d e"}, "logon_attributes:");
    expect_refused((struct tenant){.logon_attributes = " "}, "logon_attributes:");
    expect_refused((struct tenant){.person_classes = "größe"}, "person_classes:");
    expect_refused((struct tenant){.group_classes = "x;binary"}, "group_classes:");
    expect_refused((struct tenant){.member_attributes = "*"}, "member_attributes:");
    struct tenant longest = {.directory = DIRECTORY_UCS};
    memset(longest.person_classes, 'x', SCHEMA_WORD_SIZE);
    expect_refused(longest, "person_classes:");
}

// A name is given to somebody else one day, who would get the desktop of the one before.
Test(schema, takes_no_name_for_an_id)
{
    expect_refused((struct tenant){.id_attribute = "uid"}, "id_attribute:");
    expect_refused((struct tenant){.id_attribute = "MAIL"}, "id_attribute:");
    expect_refused((struct tenant){.id_attribute = "x500id", .logon_attributes = "uid x500ID"}, "id_attribute:");
    expect_refused((struct tenant){.id_attribute = "a b"}, "id_attribute:");
}

Test(schema, finds_groups_in_one_way)
{
    expect_refused((struct tenant){.member_attributes = "memberOf member"}, "member_attributes:");
    expect_refused((struct tenant){.member_attributes = "tokenGroups"}, "member_attributes:");
    expect_refused((struct tenant){.directory = DIRECTORY_ACTIVE_DIRECTORY, .member_attributes = "member tokenGroups"},
                   "member_attributes:");
    struct tenant upward = {.directory = DIRECTORY_ACTIVE_DIRECTORY, .member_attributes = "MEMBEROF"};
    cr_assert(reads(&upward));
    cr_expect_eq(schema.group_way, GROUPS_BY_MEMBER_OF);
}
