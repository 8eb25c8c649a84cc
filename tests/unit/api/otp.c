// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/otp.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/pult-otp-XXXXXX", path[64];
static struct otp_key *key, *public;
static char text[OTP_TEXT_SIZE];

static void open_key(void)
{
    struct fault why = {0};
    char words[OTP_KEY_TEXT_SIZE];
    cr_assert(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/otp.key", folder);
    key = otp_key_open(path, &why);
    cr_assert(key, "%s", why.text);
    otp_key_text(key, words);
    public = otp_key_public(words);
    cr_assert(public);
}

static void close_key(void)
{
    otp_key_free(key);
    otp_key_free(public);
    unlink(path);
    rmdir(folder);
}

TestSuite(otp, .init = open_key, .fini = close_key);

static struct otp anna(void)
{
    return (struct otp){.session = "neustadt/s-0123456789abcdef-89abcdef",
                        .host = "neustadt/ts1",
                        .login = "anna",
                        .fence = 0x1122334455,
                        .until_ms = 1800000000000};
}

static bool reads(const char *password, const char *host, const char *login, struct otp *otp, const char **rest)
{
    return otp_read(public, password, host, login, otp, rest);
}

Test(otp, says_what_was_signed)
{
    struct otp one = anna(), read;
    const char *rest = NULL;
    cr_assert(otp_sign(key, &one, text));
    cr_assert_eq(strlen(text), OTP_TEXT_SIZE - 1);
    cr_assert(otp_is_one(text));
    cr_assert(reads(text, "neustadt/ts1", "anna", &read, &rest));
    cr_assert_str_eq(read.session, one.session);
    cr_assert_str_eq(read.nonce, one.nonce);
    cr_assert_eq(read.fence, one.fence);
    cr_assert_eq(read.until_ms, one.until_ms);
    cr_assert_not(read.sole);
    cr_assert_str_empty(rest);
}

Test(otp, is_good_for_one_person_at_one_host_only)
{
    struct otp one = anna(), read;
    const char *rest;
    cr_assert(otp_sign(key, &one, text));
    cr_assert_not(reads(text, "neustadt/ts2", "anna", &read, &rest));
    cr_assert_not(reads(text, "altdorf/ts1", "anna", &read, &rest));
    cr_assert_not(reads(text, "neustadt/ts1", "bert", &read, &rest));
    cr_assert_not(reads(text, "neustadt/ts1", "Anna", &read, &rest));
}

Test(otp, is_spoilt_by_any_change)
{
    struct otp one = anna(), read;
    const char *rest;
    cr_assert(otp_sign(key, &one, text));
    for (size_t i = 0; i < strlen(text); i++) {
        char spoilt[OTP_TEXT_SIZE];
        TEXT_PUT(spoilt, text);
        spoilt[i] = spoilt[i] == 'A' ? 'B' : 'A';
        if (reads(spoilt, "neustadt/ts1", "anna", &read, &rest))
            cr_assert_fail("letter %zu", i);
        spoilt[i] = 0;
        if (reads(spoilt, "neustadt/ts1", "anna", &read, &rest))
            cr_assert_fail("cut at letter %zu", i);
    }
}

Test(otp, of_another_key_is_none)
{
    struct fault why = {0};
    struct otp one = anna(), read;
    const char *rest;
    char other[80];
    snprintf(other, sizeof other, "%s/other.key", folder);
    struct otp_key *stranger = otp_key_open(other, &why);
    cr_assert(otp_sign(stranger, &one, text));
    cr_assert_not(reads(text, "neustadt/ts1", "anna", &read, &rest));
    otp_key_free(stranger);
    unlink(other);
}

Test(otp, may_have_the_typed_password_behind_it_only_when_it_says_so)
{
    struct otp one = anna(), read;
    const char *rest = NULL;
    char with[OTP_TEXT_SIZE + 32];
    cr_assert(otp_sign(key, &one, text));
    snprintf(with, sizeof with, "%s:geheim:1", text);
    cr_assert_not(reads(with, "neustadt/ts1", "anna", &read, &rest));
    one.password_follows = one.sole = true;
    cr_assert(otp_sign(key, &one, text));
    cr_assert_not(reads(text, "neustadt/ts1", "anna", &read, &rest));
    snprintf(with, sizeof with, "%s:geheim:1", text);
    cr_assert(reads(with, "neustadt/ts1", "anna", &read, &rest));
    cr_assert_str_eq(rest, "geheim:1");
    cr_assert(read.sole);
}

Test(otp, is_not_made_for_a_session_of_another_form)
{
    struct otp one = anna();
    TEXT_PUT(one.session, "neustadt/s-anna-1");
    cr_assert_not(otp_sign(key, &one, text));
    TEXT_PUT(one.session, "neustadt/s-0123456789abcdex-89abcdef");
    cr_assert_not(otp_sign(key, &one, text));
}

Test(otp, keys_are_kept_and_checked)
{
    struct fault why = {0};
    struct stat status;
    char words[OTP_KEY_TEXT_SIZE], again[OTP_KEY_TEXT_SIZE];
    struct otp_key *same = otp_key_open(path, &why);
    otp_key_text(key, words);
    otp_key_text(same, again);
    cr_assert_str_eq(words, again);
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    otp_key_free(same);
    words[60] = words[60] == '0' ? '1' : '0';
    cr_assert_null(otp_key_public(words));
    cr_assert_null(otp_key_public(""));
    FILE *file = fopen(path, "w");
    fputs("no key\n", file);
    fclose(file);
    cr_assert_null(otp_key_open(path, &why));
}
