// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/verdict.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static enum auth_verdict of_slapd(int code, const char *policy, size_t length)
{
    struct ldap_result result = {.code = code, .diagnostic = "", .policy = {policy, length}};
    return verdict_of_bind(DIRECTORY_OPENLDAP, &result);
}

static enum auth_verdict of_domain(int code, const char *diagnostic)
{
    struct ldap_result result = {.code = code, .diagnostic = diagnostic};
    return verdict_of_bind(DIRECTORY_ACTIVE_DIRECTORY, &result);
}

#define POLICY(bytes) bytes, sizeof bytes - 1

Test(verdict, of_slapd)
{
    cr_expect_eq(of_slapd(0, NULL, 0), AUTH_RIGHT);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x00")), AUTH_RIGHT);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x05\xa0\x03\x80\x01\x64")), AUTH_RIGHT, "will expire in 100 s");
    cr_expect_eq(of_slapd(0, POLICY("\x30\x05\xa0\x03\x81\x01\x00")), AUTH_EXPIRED, "the last grace logon");
    cr_expect_eq(of_slapd(0, POLICY("\x30\x03\x81\x01\x02")), AUTH_MUST_CHANGE);
    cr_expect_eq(of_slapd(49, POLICY("\x30\x03\x81\x01\x00")), AUTH_TOO_LATE);
    cr_expect_eq(of_slapd(49, POLICY("\x30\x03\x81\x01\x01")), AUTH_WRONG, "locked");
    cr_expect_eq(of_slapd(49, POLICY("\x30\x03\x81\x01\x02")), AUTH_WRONG, "no success, whatever it says");
    cr_expect_eq(of_slapd(49, NULL, 0), AUTH_WRONG);
    cr_expect_eq(of_slapd(53, POLICY("\x30\x03\x81\x01\x00")), AUTH_WRONG);
    cr_expect_eq(of_slapd(32, NULL, 0), AUTH_WRONG);
    cr_expect_eq(of_slapd(52, NULL, 0), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(-1, NULL, 0), AUTH_UNAVAILABLE);
}

// As 389 Directory Server writes it: BER in its long form.
Test(verdict, understands_lengths_that_are_written_longer_than_they_need)
{
    cr_expect_eq(of_slapd(53, POLICY("\x30\x84\x00\x00\x00\x03\x81\x01\x01")), AUTH_WRONG, "inactive");
    cr_expect_eq(of_slapd(49, POLICY("\x30\x84\x00\x00\x00\x03\x81\x01\x00")), AUTH_TOO_LATE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x84\x00\x00\x00\x09\xa0\x84\x00\x00\x00\x03\x81\x01\x00")), AUTH_EXPIRED);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x81\x03\x81\x01\x02")), AUTH_MUST_CHANGE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x80\x81\x01\x02")), AUTH_UNAVAILABLE, "without a length");
    cr_expect_eq(of_slapd(0, POLICY("\x30\x85\x00\x00\x00\x00\x00")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x84\x00\x00")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x84\x00\x00\x00\x04\x81\x01\x02")), AUTH_UNAVAILABLE);
}

Test(verdict, of_slapd_is_no_success_when_the_policy_is_not_understood)
{
    cr_expect_eq(of_slapd(0, POLICY("")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x03\x81\x01")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x03\x81\x01\x63")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x03\x81\x01\x02\x00")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x84\x7f\xff\xff\xff\x00")), AUTH_UNAVAILABLE);
    cr_expect_eq(of_slapd(0, POLICY("\x30\x03\x81\x01\xff")), AUTH_UNAVAILABLE);
}

Test(verdict, of_a_domain)
{
    static const char before[] = "80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error";
    static const struct {
        const char *data;
        enum auth_verdict verdict;
    } rows[] = {{"52e", AUTH_WRONG},    {"525", AUTH_WRONG},    {"775", AUTH_WRONG},       {"532", AUTH_EXPIRED},
                {"533", AUTH_DISABLED}, {"701", AUTH_DISABLED}, {"773", AUTH_MUST_CHANGE}, {"530", AUTH_OUTSIDE_HOURS},
                {"", AUTH_WRONG},       {"-532", AUTH_WRONG}};
    cr_expect_eq(of_domain(0, ""), AUTH_RIGHT);
    cr_expect_eq(of_domain(49, ""), AUTH_WRONG);
    cr_expect_eq(of_domain(8, ""), AUTH_UNAVAILABLE);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        snprintf(text, sizeof text, "%s, data %s, v4563", before, rows[i].data);
        cr_expect_eq(of_domain(49, text), rows[i].verdict, "data %s", rows[i].data);
        cr_expect_eq(of_domain(53, text), AUTH_WRONG);
    }
}

Test(verdict, of_a_change)
{
    struct ldap_result result = {.diagnostic = ""};
    cr_expect_eq(verdict_of_change(&result), AUTH_RIGHT);
    result.code = RESULT_CONSTRAINT;
    cr_expect_eq(verdict_of_change(&result), AUTH_REJECTED);
    result.code = 52;
    cr_expect_eq(verdict_of_change(&result), AUTH_UNAVAILABLE);
}

static enum auth_verdict of_reason(char reason)
{
    const char policy[] = {0x30, 0x03, (char)0x81, 0x01, reason};
    struct ldap_result result = {.code = RESULT_CONSTRAINT, .diagnostic = "", .policy = {policy, sizeof policy}};
    return verdict_of_change(&result);
}

Test(verdict, of_a_change_says_why)
{
    static const enum auth_verdict verdicts[] = {AUTH_REJECTED, AUTH_REJECTED,   AUTH_REJECTED,  AUTH_TOO_LATE,
                                                 AUTH_REJECTED, AUTH_TOO_SIMPLE, AUTH_TOO_SHORT, AUTH_TOO_YOUNG,
                                                 AUTH_REUSED,   AUTH_REJECTED,   AUTH_REJECTED,  AUTH_REJECTED};
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
        cr_expect_eq(of_reason((char)i), verdicts[i], "%zu: %d", i, of_reason((char)i));
        bool another = verdicts[i] != AUTH_TOO_LATE && verdicts[i] != AUTH_TOO_YOUNG;
        cr_expect_eq(verdict_asks_for_another(of_reason((char)i)), another, "%zu", i);
    }
}

static enum auth_verdict of_domain_change(int code, const char *diagnostic)
{
    struct ldap_result result = {.code = code, .diagnostic = diagnostic};
    return verdict_of_domain_change(&result);
}

Test(verdict, of_a_change_in_a_domain)
{
    cr_expect_eq(of_domain_change(0, ""), AUTH_RIGHT);
    cr_expect_eq(of_domain_change(19, "0000052D: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0"),
                 AUTH_REJECTED);
    cr_expect_eq(of_domain_change(19, "0000052D: Constraint violation - check_password_restrictions: the password is "
                                      "too short. It should be equal or longer than 7 characters!"),
                 AUTH_TOO_SHORT);
    cr_expect_eq(of_domain_change(19, "00000056: AtrErr: DSID-03190F80, #1"), AUTH_WRONG);
    cr_expect_eq(of_domain_change(19, "00000775: locked"), AUTH_WRONG);
    cr_expect_eq(of_domain_change(19, ""), AUTH_REJECTED);
    cr_expect_eq(of_domain_change(19, "no number"), AUTH_REJECTED);
    cr_expect_eq(of_domain_change(53, "0000001F: no TLS"), AUTH_UNAVAILABLE);
    cr_expect_eq(of_domain_change(50, "00000005: no right"), AUTH_UNAVAILABLE);
}
