// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct tenant town = {.id = "neustadt", .realm = "NEUSTADT.EXAMPLE"};
static const struct tenant domain = {
    .id = "altdorf", .realm = "ALTDORF.EXAMPLE", .directory = DIRECTORY_ACTIVE_DIRECTORY};

static struct directory_schema town_schema, domain_schema;

static void begin(void)
{
    struct fault why;
    cr_assert(directory_schema_read(&town_schema, &town, &why));
    cr_assert(directory_schema_read(&domain_schema, &domain, &why));
}

TestSuite(name, .init = begin);

static void expect(const char *typed, const char *user_name)
{
    char read[USER_NAME_SIZE];
    cr_expect_eq(logon_name_read(read, &town, &town_schema, typed), user_name[0] != 0, "%s", typed);
    cr_expect_str_eq(read, user_name);
}

Test(name, is_taken_without_what_people_add)
{
    expect("anna", "anna");
    expect("ANNA", "anna");
    expect("anna@neustadt", "anna");
    expect("anna@neustadt.example", "anna");
    expect("RATHAUS\\anna", "anna");
    expect("RATHAUS\\anna@neustadt", "anna");
    expect("jürgen", "jürgen");
    expect("anna.adler-1_x", "anna.adler-1_x");
}

Test(name, is_refused_when_it_is_none)
{
    expect("", "");
    expect("@neustadt", "");
    expect("anna@", "");
    expect("anna@altdorf", "");
    expect("anna@@neustadt", "");
    expect("anna@x@neustadt", "");
    expect("a\\b\\anna", "");
    expect("RATHAUS\\", "");
    expect("an\nna", "");
    expect("an\xff", "");
}

Test(name, of_a_domain_may_have_a_suffix_of_its_own)
{
    char user_name[USER_NAME_SIZE], filter[FILTER_SIZE];
    cr_expect(logon_name_read(user_name, &domain, &domain_schema, "Anna.Adler@altdorf.de"));
    cr_expect_str_eq(user_name, "anna.adler@altdorf.de");
    logon_name_filter(filter, &domain, &domain_schema, user_name);
    cr_expect_str_eq(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=anna.adler@altdorf.de)"
                             "(userPrincipalName=anna.adler@altdorf.de)))");
    cr_expect(logon_name_read(user_name, &domain, &domain_schema, "anna@Altdorf"));
    cr_expect_str_eq(user_name, "anna");
    cr_expect_not(logon_name_read(user_name, &domain, &domain_schema, "anna@"));
    cr_expect_not(logon_name_read(user_name, &domain, &domain_schema, "an@na@altdorf.de"));
    cr_expect_not(logon_name_read(user_name, &domain, &domain_schema, "X\\anna@altdorf.de"));
}

Test(name, has_a_bound)
{
    static char typed[10000];
    char user_name[USER_NAME_SIZE];
    memset(typed, 'a', USER_NAME_SIZE - 1);
    cr_expect(logon_name_read(user_name, &town, &town_schema, typed));
    memset(typed, 'a', USER_NAME_SIZE);
    cr_expect_not(logon_name_read(user_name, &town, &town_schema, typed));
    memset(typed, 'a', sizeof typed - 1);
    cr_expect_not(logon_name_read(user_name, &town, &town_schema, typed));
}

Test(name, is_escaped_in_filters)
{
    char filter[FILTER_SIZE];
    logon_name_filter(filter, &town, &town_schema, "anna");
    cr_expect_str_eq(filter, "(&(objectClass=inetOrgPerson)(uid=anna))");
    logon_name_filter(filter, &town, &town_schema, "*)(x=\\\n,ü");
    cr_expect_str_eq(filter, "(&(objectClass=inetOrgPerson)(uid=\\2a\\29\\28x\\3d\\5c\\0a\\2c\\c3\\bc))");
    logon_name_filter(filter, &domain, &domain_schema, "a*");
    cr_expect_str_eq(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=a\\2a)"
                             "(userPrincipalName=a\\2a@ALTDORF.EXAMPLE)))");
}

static void expect_filter(const struct tenant *tenant, const char *typed, const char *wanted)
{
    char user_name[USER_NAME_SIZE], filter[FILTER_SIZE];
    struct directory_schema schema;
    struct fault why;
    cr_assert(directory_schema_read(&schema, tenant, &why), "%s", why.text);
    cr_assert(logon_name_read(user_name, tenant, &schema, typed), "%s", typed);
    logon_name_filter(filter, tenant, &schema, user_name);
    cr_expect_str_eq(filter, wanted, "%s: %s", typed, filter);
}

Test(name, is_searched_in_the_attributes_of_the_tenant)
{
    struct tenant tenant = {
        .id = "neustadt", .realm = "RATHAUS.DE", .logon_attributes = "uid mail", .person_classes = "account person"};
    expect_filter(&tenant, "Anna", "(&(|(objectClass=account)(objectClass=person))(|(uid=anna)(mail=anna)))");
    expect_filter(
        &tenant, "anna.adler@post.de",
        "(&(|(objectClass=account)(objectClass=person))(|(uid=anna.adler@post.de)(mail=anna.adler@post.de)))");
    // The realm may be the domain of mail, too.
    expect_filter(&tenant, "Anna@rathaus.de",
                  "(&(|(objectClass=account)(objectClass=person))(|(uid=anna)(mail=anna@rathaus.de)))");
    expect_filter(&tenant, "RATHAUS\\anna@rathaus.de",
                  "(&(|(objectClass=account)(objectClass=person))(|(uid=anna)(mail=anna)))");
    struct tenant ipa = {.id = "altdorf",
                         .realm = "ALTDORF.DE",
                         .directory = DIRECTORY_FREEIPA,
                         .logon_attributes = "uid krbPrincipalName"};
    expect_filter(&ipa, "anna@altdorf",
                  "(&(objectClass=inetOrgPerson)(|(uid=anna)(krbPrincipalName=anna@ALTDORF.DE)))");
}

Test(name, of_members_is_searched_by_dn_or_name)
{
    char filter[FILTER_SIZE];
    struct directory_schema schema;
    struct fault why;
    struct tenant tenant = {.group_classes = "posixGroup", .member_attributes = "uniqueMember memberUid"};
    struct ldap_bytes dn = {"uid=a*,ou=x", 11};
    cr_assert(directory_schema_read(&schema, &tenant, &why));
    logon_name_member_filter(filter, &schema, dn, "a(b");
    cr_expect_str_eq(filter, "(&(objectClass=posixGroup)(|(uniqueMember=uid\\3da\\2a\\2cou\\3dx)(memberUid=a\\28b)))");
    logon_name_member_filter(filter, &schema, dn, NULL);
    cr_expect_str_eq(filter, "(&(objectClass=posixGroup)(|(uniqueMember=uid\\3da\\2a\\2cou\\3dx)))");
}

Test(name, fits_the_filter_when_all_of_it_is_escaped)
{
    char filter[FILTER_SIZE], user_name[USER_NAME_SIZE] = "";
    struct tenant widest = domain;
    memset(user_name, '*', sizeof user_name - 1);
    memset(widest.realm, '(', sizeof widest.realm - 1);
    logon_name_filter(filter, &widest, &domain_schema, user_name);
    cr_expect_not(strchr(filter, '*'));
    struct directory_schema schema = {.logon_attributes.count = SCHEMA_WORDS_MAX,
                                      .person_classes.count = SCHEMA_WORDS_MAX,
                                      .group_classes.count = SCHEMA_WORDS_MAX,
                                      .member_attributes.count = SCHEMA_WORDS_MAX};
    for (size_t i = 0; i < SCHEMA_WORDS_MAX; i++) {
        memset(schema.logon_attributes.at[i], 'a', SCHEMA_WORD_SIZE - 1);
        memset(schema.person_classes.at[i], 'a', SCHEMA_WORD_SIZE - 1);
        memset(schema.group_classes.at[i], 'a', SCHEMA_WORD_SIZE - 1);
        memset(schema.member_attributes.at[i], 'a', SCHEMA_WORD_SIZE - 1);
    }
    static char dn[DN_WRITTEN_SIZE - 1];
    memset(dn, '*', sizeof dn);
    logon_name_filter(filter, &widest, &schema, user_name);
    logon_name_member_filter(filter, &schema, (struct ldap_bytes){dn, sizeof dn}, user_name);
    cr_expect_not(strchr(filter, '*'));
}

Test(name, of_a_security_identifier_is_bytes)
{
    char filter[FILTER_SIZE];
    logon_name_sid_filter(filter, (struct ldap_bytes){"\x01\x05)\0*", 5});
    cr_expect_str_eq(filter, "(objectSid=\\01\\05\\29\\00\\2a)");
}
