// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/logon_name.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct tenant town = {.id = "neustadt", .realm = "NEUSTADT.EXAMPLE"};
static const struct tenant domain = {
    .id = "altdorf", .realm = "ALTDORF.EXAMPLE", .directory = DIRECTORY_ACTIVE_DIRECTORY};

static void expect(const char *typed, const char *user_name)
{
    char read[USER_NAME_SIZE];
    cr_expect_eq(logon_name_read(read, &town, typed), user_name[0] != 0, "%s", typed);
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
    cr_expect(logon_name_read(user_name, &domain, "Anna.Adler@altdorf.de"));
    cr_expect_str_eq(user_name, "anna.adler@altdorf.de");
    logon_name_filter(filter, &domain, user_name);
    cr_expect_str_eq(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=anna.adler@altdorf.de)"
                             "(userPrincipalName=anna.adler@altdorf.de)))");
    cr_expect(logon_name_read(user_name, &domain, "anna@Altdorf"));
    cr_expect_str_eq(user_name, "anna");
    cr_expect_not(logon_name_read(user_name, &domain, "anna@"));
    cr_expect_not(logon_name_read(user_name, &domain, "an@na@altdorf.de"));
    cr_expect_not(logon_name_read(user_name, &domain, "X\\anna@altdorf.de"));
}

Test(name, has_a_bound)
{
    static char typed[10000];
    char user_name[USER_NAME_SIZE];
    memset(typed, 'a', USER_NAME_SIZE - 1);
    cr_expect(logon_name_read(user_name, &town, typed));
    memset(typed, 'a', USER_NAME_SIZE);
    cr_expect_not(logon_name_read(user_name, &town, typed));
    memset(typed, 'a', sizeof typed - 1);
    cr_expect_not(logon_name_read(user_name, &town, typed));
}

Test(name, is_escaped_in_filters)
{
    char filter[FILTER_SIZE];
    logon_name_filter(filter, &town, "anna");
    cr_expect_str_eq(filter, "(&(objectClass=inetOrgPerson)(uid=anna))");
    logon_name_filter(filter, &town, "*)(x=\\\n,ü");
    cr_expect_str_eq(filter, "(&(objectClass=inetOrgPerson)(uid=\\2a\\29\\28x\\3d\\5c\\0a\\2c\\c3\\bc))");
    logon_name_filter(filter, &domain, "a*");
    cr_expect_str_eq(filter, "(&(objectCategory=person)(objectClass=user)(|(sAMAccountName=a\\2a)"
                             "(userPrincipalName=a\\2a@ALTDORF.EXAMPLE)))");
}

Test(name, fits_the_filter_when_all_of_it_is_escaped)
{
    char filter[FILTER_SIZE], user_name[USER_NAME_SIZE] = "";
    struct tenant widest = domain;
    memset(user_name, '*', sizeof user_name - 1);
    memset(widest.realm, '(', sizeof widest.realm - 1);
    logon_name_filter(filter, &widest, user_name);
    cr_expect_not(strchr(filter, '*'));
}

Test(name, of_a_security_identifier_is_bytes)
{
    char filter[FILTER_SIZE];
    logon_name_sid_filter(filter, (struct ldap_bytes){"\x01\x05)\0*", 5});
    cr_expect_str_eq(filter, "(objectSid=\\01\\05\\29\\00\\2a)");
}
