// SPDX-License-Identifier: EUPL-1.2
// Large directories: slapd with 50,000 people and a group of 10,000, a domain with 2,000 people in one group.
#include "broker/base/text.h"
#include "tests/integration/auth/domain_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { PEOPLE = 50000, MEMBERS = 10000, DOMAIN_PEOPLE = 2000, ASKED = 200 };

static struct auth *auth;
static struct tenant town;

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

// Two hundred of them at once, from the first to the last; in the group are those below `members`.
static void log_on_many(size_t people, size_t members, const char *password_of_all, const char *group)
{
    static struct answer answers[ASKED];
    for (size_t i = 0; i < ASKED; i++) {
        char name[32], password[64];
        size_t number = i * (people - 1) / (ASKED - 1);
        snprintf(name, sizeof name, "u%zu", number);
        snprintf(password, sizeof password, "u%zu-geheim", number);
        ask_check(auth, &town, name, password_of_all ? password_of_all : password, &answers[i]);
    }
    await_answers(answers, ASKED, 60000);
    for (size_t i = 0; i < ASKED; i++) {
        size_t number = i * (people - 1) / (ASKED - 1);
        cr_expect_eq(answers[i].verdict, AUTH_RIGHT, "u%zu: %d", number, answers[i].verdict);
        cr_expect_eq(is_in(&answers[i], group), number < members, "u%zu", number);
    }
}

static void begin_slapd(void)
{
    fixture_begin();
    slapd_start("neustadt", FIRST_PORT, PEOPLE);
    tenant_trusts("neustadt", "neustadt");
    town = tenant_of("neustadt", "neustadt", "ldaps://127.0.0.1:3390");
    auth = auth_start(30000);
}

TestSuite(large, .init = begin_slapd, .fini = end, .timeout = 300);

Test(large, directory_finds_people_and_the_groups_they_name)
{
    log_on_many(PEOPLE, MEMBERS, NULL, "cn=alle,ou=groups,dc=neustadt");
    examine(auth, &town, "u49999");
    expect_no_failure();
}

Test(large, directory_finds_groups_that_name_ten_thousand)
{
    TEXT_PUT(town.member_attributes, "member");
    log_on_many(PEOPLE, MEMBERS, NULL, "cn=alle,ou=groups,dc=neustadt");
    struct answer first = look_up(auth, &town, "u0");
    cr_expect(is_in(&first, "cn=ganz,ou=groups,dc=neustadt"), "nested");
}

static void begin_domain(void)
{
    fixture_begin();
    domain_start_with(DOMAIN_PEOPLE);
    town = domain_tenant();
    auth = auth_start(30000);
}

TestSuite(large_domain, .init = begin_domain, .fini = end, .timeout = 400);

Test(large_domain, finds_people_and_groups_of_groups)
{
    log_on_many(DOMAIN_PEOPLE, DOMAIN_PEOPLE, "viele-geheim-1", "cn=alle,ou=groups,dc=burgstadt,dc=example");
    struct answer last = check(auth, &town, "person.1999@rathaus-burgstadt.example", "viele-geheim-1");
    cr_expect_eq(last.verdict, AUTH_RIGHT);
    cr_expect_str_eq(last.user_name, "u1999");
    cr_expect(is_in(&last, "cn=stadt,ou=groups,dc=burgstadt,dc=example"));
    examine(auth, &town, "u1999");
    expect_no_failure();
}
