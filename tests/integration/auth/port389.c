// SPDX-License-Identifier: EUPL-1.2
// People and passwords of a real 389 Directory Server as it is after its installation, without plug-ins of its own.
#include "broker/base/text.h"
#include "tests/integration/auth/directory_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct auth *auth;
static struct tenant town;

static void begin(void)
{
    char dir[128];
    fixture_begin();
    snprintf(dir, sizeof dir, "%s/neustadt", fixture_folder);
    const char *const arguments[] = {"tests/integration/auth/serve-389", dir, "dc=neustadt", "3389", NULL};
    fixture_start(arguments);
    await_port(FIRST_PORT + 1);
    tenant_trusts("neustadt", "neustadt");
    town = tenant_of("neustadt", "neustadt", "ldaps://127.0.0.1:3390 ldap://127.0.0.1:3389");
    town.directory = DIRECTORY_389_DS;
    auth = auth_start(10000);
}

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(port389, .init = begin, .fini = end, .timeout = 90);

Test(port389, knows_people_and_groups_of_groups)
{
    struct answer anna = check(auth, &town, "Anna", "anna-geheim");
    cr_assert_eq(anna.verdict, AUTH_RIGHT, "%d", anna.verdict);
    cr_expect_str_eq(anna.user_name, "anna");
    cr_expect_str_eq(anna.name, "Anna Adler");
    cr_expect_eq(strlen(anna.key), 35, "nsUniqueId: %s", anna.key);
    cr_expect(is_in(&anna, "cn=buero,ou=groups,dc=neustadt"));
    cr_expect(is_in(&anna, "cn=amt,ou=groups,dc=neustadt"));
    cr_expect(is_in(&anna, "cn=stadt,ou=groups,dc=neustadt"), "a groupOfUniqueNames");
    cr_expect_eq(anna.group_count, 3);
    cr_expect_str_eq(look_up(auth, &town, "anna").key, anna.key);
    struct answer bert = check(auth, &town, "bert", "bert-geheim");
    cr_expect(is_in(&bert, "cn=bau,ou=groups,dc=neustadt"));
    cr_expect_eq(check(auth, &town, "anna", "bert-geheim").verdict, AUTH_WRONG);
    cr_expect_eq(check(auth, &town, "niemand", "bert-geheim").verdict, AUTH_WRONG);
}

Test(port389, starts_tls_on_the_plain_port)
{
    TEXT_PUT(town.servers, "ldap://127.0.0.1:3389");
    cr_expect_eq(check(auth, &town, "anna", "anna-geheim").verdict, AUTH_RIGHT);
}

Test(port389, lets_people_log_on_with_their_mail_address)
{
    TEXT_PUT(town.logon_attributes, "uid mail");
    struct answer anna = check(auth, &town, "Anna.Adler@rathaus.example", "anna-geheim");
    cr_expect_eq(anna.verdict, AUTH_RIGHT);
    cr_expect_str_eq(anna.user_name, "anna");
}

Test(port389, shuts_out_an_inactive_account)
{
    cr_expect_eq(check(auth, &town, "fritz", "falsch").verdict, AUTH_WRONG);
    struct answer right = check(auth, &town, "fritz", "fritz-geheim");
    cr_expect_eq(right.verdict, AUTH_WRONG, "%d", right.verdict);
    cr_expect_eq(look_up(auth, &town, "fritz").verdict, AUTH_DISABLED);
}

Test(port389, says_that_it_is_too_late_only_after_the_right_password)
{
    cr_expect_eq(check(auth, &town, "doris", "falsch").verdict, AUTH_WRONG);
    struct answer right = check(auth, &town, "doris", "doris-geheim");
    cr_expect_eq(right.verdict, AUTH_TOO_LATE, "%d", right.verdict);
}

Test(port389, changes_a_password)
{
    cr_expect_eq(change(auth, &town, "bert", "falsch", "ganz-neu-und-lang-22").verdict, AUTH_WRONG);
    cr_expect_eq(change(auth, &town, "bert", "bert-geheim", "ganz-neu-und-lang-22").verdict, AUTH_RIGHT);
    cr_expect_eq(check(auth, &town, "bert", "ganz-neu-und-lang-22").verdict, AUTH_RIGHT);
    cr_expect_eq(check(auth, &town, "bert", "bert-geheim").verdict, AUTH_WRONG);
}

Test(port389, is_looked_at_step_by_step)
{
    examine(auth, &town, "anna");
    expect_no_failure();
    expect_step(CHECK_STEP_PERSON, CHECK_OK, "(user name anna)");
    TEXT_PUT(town.member_attributes, "memberOf");
    examine(auth, &town, "anna");
    expect_step(CHECK_STEP_GROUPS, CHECK_FAILED, "that entry has no memberOf");
    town.directory = DIRECTORY_OPENLDAP;
    examine(auth, &town, "anna");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "of none of the classes inetOrgPerson. It is of these: top nsPerson");
    TEXT_PUT(town.person_classes, "nsPerson");
    examine(auth, &town, "anna");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "set id_attribute=nsUniqueId");
}
