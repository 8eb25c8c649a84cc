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
    expect("expired", "expired-geheim", AUTH_TOO_LATE);
    expect("expired", "falsch", AUTH_WRONG);
    expect("grace", "grace-geheim", AUTH_EXPIRED);
    expect("grace", "falsch", AUTH_WRONG);
    expect("reset", "reset-geheim", AUTH_MUST_CHANGE);
    expect("reset", "falsch", AUTH_WRONG);
}

Test(directory, lets_a_password_be_changed)
{
    expect("reset", "reset-geheim", AUTH_MUST_CHANGE);
    cr_expect_eq(change(auth, &town, "reset", "reset-geheim", "kurz").verdict, AUTH_TOO_SHORT);
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
    cr_expect_eq(change(auth, &town, "expired", "expired-geheim", "neu-und-lang-genug").verdict, AUTH_TOO_LATE);
    cr_expect_eq(change(auth, &town, "niemand", "niemand-geheim", "neu-und-lang-genug").verdict, AUTH_WRONG);
}

// Three grace logons: one to hear that it has expired, and none for what the policy does not take.
Test(directory, spends_no_grace_on_a_password_that_is_rejected)
{
    expect("grace", "grace-geheim", AUTH_EXPIRED);
    for (int i = 0; i < 5; i++)
        cr_expect_eq(change(auth, &town, "grace", "grace-geheim", "kurz").verdict, AUTH_TOO_SHORT);
    cr_expect_eq(change(auth, &town, "grace", "falsch", "neu-und-lang-genug").verdict, AUTH_WRONG);
    cr_expect_eq(change(auth, &town, "grace", "grace-geheim", "neu-und-lang-genug").verdict, AUTH_RIGHT);
    expect("grace", "neu-und-lang-genug", AUTH_RIGHT);
}

Test(directory, changes_a_password_by_the_last_grace_logon)
{
    expect("last", "last-geheim", AUTH_EXPIRED);
    cr_expect_eq(change(auth, &town, "last", "last-geheim", "kurz").verdict, AUTH_TOO_SHORT);
    cr_expect_eq(change(auth, &town, "last", "last-geheim", "neu-und-lang-genug").verdict, AUTH_RIGHT);
    expect("last", "neu-und-lang-genug", AUTH_RIGHT);
}

// Whoever does not come back with a new one has spent it.
Test(directory, says_when_it_is_too_late)
{
    expect("last", "last-geheim", AUTH_EXPIRED);
    expect("last", "last-geheim", AUTH_TOO_LATE);
    expect("last", "falsch", AUTH_WRONG);
    auth_port(auth).forget(auth_port(auth).self, "neustadt");
    run_for(100); // the link that was kept goes with it
    cr_expect_eq(change(auth, &town, "last", "last-geheim", "neu-und-lang-genug").verdict, AUTH_TOO_LATE);
}

Test(directory, says_why_a_new_password_is_rejected)
{
    cr_expect_eq(change(auth, &town, "strict", "strict-geheim", "strict-geheim").verdict, AUTH_REUSED);
    cr_expect_eq(change(auth, &town, "strict", "strict-geheim", "neu-und-lang-genug").verdict, AUTH_RIGHT);
    cr_expect_eq(change(auth, &town, "strict", "neu-und-lang-genug", "noch-neuer-und-lang").verdict, AUTH_TOO_YOUNG);
    cr_expect_eq(change(auth, &town, "fixed", "fixed-geheim", "neu-und-lang-genug").verdict, AUTH_TOO_LATE);
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

static void expect_group(const char *group, enum group_standing standing, const char *dn)
{
    char found[DN_SIZE];
    cr_expect_eq(find_group(auth, &town, group, found), standing, "%s", group);
    cr_expect_str_eq(found, dn, "%s: %s", group, found);
}

static void expect_remembered(const char *group, enum group_standing standing, const char *dn)
{
    char found[DN_SIZE];
    struct auth_port port = auth_port(auth);
    cr_expect_eq(port.group(port.self, &town, group, found, NULL), standing, "%s", group);
    cr_expect_str_eq(found, dn, "%s: %s", group, found);
}

Test(directory, knows_which_group_a_name_means)
{
    TEXT_PUT(town.group_base, "ou=groups,dc=neustadt");
    expect_remembered("TEAM", GROUP_UNKNOWN, "");
    expect_group("TEAM", GROUP_FOUND, "cn=team,ou=groups,dc=neustadt");
    expect_remembered("TEAM", GROUP_FOUND, "cn=team,ou=groups,dc=neustadt");
    expect_group("Amt für Bau, Planung", GROUP_FOUND, "cn=amt für bau\\2c planung,ou=groups,dc=neustadt");
    expect_group("öffentlichkeit", GROUP_FOUND, "cn=öffentlichkeit,ou=groups,dc=neustadt");
    expect_group("nobody", GROUP_ABSENT, "");
    expect_remembered("nobody", GROUP_ABSENT, "");
    expect_group("visitors", GROUP_ABSENT, "");
    expect_group("anna im Amt", GROUP_ABSENT, "");
    expect_group("te*", GROUP_ABSENT, "");
    expect_group("team)(cn=*", GROUP_ABSENT, "");
    expect_group("ou=groups,", GROUP_ABSENT, "");
}

Test(directory, knows_a_group_by_its_dn)
{
    TEXT_PUT(town.group_base, "ou=groups,dc=neustadt");
    expect_remembered("CN=Team, OU=groups, dc=neustadt", GROUP_FOUND, "cn=team,ou=groups,dc=neustadt");
    expect_group("CN=Team, OU=groups, dc=neustadt", GROUP_FOUND, "cn=team,ou=groups,dc=neustadt");
    expect_group("cn=Amt f\\C3\\BCr Bau\\, Planung,ou=groups,dc=neustadt", GROUP_FOUND,
                 "cn=amt für bau\\2c planung,ou=groups,dc=neustadt");
    expect_group("cn=typo,ou=groups,dc=neustadt", GROUP_ABSENT, "");
    expect_remembered("cn=typo,ou=groups,dc=neustadt", GROUP_FOUND, "cn=typo,ou=groups,dc=neustadt");
    expect_group("cn=visitors,ou=others,dc=neustadt", GROUP_OUTSIDE, "");
    expect_remembered("cn=visitors,ou=others,dc=neustadt", GROUP_OUTSIDE, "");
    expect_group("cn=admins,ou=extern,ou=groups,dc=neustadt", GROUP_FOUND, "cn=admins,ou=extern,ou=groups,dc=neustadt");
}

Test(directory, takes_a_name_for_a_group_only_while_there_is_one)
{
    expect_group("admins", GROUP_TWICE, "");
    expect_remembered("admins", GROUP_TWICE, "");
    slapd_modify("neustadt", FIRST_PORT, "dn: cn=admins,ou=extern,ou=groups,dc=neustadt\nchangetype: delete\n");
    expect_group("admins", GROUP_FOUND, "cn=admins,ou=groups,dc=neustadt");
    slapd_modify("neustadt", FIRST_PORT,
                 "dn: cn=admins,ou=others,dc=neustadt\nchangetype: add\n"
                 "objectClass: groupOfNames\ncn: admins\nmember: uid=bert,ou=people,dc=neustadt\n");
    expect_group("admins", GROUP_TWICE, "");
    TEXT_PUT(town.group_base, "ou=groups,dc=neustadt");
    auth_port(auth).forget(auth_port(auth).self, "neustadt");
    expect_group("admins", GROUP_FOUND, "cn=admins,ou=groups,dc=neustadt");
}

Test(directory, does_not_know_a_group_while_it_is_away)
{
    TEXT_PUT(town.servers, "ldaps://127.0.0.1:3391");
    expect_group("team", GROUP_UNKNOWN, "");
    expect_group("cn=team,ou=groups,dc=neustadt", GROUP_UNKNOWN, "");
    expect_remembered("team", GROUP_UNKNOWN, "");
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

static void expect_finding(const char *name, enum auth_verdict verdict, enum person_finding finding)
{
    struct answer answer = explain(auth, &town, name);
    cr_expect(answer.verdict == verdict && answer.finding == finding, "%s: %d %d", name, answer.verdict,
              answer.finding);
}

Test(directory, says_to_administrators_what_a_name_came_to)
{
    expect_finding("anna", AUTH_RIGHT, PERSON_KNOWN);
    expect_finding("niemand", AUTH_WRONG, PERSON_ABSENT);
    expect_finding("no\nname", AUTH_WRONG, PERSON_ABSENT);
    expect_finding("twin", AUTH_WRONG, PERSON_TWICE);
    expect_finding("robot", AUTH_WRONG, PERSON_NO_CLASS);
    expect_finding("hidden", AUTH_WRONG, PERSON_NO_ID);
    expect_finding("kk", AUTH_WRONG, PERSON_NAME_TAKEN);
    expect_finding("ended", AUTH_DISABLED, PERSON_KNOWN);
}

Test(directory, does_not_tell_of_a_lock_that_is_over)
{
    cr_expect_not(explain(auth, &town, "anna").locked);
    cr_expect_not(explain(auth, &town, "free").locked);
    cr_expect(explain(auth, &town, "held").locked);
    cr_expect(explain(auth, &town, "stuck").locked, "one of the policies has no end");
    slapd_modify("neustadt", FIRST_PORT,
                 "dn: cn=default,dc=neustadt\nchangetype: modify\nadd: pwdLockoutDuration\npwdLockoutDuration: 60\n");
    cr_expect_not(explain(auth, &town, "stuck").locked, "the longest lasts a day");
}

static struct directory_status status_now(void)
{
    struct directory_status status;
    auth_port(auth).status(auth_port(auth).self, &town, &status);
    return status;
}

Test(directory, says_that_a_base_is_not_there)
{
    char dn[DN_SIZE];
    expect_finding("anna", AUTH_RIGHT, PERSON_KNOWN);
    cr_expect_eq(status_now().state, DIRECTORY_OK);
    TEXT_PUT(town.group_base, "ou=grupen,dc=neustadt");
    auth_port(auth).forget(auth_port(auth).self, "neustadt");
    expect_finding("anna", AUTH_RIGHT, PERSON_KNOWN);
    cr_expect_eq(find_group(auth, &town, "team", dn), GROUP_ABSENT);
    cr_expect_eq(status_now().state, DIRECTORY_NO_BASE);
    cr_expect_str_eq(status_now().last_failure, "the directory knows no such base: ou=grupen,dc=neustadt");
    TEXT_PUT(town.user_base, "ou=peple,dc=neustadt");
    auth_port(auth).forget(auth_port(auth).self, "neustadt");
    expect_finding("anna", AUTH_UNAVAILABLE, PERSON_NO_BASE);
    expect("anna", "anna-geheim", AUTH_UNAVAILABLE);
    cr_expect_eq(status_now().state, DIRECTORY_NO_BASE);
    cr_expect_str_eq(status_now().last_failure, "the directory knows no such base: ou=peple,dc=neustadt");
    TEXT_PUT(town.servers, "ldaps://127.0.0.1:3391");
    auth_port(auth).forget(auth_port(auth).self, "neustadt");
    expect_finding("anna", AUTH_UNAVAILABLE, PERSON_NOT_TOLD);
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
