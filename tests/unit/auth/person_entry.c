// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/person_entry.h"
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { NOW_S = 1772352000 }; // 2026-03-01

static const struct tenant town = {.id = "neustadt"};
static const struct tenant domain = {.id = "altdorf", .realm = "ALTDORF", .directory = DIRECTORY_ACTIVE_DIRECTORY};
static struct ldap_bytes values[16];
static struct ldap_attribute attributes[16];
static struct ldap_entry entry = {.attributes = attributes};
static struct person_entry_read person;

static void add(const char *name, const char *bytes, size_t length)
{
    values[entry.count] = (struct ldap_bytes){bytes, length};
    attributes[entry.count] = (struct ldap_attribute){{name, strlen(name)}, &values[entry.count], 1};
    entry.count++;
}

static void add_text(const char *name, const char *text)
{
    add(name, text, strlen(text));
}

static bool read_of(const struct tenant *tenant, const char *user_name)
{
    struct directory_schema schema;
    struct fault why;
    cr_assert(directory_schema_read(&schema, tenant, &why));
    return person_entry_identity(&person, tenant, &schema, user_name, &entry, NOW_S * INT64_C(1000));
}

Test(person, is_read_from_slapd)
{
    add_text("UID", "Anna");
    cr_expect_not(read_of(&town, "anna"), "without an id that stays");
    add_text("entryUUID", "8A83E74A-7b6c-1041-9232-85d9fd48b5c8");
    cr_expect(read_of(&town, "anna"));
    cr_expect_str_eq(person.key, "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    cr_expect_str_eq(person.name, "Anna");
    cr_expect_str_eq(person.user_name, "Anna", "as the directory spells it");
    cr_expect_not(person.disabled);
    add_text("cn", "Anna A.");
    cr_expect(read_of(&town, "anna"));
    cr_expect_str_eq(person.name, "Anna A.");
    cr_expect_not(read_of(&town, "berta"), "somebody else's entry");
}

static void add_values(const char *name, const char *const *texts, size_t count)
{
    static struct ldap_bytes several[8];
    for (size_t i = 0; i < count; i++)
        several[i] = (struct ldap_bytes){texts[i], strlen(texts[i])};
    attributes[entry.count++] = (struct ldap_attribute){{name, strlen(name)}, several, count};
}

static void expect_user_name(const char *dn, const char *const *uids, size_t count, const char *user_name)
{
    entry.count = 0;
    entry.dn = (struct ldap_bytes){dn, strlen(dn)};
    add_text("entryUUID", "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    add_values("uid", uids, count);
    for (size_t i = 0; i < count; i++) {
        char typed[USER_NAME_SIZE];
        struct directory_schema schema;
        struct fault why;
        cr_assert(directory_schema_read(&schema, &town, &why));
        if (!logon_name_read(typed, &town, &schema, uids[i]))
            continue;
        cr_expect(read_of(&town, typed), "%s of %s", typed, dn);
        cr_expect_str_eq(person.user_name, user_name, "%s of %s: %s", typed, dn, person.user_name);
    }
}

Test(person, with_two_ids_is_nobody)
{
    static const char *const ids[] = {"8a83e74a-7b6c-1041-9232-85d9fd48b5c8", "9a83e74a-7b6c-1041-9232-85d9fd48b5c8"};
    add_text("uid", "anna");
    add_values("entryUUID", ids, 2);
    cr_expect_not(read_of(&town, "anna"), "which of them comes first is the server's to say");
    attributes[1].count = 1;
    cr_expect(read_of(&town, "anna"));
}

Test(person, has_one_user_name_whichever_was_typed)
{
    static const char *const two[] = {"jan.janssen", "Jan"}, *const three[] = {"jan@amt", "zz", "aa"},
                             *const wide[] = {"a b", "aab"};
    expect_user_name("uid=jan,ou=people", two, 2, "Jan");
    expect_user_name("uid=jan.janssen,ou=people", two, 2, "jan.janssen");
    expect_user_name("cn=x+UID=jan.janssen,ou=people", two, 2, "jan.janssen");
    expect_user_name("cn=Jan,ou=people", two, 2, "Jan");
    expect_user_name("uid=other,ou=people", two, 2, "Jan");
    expect_user_name("cn=x,uid=jan.janssen,ou=people", two, 2, "Jan");
    expect_user_name("no name", two, 2, "Jan");
    expect_user_name("cn=x,ou=people", three, 3, "aa");
    expect_user_name("uid=zz,ou=people", three, 3, "zz");
    expect_user_name("cn=x,ou=people", wide, 2, "aab");
}

Test(person, may_begin_with_an_umlaut)
{
    char user_name[USER_NAME_SIZE];
    struct directory_schema schema;
    struct fault why;
    cr_assert(directory_schema_read(&schema, &town, &why));
    cr_assert(logon_name_read(user_name, &town, &schema, "özlem"));
    add_text("uid", "Özlem");
    add_text("entryUUID", "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    cr_expect(read_of(&town, user_name));
    cr_assert(logon_name_read(user_name, &town, &schema, "ÖZLEM"));
    cr_expect(read_of(&town, user_name));
    cr_expect_str_eq(person.user_name, "Özlem");
}

Test(person, has_a_clean_name_or_another)
{
    add_text("uid", "anna");
    add_text("entryUUID", "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    add_text("displayName", "An\x1b[31mna");
    add_text("cn", "Anna");
    cr_expect(read_of(&town, "anna"));
    cr_expect_str_eq(person.name, "Anna");
}

Test(person, may_be_disabled_in_slapd)
{
    add_text("uid", "anna");
    add_text("entryUUID", "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    add_text("pwdAccountLockedTime", "20260228000000Z");
    cr_expect(read_of(&town, "anna") && !person.disabled, "locked for a while: the bind decides");
    cr_expect(person.locked);
    add_text("pwdEndTime", "20270101000000Z");
    cr_expect(read_of(&town, "anna") && !person.disabled);
    entry.count--;
    add_text("pwdEndTime", "20260101000000Z");
    cr_expect(read_of(&town, "anna") && person.disabled);
    entry.count -= 2;
    add_text("pwdAccountLockedTime", "000001010000Z");
    cr_expect(read_of(&town, "anna") && person.disabled && !person.locked);
}

Test(person, is_read_from_a_domain)
{
    add_text("sAMAccountName", "Anna");
    add("objectGUID", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
    cr_expect(read_of(&domain, "anna"));
    cr_expect_str_eq(person.user_name, "Anna");
    cr_expect_str_eq(person.key, "000102030405060708090a0b0c0d0e0f");
    cr_expect_not(read_of(&domain, "a.adler"));
    add_text("userPrincipalName", "A.Adler@Altdorf");
    cr_expect(read_of(&domain, "a.adler"));
    cr_expect_str_eq(person.user_name, "Anna");
    cr_expect_not(read_of(&domain, "a.adler@altdorf.de"));
    cr_expect(read_of(&domain, "a.adler@altdorf"));
    add_text("accountExpires", "9223372036854775807");
    add_text("userAccountControl", "512");
    add_text("lockoutTime", "0");
    cr_expect(read_of(&domain, "anna") && !person.disabled && !person.locked);
    entry.count--;
    add_text("lockoutTime", "133000000000000000");
    cr_expect(read_of(&domain, "anna") && !person.disabled && person.locked);
    entry.count--;
    entry.count--;
    add_text("userAccountControl", "514");
    cr_expect(read_of(&domain, "anna") && person.disabled);
    entry.count -= 2;
    add_text("accountExpires", "133000000000000000"); // 2022
    cr_expect(read_of(&domain, "anna") && person.disabled);
}

static const struct tenant port389 = {.id = "burgstadt", .directory = DIRECTORY_389_DS, .logon_attributes = "uid mail"};
static const struct tenant ipa = {.id = "burgstadt", .directory = DIRECTORY_FREEIPA};
static const struct tenant ucs = {.id = "burgstadt", .directory = DIRECTORY_UCS};

Test(person, is_read_by_the_words_of_another_kind)
{
    add_text("uid", "anna");
    add_text("mail", "Anna.Adler@post.de");
    add_text("nsUniqueId", "8a83e74a-7B6C1041-923285d9-fd48b5c8");
    cr_expect(read_of(&port389, "anna.adler@post.de"));
    cr_expect_str_eq(person.user_name, "anna", "the first of the logon attributes");
    cr_expect_str_eq(person.key, "8a83e74a-7b6c1041-923285d9-fd48b5c8");
    cr_expect(read_of(&port389, "anna"));
    cr_expect_not(read_of(&port389, "adler@post.de"));
    cr_expect_not(read_of(&ipa, "anna"), "its id is another attribute");
}

Test(person, keeps_an_id_whose_case_counts)
{
    static const struct tenant numbered = {.id = "burgstadt", .id_attribute = "employeeNumber"};
    add_text("uid", "anna");
    add_text("employeeNumber", "Nr7");
    cr_expect(read_of(&numbered, "anna"));
    cr_expect_str_eq(person.key, "Nr7");
}

static void expect_disabled(const struct tenant *tenant, const char *id, const char *mark, const char *value,
                            bool disabled)
{
    entry.count = 0;
    add_text("uid", "anna");
    add_text(id, "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    add_text(mark, value);
    cr_assert(read_of(tenant, "anna"));
    cr_expect_eq(person.disabled, disabled, "%s: %s", mark, value);
}

Test(person, of_any_kind_may_be_disabled)
{
    expect_disabled(&ipa, "ipaUniqueID", "nsAccountLock", "TRUE", true);
    expect_disabled(&ipa, "ipaUniqueID", "nsAccountLock", "FALSE", false);
    expect_disabled(&ipa, "ipaUniqueID", "krbPrincipalExpiration", "20200101000000Z", true);
    expect_disabled(&ipa, "ipaUniqueID", "krbPrincipalExpiration", "20990101000000Z", false);
    expect_disabled(&ucs, "entryUUID", "shadowExpire", "1", true);
    expect_disabled(&ucs, "entryUUID", "shadowExpire", "99999", false);
    expect_disabled(&ucs, "entryUUID", "shadowExpire", "-1", false);
    expect_disabled(&port389, "nsUniqueId", "accountUnlockTime", "20990101000000Z", false);
    cr_expect(person.locked);
}

Test(person, is_locked_only_as_long_as_the_lock_lasts)
{
    add_text("sAMAccountName", "Anna");
    add("objectGUID", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", 16);
    add_text("lockoutTime", "133000000000000000");
    add_text("msDS-User-Account-Control-Computed", "0");
    cr_expect(read_of(&domain, "anna") && !person.locked);
    entry.count--;
    add_text("msDS-User-Account-Control-Computed", "16");
    cr_expect(read_of(&domain, "anna") && person.locked);
    entry.count = 0;
    add_text("uid", "anna");
    add_text("entryUUID", "8a83e74a-7b6c-1041-9232-85d9fd48b5c8");
    add_text("accountUnlockTime", "20260228000000Z");
    cr_expect(read_of(&town, "anna") && !person.locked);
    entry.count--;
    add_text("accountUnlockTime", "20260302000000Z");
    cr_expect(read_of(&town, "anna") && person.locked);
    entry.count--;
    add_text("accountUnlockTime", "19700101000000Z");
    cr_expect(read_of(&town, "anna") && person.locked, "for ever");
}
