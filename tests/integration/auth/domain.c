// SPDX-License-Identifier: EUPL-1.2
// People and passwords of a real domain controller that demands signing and channel binding.
#include "broker/base/text.h"
#include "tests/integration/auth/domain_fixture.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

static struct auth *auth;
static struct tenant town;

static void begin(void)
{
    fixture_begin();
    domain_start();
    town = domain_tenant();
    auth = auth_start(5000);
}

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(domain, .init = begin, .fini = end, .timeout = 90);

static void expect(const char *name, const char *password, enum auth_verdict verdict)
{
    struct answer answer = check(auth, &town, name, password);
    cr_expect_eq(answer.verdict, verdict, "%s with %s: %d, not %d", name, password, answer.verdict, verdict);
}

static void expect_change(const char *name, const char *old, const char *new, enum auth_verdict verdict)
{
    struct answer answer = change(auth, &town, name, old, new);
    cr_expect_eq(answer.verdict, verdict, "%s from %s to %s: %d, not %d", name, old, new, answer.verdict, verdict);
}

Test(domain, knows_who_logs_on)
{
    struct answer answer = check(auth, &town, "ANNA", "anna-burgstadt-1");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_str_eq(answer.user_name, "anna");
    cr_expect_str_eq(answer.name, "Anna Auer");
    cr_expect_eq(strlen(answer.key), 32, "objectGUID");
    struct answer again = look_up(auth, &town, "anna@BURGSTADT.EXAMPLE");
    cr_expect_eq(again.verdict, AUTH_RIGHT);
    cr_expect_str_eq(again.key, answer.key);
}

Test(domain, finds_groups_of_groups_of_groups)
{
    struct answer answer = check(auth, &town, "anna", "anna-burgstadt-1");
    cr_expect(is_in(&answer, "cn=buergerbuero,ou=groups,dc=burgstadt,dc=example"));
    cr_expect(is_in(&answer, "cn=rathaus,ou=groups,dc=burgstadt,dc=example"));
    cr_expect(is_in(&answer, "cn=stadt,ou=groups,dc=burgstadt,dc=example"));
    cr_expect_eq(answer.group_count, 3, "not the domain's own, which stand elsewhere");
}

Test(domain, finds_more_than_a_hundred_groups)
{
    for (int i = 0; i < 2; i++) {
        struct answer answer = check(auth, &town, "vera", "vera-geheim-1");
        cr_assert_eq(answer.verdict, AUTH_RIGHT);
        cr_expect_eq(answer.group_count, 133);
    }
}

Test(domain, finds_groups_in_the_ways_of_others_too)
{
    static const char *const ways[] = {"memberOf", "member"};
    for (size_t i = 0; i < 2; i++) {
        TEXT_PUT(town.member_attributes, ways[i]);
        auth_port(auth).forget(auth_port(auth).self, town.id);
        struct answer answer = check(auth, &town, "anna", "anna-burgstadt-1");
        cr_expect(is_in(&answer, "cn=buergerbuero,ou=groups,dc=burgstadt,dc=example"), "%s", ways[i]);
        cr_expect(is_in(&answer, "cn=stadt,ou=groups,dc=burgstadt,dc=example"), "%s", ways[i]);
        cr_expect_eq(answer.group_count, 3, "%s: %zu", ways[i], answer.group_count);
    }
}

Test(domain, is_looked_at_step_by_step)
{
    examine(auth, &town, "anna.auer@rathaus-burgstadt.example");
    expect_step(CHECK_STEP_PERSON, CHECK_OK, "(user name anna)");
    expect_step(CHECK_STEP_CLOCK, CHECK_OK, "agree");
    examine(auth, &town, "gisela");
    expect_step(CHECK_STEP_PERSON, CHECK_WARNING, "disabled or has expired");
    TEXT_PUT(town.user_base, "ou=amt,dc=burgstadt,dc=example");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_USER_BASE, CHECK_FAILED, "no entry ou=amt,dc=burgstadt,dc=example");
    town.directory = DIRECTORY_OPENLDAP;
    examine(auth, &town, "");
    expect_step(CHECK_STEP_BIND, CHECK_FAILED, "an Active Directory, but the tenant says directory: openldap");
}

Test(domain, knows_people_by_either_name)
{
    struct answer answer = check(auth, &town, "Anna.Auer@rathaus-burgstadt.example", "anna-burgstadt-1");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_str_eq(answer.user_name, "anna");
    expect("anna.auer@rathaus-burgstadt.example", "falsch", AUTH_WRONG);
    expect("anna.auer", "anna-burgstadt-1", AUTH_WRONG);
    expect("anna.auer@burgstadt.example", "anna-burgstadt-1", AUTH_WRONG);
    expect("adam.amsel", "adam-geheim-1", AUTH_RIGHT);
    expect("BURGSTADT\\anna", "anna-burgstadt-1", AUTH_RIGHT);
}

Test(domain, says_more_only_after_the_right_password)
{
    static const struct {
        const char *name, *password;
        enum auth_verdict verdict;
    } rows[] = {{"dirk", "dirk-geheim-1", AUTH_EXPIRED},
                {"eva", "eva-geheim-1", AUTH_MUST_CHANGE},
                {"frank", "frank-geheim-1", AUTH_DISABLED},
                {"gisela", "gisela-geheim-1", AUTH_DISABLED},
                {"hugo", "hugo-geheim-1", AUTH_OUTSIDE_HOURS}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(rows[i].name, rows[i].password, rows[i].verdict);
        expect(rows[i].name, "falsch", AUTH_WRONG);
    }
    expect("niemand", "falsch", AUTH_WRONG);
    expect("anna", "", AUTH_WRONG);
    cr_expect_eq(look_up(auth, &town, "frank").verdict, AUTH_DISABLED);
    cr_expect_eq(look_up(auth, &town, "gisela").verdict, AUTH_DISABLED);
    cr_expect_eq(look_up(auth, &town, "niemand").verdict, AUTH_WRONG);
}

Test(domain, shows_a_locked_account_to_nobody)
{
    for (int i = 0; i < 6; i++)
        expect("bruno", "falsch", AUTH_WRONG);
    expect("bruno", "bruno-geheim-1", AUTH_WRONG);
    cr_expect(explain(auth, &town, "bruno").locked, "but to administrators");
    cr_expect_not(explain(auth, &town, "anna").locked);
}

Test(domain, lets_a_password_be_changed_that_must_be)
{
    expect_change("eva", "falsch", "neu-und-lang-genug-7", AUTH_WRONG);
    expect_change("eva", "eva-geheim-1", "kurz", AUTH_TOO_SHORT);
    expect_change("eva", "eva-geheim-1", "einfachundlang", AUTH_TOO_SIMPLE);
    expect("eva", "eva-geheim-1", AUTH_MUST_CHANGE);
    expect_change("eva", "eva-geheim-1", "Überlang-und-neu-7", AUTH_RIGHT);
    expect("eva", "Überlang-und-neu-7", AUTH_RIGHT); // a domain also takes the old one for another hour
}

Test(domain, lets_a_password_be_changed_that_has_expired_or_not)
{
    expect_change("dirk", "dirk-geheim-1", "neu-und-lang-genug-7", AUTH_RIGHT);
    expect("dirk", "neu-und-lang-genug-7", AUTH_RIGHT);
    expect_change("anna", "anna-burgstadt-1", "neu-und-lang-genug-7", AUTH_RIGHT);
    expect("anna", "neu-und-lang-genug-7", AUTH_RIGHT);
    expect_change("anna", "neu-und-lang-genug-7", "anna-burgstadt-1", AUTH_REUSED); // it was one of the last three
}

Test(domain, changes_nothing_for_who_may_not_log_on)
{
    expect_change("frank", "frank-geheim-1", "neu-und-lang-genug-7", AUTH_DISABLED);
    expect_change("hugo", "hugo-geheim-1", "neu-und-lang-genug-7", AUTH_OUTSIDE_HOURS);
    expect_change("niemand", "niemand-geheim-1", "neu-und-lang-genug-7", AUTH_WRONG);
    expect("frank", "frank-geheim-1", AUTH_DISABLED);
}

Test(domain, lets_the_service_account_sign_on_in_each_way)
{
    static const char *const servers[] = {"ldaps://dir.burgstadt.example", "ldap://dir.burgstadt.example"};
    static const char *const names[] = {"pult", "pult@burgstadt.example", "BURGSTADT\\pult",
                                        "cn=pult,ou=services,dc=burgstadt,dc=example"};
    for (size_t s = 0; s < 2; s++) {
        TEXT_PUT(town.servers, servers[s]);
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
            TEXT_PUT(town.bind_dn, names[n]);
            town.bind_method = n == 0 ? BIND_METHOD_KERBEROS : BIND_METHOD_PASSWORD;
            auth_port(auth).forget(auth_port(auth).self, town.id);
            expect("anna", "anna-burgstadt-1", AUTH_RIGHT);
        }
    }
}

static void expect_unavailable(void)
{
    auth_port(auth).forget(auth_port(auth).self, town.id);
    expect("anna", "anna-burgstadt-1", AUTH_UNAVAILABLE);
}

Test(domain, is_not_taken_for_another_kind_of_directory)
{
    struct tenant right = town;
    town.directory = DIRECTORY_OPENLDAP;
    expect_unavailable();
    town = right;
    TEXT_PUT(town.realm, "");
    expect_unavailable();
    town = right;
    TEXT_PUT(town.bind_dn, "anna");
    expect_unavailable(); // no key of hers in the keytab
    town = right;
    TEXT_PUT(town.servers, "ldaps://127.0.0.1");
    expect_unavailable(); // the KDC knows no server of this name
}

Test(domain, that_stops_answering_holds_nobody_up)
{
    expect("anna", "anna-burgstadt-1", AUTH_RIGHT);
    domain_signal(SIGSTOP);
    struct answer answer = check(auth, &town, "anna", "anna-burgstadt-1");
    cr_expect_eq(answer.verdict, AUTH_UNAVAILABLE);
    cr_expect_lt(answer.after_ms, 9000);
    domain_signal(SIGCONT);
    // The server was put aside for a moment.
    for (int i = 0; i < 50 && check(auth, &town, "anna", "anna-burgstadt-1").verdict != AUTH_RIGHT; i++)
        run_for(200);
    expect("anna", "anna-burgstadt-1", AUTH_RIGHT);
}
