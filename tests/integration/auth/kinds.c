// SPDX-License-Identifier: EUPL-1.2
// Directories that call things otherwise: in slapd the shapes of FreeIPA, UCS and plain POSIX.
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

TestSuite(kinds, .init = begin, .fini = end, .timeout = 60);

static void expect_groups(const struct answer *answer, const char *const *groups)
{
    size_t count = 0;
    cr_expect_eq(answer->verdict, AUTH_RIGHT, "%d", answer->verdict);
    for (; groups[count]; count++)
        cr_expect(is_in(answer, groups[count]), "%s", groups[count]);
    cr_expect_eq(answer->group_count, count, "%zu groups", answer->group_count);
}

Test(kinds, groups_that_name_members_are_found_without_member_of)
{
    static const char *const annas[] = {"cn=buero,ou=groups,dc=neustadt",  "cn=team,ou=groups,dc=neustadt",
                                        "cn=amt,ou=groups,dc=neustadt",    "cn=stadt,ou=groups,dc=neustadt",
                                        "cn=admins,ou=groups,dc=neustadt", NULL};
    static const char *const berts[] = {"cn=ring-a,ou=groups,dc=neustadt", "cn=ring-b,ou=groups,dc=neustadt",
                                        "cn=ring-c,ou=groups,dc=neustadt", NULL};
    static const char *const nothing[] = {NULL};
    TEXT_PUT(town.member_attributes, "member");
    for (int i = 0; i < 2; i++) { // the second time it is known what the groups are in
        struct answer anna = check(auth, &town, "anna", "anna-geheim"), bert = look_up(auth, &town, "bert");
        expect_groups(&anna, annas);
        expect_groups(&bert, berts);
    }
    struct answer carla = check(auth, &town, "carla", "carla-geheim");
    expect_groups(&carla, nothing);
}

Test(kinds, many_ask_for_their_groups_at_once)
{
    struct answer answers[40];
    TEXT_PUT(town.member_attributes, "member");
    for (size_t i = 0; i < 40; i++)
        ask_check(auth, &town, i % 2 ? "anna" : "bert", i % 2 ? "anna-geheim" : "bert-geheim", &answers[i]);
    await_answers(answers, 40, 20000);
    for (size_t i = 0; i < 40; i++)
        cr_expect_eq(answers[i].group_count, i % 2 ? 5 : 3, "%zu", answers[i].group_count);
}

Test(kinds, univention_names_members_by_dn_and_nests)
{
    static const char *const uwes[] = {"cn=bau,ou=ucs,dc=neustadt", "cn=haus,ou=ucs,dc=neustadt", NULL};
    town.directory = DIRECTORY_UCS;
    struct answer uwe = check(auth, &town, "uwe", "uwe-geheim");
    expect_groups(&uwe, uwes);
    cr_expect_eq(check(auth, &town, "utz", "utz-geheim").verdict, AUTH_DISABLED);
}

Test(kinds, free_ipa_has_an_id_and_a_lock_of_its_own)
{
    static const char *const inas[] = {"cn=netz,ou=ipa,dc=neustadt", NULL};
    town.directory = DIRECTORY_FREEIPA;
    struct answer ina = check(auth, &town, "ina", "ina-geheim");
    expect_groups(&ina, inas);
    cr_expect_str_eq(ina.key, "7d1c6e2e-0000-11ee-8000-525400000001");
    cr_expect_eq(check(auth, &town, "ivo", "ivo-geheim").verdict, AUTH_DISABLED);
    cr_expect_eq(check(auth, &town, "anna", "anna-geheim").verdict, AUTH_WRONG, "she has no ipaUniqueID");
}

Test(kinds, posix_groups_name_members_by_user_name)
{
    static const char *const petras[] = {"cn=kasse,ou=posix,dc=neustadt", NULL};
    TEXT_PUT(town.person_classes, "posixAccount");
    TEXT_PUT(town.group_classes, "posixGroup");
    TEXT_PUT(town.member_attributes, "memberUid");
    struct answer petra = check(auth, &town, "petra", "petra-geheim");
    expect_groups(&petra, petras);
    cr_expect_str_eq(petra.user_name, "Petra");
    cr_expect_eq(check(auth, &town, "anna", "anna-geheim").verdict, AUTH_WRONG, "she is of another class");
}

Test(kinds, people_log_on_with_their_mail_address)
{
    TEXT_PUT(town.logon_attributes, "uid mail");
    TEXT_PUT(town.realm, "POST.EXAMPLE"); // also the domain of mail
    struct answer uwe = check(auth, &town, "U.Wolf@post.example", "uwe-geheim");
    cr_expect_eq(uwe.verdict, AUTH_RIGHT);
    cr_expect_str_eq(uwe.user_name, "uwe");
    cr_expect_str_eq(uwe.key, check(auth, &town, "uwe", "uwe-geheim").key, "one person by either name");
    cr_expect_eq(check(auth, &town, "u.wolf@amt.example", "uwe-geheim").verdict, AUTH_WRONG, "that is utz");
    // Ute has written Anna's name into her own entry: nobody gets in by it, and Ute is not Anna.
    cr_expect_eq(check(auth, &town, "anna", "ute-geheim").verdict, AUTH_WRONG);
    cr_expect_eq(check(auth, &town, "anna", "anna-geheim").verdict, AUTH_WRONG);
    // A ticket's name comes without its realm, so Ulf, whose address it would be, does not get in Ute's way.
    struct answer ute = look_up(auth, &town, "ute");
    cr_expect_eq(ute.verdict, AUTH_RIGHT);
    cr_expect_str_eq(ute.user_name, "ute");
    cr_expect_eq(check(auth, &town, "ute@post.example", "ute-geheim").verdict, AUTH_WRONG, "that is either of them");
}

Test(kinds, the_first_logon_attribute_is_the_user_name)
{
    TEXT_PUT(town.logon_attributes, "cn");
    struct answer anna = check(auth, &town, "Anna im Amt", "anna-geheim");
    cr_expect_eq(anna.verdict, AUTH_RIGHT);
    cr_expect_str_eq(anna.user_name, "anna im Amt");
    cr_expect_eq(check(auth, &town, "anna", "anna-geheim").verdict, AUTH_WRONG);
}

// ---- The look at a directory

Test(kinds, a_look_says_that_all_works)
{
    examine(auth, &town, "anna");
    expect_no_failure();
    expect_step(CHECK_STEP_PERSON, CHECK_OK, "anna is uid=anna,ou=people,dc=neustadt (user name anna)");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_PERSON, CHECK_OK, "people are found");
}

// Longer than what a sentence shows of it.
Test(kinds, a_look_finds_the_groups_of_somebody_with_a_long_dn)
{
#define LONG_NAME "Abteilung fuer die Angelegenheiten der uebrigen Angelegenheiten"
#define FIRST_OU "ou=" LONG_NAME " 1,ou=people,dc=neustadt"
#define SECOND_OU "ou=" LONG_NAME " 2," FIRST_OU
#define THIRD_OU "ou=" LONG_NAME " 3," SECOND_OU
#define UNIT(dn) "dn: " dn "\nchangetype: add\nobjectClass: organizationalUnit\n\n"
    slapd_modify(
        "neustadt", FIRST_PORT,
        UNIT(FIRST_OU) UNIT(SECOND_OU) UNIT(
            THIRD_OU) "dn: uid=lang," THIRD_OU "\nchangetype: add\nobjectClass: inetOrgPerson\nuid: lang\ncn: Lang\n"
                      "sn: Lang\n\n"
                      "dn: cn=weit,ou=groups,dc=neustadt\nchangetype: add\nobjectClass: groupOfUniqueNames\ncn: weit\n"
                      "uniqueMember: uid=lang," THIRD_OU "\n");
    examine(auth, &town, "lang");
    expect_step(CHECK_STEP_GROUPS, CHECK_FAILED, "cn=weit,ou=groups,dc=neustadt names uid=lang,ou=Abteilung");
}

Test(kinds, a_look_says_which_server_and_why)
{
    TEXT_PUT(town.servers,
             "ldaps://127.0.0.1:1 ldaps://localhost.example ldap://127.0.0.1:3390 ldaps://127.0.0.1:3390");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_ADDRESS, CHECK_FAILED, "ldaps://127.0.0.1:1 cannot be reached: ");
    expect_step(CHECK_STEP_ADDRESS, CHECK_FAILED, "ldaps://localhost.example cannot be reached: ");
    expect_step(CHECK_STEP_TLS, CHECK_FAILED, "ldap://127.0.0.1:3390: ");
    expect_step(CHECK_STEP_BIND, CHECK_OK, "ldaps://127.0.0.1:3390 lets ");
    expect_step(CHECK_STEP_PERSON, CHECK_OK, "people are found");
    slapd_start("fremd", SECOND_PORT, 0); // of another authority
    TEXT_PUT(town.servers, "ldaps://127.0.0.1:4390");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_TLS, CHECK_FAILED, "neustadt.ca.pem");
}

Test(kinds, a_look_says_what_is_wrong_with_the_account)
{
    TEXT_PUT(town.bind_dn, "cn=nobody,dc=neustadt");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_BIND, CHECK_FAILED, "Correct bind_dn (cn=nobody,dc=neustadt), or the secret in ");
    town.directory = DIRECTORY_ACTIVE_DIRECTORY;
    examine(auth, &town, "");
    expect_step(CHECK_STEP_BIND, CHECK_FAILED, "no Active Directory");
}

Test(kinds, a_look_says_what_is_wrong_with_the_bases)
{
    TEXT_PUT(town.group_base, "ou=grups,dc=neustadt");
    TEXT_PUT(town.user_base, "ou=peple,dc=neustadt");
    examine(auth, &town, "anna");
    expect_step(CHECK_STEP_USER_BASE, CHECK_FAILED, "no entry ou=peple,dc=neustadt");
    expect_step(CHECK_STEP_GROUP_BASE, CHECK_FAILED, "Correct group_base");
    TEXT_PUT(town.group_base, "ou=people,dc=neustadt");
    examine(auth, &town, "");
    expect_step(CHECK_STEP_GROUPS, CHECK_WARNING, "groupOfNames");
}

Test(kinds, a_look_says_what_a_person_lacks)
{
    examine(auth, &town, "twin");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "several entries have the name twin");
    examine(auth, &town, "niemand");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "has the name niemand in uid");
    examine(auth, &town, "petra");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "is of none of the classes inetOrgPerson. It is of these: account");
    examine(auth, &town, "anna@fremd");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "anna@fremd cannot be a user name");
    examine(auth, &town, "ended");
    expect_step(CHECK_STEP_PERSON, CHECK_WARNING, "disabled or has expired");
    TEXT_PUT(town.id_attribute, "nsUniqueId");
    examine(auth, &town, "anna");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "has no nsUniqueId. It has this: set id_attribute=entryUUID.");
    TEXT_PUT(town.id_attribute, "");
    TEXT_PUT(town.logon_attributes, "mail uid");
    examine(auth, &town, "bert");
    expect_step(CHECK_STEP_PERSON, CHECK_FAILED, "mail, which is the user name at session hosts");
}

Test(kinds, a_look_says_when_groups_are_kept_in_another_way)
{
    TEXT_PUT(town.logon_attributes, "uid");
    examine(auth, &town, "uwe");
    expect_step(CHECK_STEP_GROUPS, CHECK_FAILED,
                "cn=bau,ou=ucs,dc=neustadt names uid=uwe,ou=ucs,dc=neustadt as a member");
}

static void told(void *arg, const struct check_step *steps, size_t count)
{
    cr_expect(!steps && count == 0);
    *(bool *)arg = true;
}

Test(kinds, looks_are_few_at_a_time)
{
    struct auth_port port = auth_port(auth);
    bool came[3] = {false};
    for (size_t i = 0; i < 2; i++) // of one tenant
        cr_expect(port.examine(port.self, &town, "", told, &came[i]));
    cr_expect_not(port.examine(port.self, &town, "", told, &came[2]));
    auth_free(auth); // answers them
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(came[i], i < 2);
    auth = auth_start(5000);
}
