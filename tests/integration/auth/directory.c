// SPDX-License-Identifier: EUPL-1.2
// People and passwords against a real slapd.
#include "broker/base/text.h"
#include "tests/integration/auth/directory_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct auth *auth;
static struct tenant town;

static void begin(void)
{
    fixture_begin();
    slapd_start("neustadt", FIRST_PORT, 0);
    tenant_trusts("neustadt", "neustadt");
    town = tenant_of("neustadt", "neustadt", "ldaps://127.0.0.1:3390");
    auth = auth_start(5000);
}

static void end(void)
{
    auth_free(auth);
    fixture_end();
}

TestSuite(directory, .init = begin, .fini = end, .timeout = 60);

static void expect(const char *name, const char *password, enum auth_verdict verdict)
{
    struct answer answer = check(auth, &town, name, password);
    cr_expect_eq(answer.verdict, verdict, "%s with %s: %d, not %d", name, password, answer.verdict, verdict);
}

Test(directory, knows_who_logs_on)
{
    struct answer answer = check(auth, &town, "Anna", "anna-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_str_eq(answer.user_name, "anna");
    cr_expect_str_eq(answer.name, "Anna Adler");
    cr_expect_eq(strlen(answer.key), 36);
    struct answer again = check(auth, &town, "anna", "anna-geheim");
    cr_expect_str_eq(again.key, answer.key);
    cr_expect_eq(again.group_count, answer.group_count);
}

static void expect_user_name(const char *typed, const char *password, const char *user_name)
{
    for (int i = 0; i < 2; i++) { // the second time it is known where the name stands
        struct answer answer = check(auth, &town, typed, password);
        cr_expect_eq(answer.verdict, AUTH_RIGHT, "%s: %d", typed, answer.verdict);
        cr_expect_str_eq(answer.user_name, user_name, "%s: %s", typed, answer.user_name);
    }
    cr_expect_str_eq(look_up(auth, &town, typed).user_name, user_name);
}

Test(directory, gives_a_person_one_user_name_as_it_is_spelled_there)
{
    expect_user_name("jan", "jan-geheim", "jan");
    expect_user_name("Jan.Janssen", "jan-geheim", "jan");
    expect_user_name("otto.muster", "Otto.Muster-geheim", "Otto.Muster");
    expect("jan.janssen", "falsch", AUTH_WRONG);
}

Test(directory, lets_nobody_in_under_a_name_that_is_also_somebody_elses)
{
    expect("jj", "jan-geheim", AUTH_WRONG);
    expect("jj", "jonas-geheim", AUTH_WRONG);
    expect("jonas", "jonas-geheim", AUTH_RIGHT);
    expect("karl.kurz", "karl.kurz-geheim", AUTH_WRONG);
    expect("kk", "karl.kurz-geheim", AUTH_WRONG); // karl.kurz at a host may be kira
    expect("kira", "kira-geheim", AUTH_RIGHT);
}

Test(directory, starts_tls_on_the_plain_port)
{
    TEXT_PUT(town.servers, "ldap://127.0.0.1:3389"); // this slapd refuses simple binds without encryption
    expect("anna", "anna-geheim", AUTH_RIGHT);
}

Test(directory, tells_nobody_what_was_wrong)
{
    expect("anna", "falsch", AUTH_WRONG);
    expect("niemand", "anna-geheim", AUTH_WRONG);
    expect("locked", "locked-geheim", AUTH_WRONG);
    expect("ended", "ended-geheim", AUTH_WRONG);
    expect("twin", "twin-geheim", AUTH_WRONG);
    expect("anna", "", AUTH_WRONG);
    expect("anna", "anna-geheim", AUTH_RIGHT);
    expect("anna", "falsch", AUTH_WRONG);
    expect("anna", "anna-geheim", AUTH_RIGHT);
}

Test(directory, locks_after_too_many_wrong_passwords)
{
    for (int i = 0; i < 5; i++)
        expect("carla", "falsch", AUTH_WRONG);
    expect("carla", "carla-geheim", AUTH_WRONG);
}

Test(directory, says_more_only_after_the_right_password)
{
    expect("expired", "expired-geheim", AUTH_EXPIRED);
    expect("expired", "falsch", AUTH_WRONG);
    expect("grace", "grace-geheim", AUTH_EXPIRED);
    expect("grace", "falsch", AUTH_WRONG);
    expect("reset", "reset-geheim", AUTH_MUST_CHANGE);
    expect("reset", "falsch", AUTH_WRONG);
}

Test(directory, lets_a_password_be_changed)
{
    expect("reset", "reset-geheim", AUTH_MUST_CHANGE);
    cr_expect_eq(change(auth, &town, "reset", "reset-geheim", "kurz").verdict, AUTH_REJECTED);
    cr_expect_eq(change(auth, &town, "reset", "falsch", "neu-und-lang-genug").verdict, AUTH_WRONG);
    cr_expect_eq(change(auth, &town, "reset", "reset-geheim", "").verdict, AUTH_REJECTED);
    struct answer changed = change(auth, &town, "reset", "reset-geheim", "neu-und-lang-genug");
    cr_expect_eq(changed.verdict, AUTH_RIGHT);
    cr_expect_str_eq(changed.user_name, "reset");
    expect("reset", "reset-geheim", AUTH_WRONG);
    expect("reset", "neu-und-lang-genug", AUTH_RIGHT);
}

Test(directory, lets_an_expired_password_be_changed_while_there_is_grace)
{
    cr_expect_eq(change(auth, &town, "grace", "grace-geheim", "neu-und-lang-genug").verdict, AUTH_RIGHT);
    expect("grace", "neu-und-lang-genug", AUTH_RIGHT);
    cr_expect_eq(change(auth, &town, "expired", "expired-geheim", "neu-und-lang-genug").verdict, AUTH_EXPIRED);
    cr_expect_eq(change(auth, &town, "niemand", "niemand-geheim", "neu-und-lang-genug").verdict, AUTH_WRONG);
}

Test(directory, finds_groups_of_groups)
{
    struct answer answer = check(auth, &town, "anna", "anna-geheim");
    cr_expect(is_in(&answer, "cn=buero,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, "cn=team,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, "cn=amt,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, "cn=stadt,ou=groups,dc=neustadt"));
    cr_expect_eq(answer.group_count, 4);
}

Test(directory, comes_out_of_a_ring_of_groups)
{
    struct answer answer = check(auth, &town, "bert", "bert-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 3);
    cr_expect(is_in(&answer, "cn=ring-c,ou=groups,dc=neustadt"));
}

Test(directory, leaves_out_groups_beyond_the_bound)
{
    struct answer answer = check(auth, &town, "crowd", "crowd-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 256);
}

Test(directory, counts_groups_below_their_base_only)
{
    TEXT_PUT(town.group_base, "ou=Elsewhere, dc=neustadt");
    struct answer answer = check(auth, &town, "anna", "anna-geheim");
    cr_expect_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 0);
}

Test(directory, counts_groups_below_their_base_before_there_are_too_many)
{
    TEXT_PUT(town.group_base, "OU=groups, dc=neustadt");
    struct answer answer = check(auth, &town, "joiner", "joiner-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 4);
    cr_expect(is_in(&answer, "cn=team,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, "cn=stadt,ou=groups,dc=neustadt"), "and what those are in");
}

Test(directory, looks_for_groups_where_people_are_unless_told)
{
    TEXT_PUT(town.user_base, "ou=people,dc=neustadt");
    struct answer answer = check(auth, &town, "anna", "anna-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 0);
    struct tenant other = town;
    TEXT_PUT(other.id, "altdorf");
    TEXT_PUT(other.group_base, "no distinguished name");
    tenant_trusts("altdorf", "neustadt");
    answer = check(auth, &other, "anna", "anna-geheim");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_eq(answer.group_count, 0, "nobody knows what is below that");
}

Test(directory, writes_groups_in_one_way)
{
    owned(text) struct text longest = {0};
    struct answer answer = check(auth, &town, "ida", "ida-geheim");
    text_adds(&longest, "cn=");
    for (int i = 0; i < 210; i++)
        text_adds(&longest, "ä");
    text_adds(&longest, ",ou=groups,dc=neustadt");
    cr_expect_eq(answer.group_count, 3);
    cr_expect(is_in(&answer, "cn=amt für bau\\2c planung,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, "cn=öffentlichkeit,ou=groups,dc=neustadt"));
    cr_expect(is_in(&answer, longest.bytes), "bytes are not letters");
}

Test(directory, takes_no_name_for_a_filter)
{
    static char long_name[2000];
    memset(long_name, 'a', sizeof long_name - 1);
    const char *const names[] = {"*",
                                 "ann*",
                                 "anna)(uid=*",
                                 "*)(objectClass=*",
                                 "anna\\00",
                                 "an\x01na",
                                 "anna\xff",
                                 "anna@anderswo",
                                 "anna@",
                                 "@neustadt",
                                 "",
                                 "a\\b\\anna",
                                 "anna)",
                                 "(anna",
                                 "anna,ou=people",
                                 "anna\n",
                                 "\\",
                                 long_name,
                                 "anna@@neustadt",
                                 "uid=anna"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        expect(names[i], "anna-geheim", AUTH_WRONG);
}

Test(directory, takes_the_ways_people_write_their_name)
{
    TEXT_PUT(town.realm, "NEUSTADT.EXAMPLE");
    expect("anna@neustadt", "anna-geheim", AUTH_RIGHT);
    expect("anna@Neustadt.Example", "anna-geheim", AUTH_RIGHT);
    expect("RATHAUS\\anna", "anna-geheim", AUTH_RIGHT);
    expect("ANNA", "anna-geheim", AUTH_RIGHT);
}

Test(directory, looks_people_up_without_a_password)
{
    TEXT_PUT(town.realm, "NEUSTADT.EXAMPLE");
    struct answer answer = look_up(auth, &town, "anna@NEUSTADT.EXAMPLE");
    cr_assert_eq(answer.verdict, AUTH_RIGHT);
    cr_expect_str_eq(answer.name, "Anna Adler");
    cr_expect_eq(answer.group_count, 4);
    cr_expect_eq(look_up(auth, &town, "niemand").verdict, AUTH_WRONG);
    cr_expect_eq(look_up(auth, &town, "twin").verdict, AUTH_WRONG);
    cr_expect_eq(look_up(auth, &town, "locked").verdict, AUTH_DISABLED);
    cr_expect_eq(look_up(auth, &town, "ended").verdict, AUTH_DISABLED);
}

Test(directory, takes_a_password_of_any_kind)
{
    static char long_password[SECRET_MAX + 1];
    memset(long_password, 'p', SECRET_MAX);
    cr_expect_eq(change(auth, &town, "carla", "carla-geheim", long_password).verdict, AUTH_RIGHT);
    expect("carla", long_password, AUTH_RIGHT);
    long_password[SECRET_MAX - 1] = 'q';
    expect("carla", long_password, AUTH_WRONG);
    long_password[SECRET_MAX - 1] = 0;
    expect("carla", long_password, AUTH_WRONG);
}

Test(directory, goes_on_after_being_forgotten)
{
    struct auth_port port = auth_port(auth);
    expect("anna", "anna-geheim", AUTH_RIGHT);
    port.forget(port.self, "neustadt");
    port.forget(port.self, "nobody-knows");
    expect("anna", "anna-geheim", AUTH_RIGHT);
    struct answer open;
    ask_check(auth, &town, "anna", "anna-geheim", &open);
    port.forget(port.self, "neustadt");
    await_answers(&open, 1, 5000);
    cr_expect_eq(open.verdict, AUTH_UNAVAILABLE);
}

Test(directory, answers_what_is_open_at_the_end)
{
    struct answer open;
    ask_check(auth, &town, "anna", "anna-geheim", &open);
    auth_free(auth);
    auth = NULL;
    cr_expect(open.came);
    cr_expect_eq(open.verdict, AUTH_UNAVAILABLE);
}
