// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/otp.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/unit/power_fixture.h"

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_SIZE], path[64];
static struct otp_maker *maker;
static struct otp_key *key;
static char text[OTP_TEXT_SIZE];

static struct otp_key *key_of(const struct otp_maker *by, const char *host, const char *enrolment)
{
    char words[OTP_KEY_TEXT_SIZE];
    cr_assert(otp_maker_key(by, host, enrolment, words));
    struct otp_key *read = otp_key_read(words);
    cr_assert(read);
    return read;
}

static void open_maker(void)
{
    struct fault why = {0};
    folder_make(folder, "otp");
    snprintf(path, sizeof path, "%s/otp.secret", folder);
    maker = otp_maker_open(path, &why);
    cr_assert(maker, "%s", why.text);
    key = key_of(maker, "neustadt/ts1", "first");
}

static void close_maker(void)
{
    otp_key_free(key);
    otp_maker_free(maker);
    folder_remove(folder);
}

TestSuite(otp, .init = open_maker, .fini = close_maker);

static struct otp anna(void)
{
    return (struct otp){.session = "neustadt/s-0123456789abcdef-89abcdef",
                        .host = "neustadt/ts1",
                        .user_name = "anna",
                        .fence = 0x1122334455,
                        .until_ms = 1800000000000};
}

static bool reads(const char *password, const char *host, const char *user_name, struct otp *otp, const char **rest)
{
    return otp_read(key, password, host, user_name, otp, rest);
}

Test(otp, says_what_it_was_made_for)
{
    struct otp one = anna(), read;
    const char *rest = NULL;
    cr_assert(otp_make(maker, "first", &one, text));
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
    cr_assert(otp_make(maker, "first", &one, text));
    cr_assert_not(reads(text, "neustadt/ts2", "anna", &read, &rest));
    cr_assert_not(reads(text, "altdorf/ts1", "anna", &read, &rest));
    cr_assert_not(reads(text, "neustadt/ts1", "bert", &read, &rest));
    cr_assert_not(reads(text, "neustadt/ts1", "Anna", &read, &rest));
}

Test(otp, is_spoilt_by_any_change)
{
    struct otp one = anna(), read;
    const char *rest;
    cr_assert(otp_make(maker, "first", &one, text));
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
    snprintf(other, sizeof other, "%s/other.secret", folder);
    struct otp_maker *stranger = otp_maker_open(other, &why);
    cr_assert(otp_make(stranger, "first", &one, text));
    cr_assert_not(reads(text, "neustadt/ts1", "anna", &read, &rest));
    cr_assert(otp_make(maker, "second", &one, text));
    cr_assert_not(reads(text, "neustadt/ts1", "anna", &read, &rest));
    otp_maker_free(stranger);
    unlink(other);
}

// Each host and each enrolment has a key of its own, and the host is among what is vouched for all the same.
Test(otp, of_a_host_opens_no_other_host)
{
    struct otp one = anna(), read;
    const char *rest;
    struct otp_key *others = key_of(maker, "neustadt/ts2", "first"), *next = key_of(maker, "neustadt/ts1", "second"),
                   *same = key_of(maker, "neustadt/ts1", "first");
    cr_assert(otp_make(maker, "first", &one, text));
    cr_assert_not(otp_read(others, text, "neustadt/ts1", "anna", &read, &rest));
    cr_assert_not(otp_read(others, text, "neustadt/ts2", "anna", &read, &rest));
    cr_assert_not(otp_read(key, text, "neustadt/ts2", "anna", &read, &rest));
    cr_assert(otp_read(same, text, "neustadt/ts1", "anna", &read, &rest));
    cr_assert(otp_key_equal(key, same) && !otp_key_equal(key, others) && !otp_key_equal(key, next));
    otp_key_free(others);
    otp_key_free(next);
    otp_key_free(same);
}

static size_t append(unsigned char *to, size_t length, const char *word)
{
    memcpy(to + length, word, strlen(word) + 1);
    return length + strlen(word) + 1;
}

// The same by OpenSSL's own HKDF (RFC 5869), and by its one-shot HMAC.
Test(otp, keys_and_codes_are_those_of_the_standards)
{
    char words[OTP_KEY_TEXT_SIZE], file[OTP_KEY_TEXT_SIZE] = "", digest[] = "SHA256", padded[93];
    unsigned char secret[32], derived[32], info[400], statement[400], whole[69], code[32];
    FILE *stored = fopen(path, "r");
    cr_assert(stored && fgets(file, sizeof file, stored) && text_unhex(secret, sizeof secret, file));
    fclose(stored);
    size_t length = append(info, 0, "pult one-time password 1, key of a host");
    length = append(info, append(info, length, "neustadt/ts1"), "first");
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
    int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
    OSSL_PARAM parameters[] = {OSSL_PARAM_utf8_string("digest", digest, sizeof digest - 1),
                               OSSL_PARAM_octet_string("key", secret, sizeof secret),
                               OSSL_PARAM_octet_string("info", info, length), OSSL_PARAM_int("mode", &mode),
                               OSSL_PARAM_END};
    cr_assert_eq(EVP_KDF_derive(context, derived, sizeof derived, parameters), 1);
    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    text_hex(file, derived, sizeof derived);
    cr_assert(otp_maker_key(maker, "neustadt/ts1", "first", words));
    cr_assert_str_eq(words, file);

    struct otp one = anna();
    cr_assert(otp_make(maker, "first", &one, text));
    snprintf(padded, sizeof padded, "%s", text + 3);
    for (char *at = padded; *at; at++)
        *at = *at == '-' ? '+' : *at == '_' ? '/' : *at;
    cr_assert_eq(EVP_DecodeBlock(whole, (unsigned char *)padded, 88), 66);
    length = append(statement, 0, "pult one-time password 1");
    memcpy(statement + length, whole, 34);
    length = append(statement, append(statement, length + 34, "neustadt/ts1"), "anna");
    cr_assert(HMAC(EVP_sha256(), derived, sizeof derived, statement, length, code, NULL));
    cr_assert_eq(memcmp(code, whole + 34, sizeof code), 0);
}

Test(otp, may_have_the_typed_password_behind_it_only_when_it_says_so)
{
    struct otp one = anna(), read;
    const char *rest = NULL;
    char with[OTP_TEXT_SIZE + 32];
    cr_assert(otp_make(maker, "first", &one, text));
    snprintf(with, sizeof with, "%s:geheim:1", text);
    cr_assert_not(reads(with, "neustadt/ts1", "anna", &read, &rest));
    one.password_follows = one.sole = true;
    cr_assert(otp_make(maker, "first", &one, text));
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
    cr_assert_not(otp_make(maker, "first", &one, text));
    TEXT_PUT(one.session, "neustadt/s-0123456789abcdex-89abcdef");
    cr_assert_not(otp_make(maker, "first", &one, text));
}

Test(otp, secrets_are_kept_and_checked)
{
    static const char *const wrong[] = {"", "no secret\n", "00112233",
                                        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2960",
                                        "xb17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"};
    struct fault why = {0};
    struct stat status;
    struct otp_maker *same = otp_maker_open(path, &why);
    struct otp_key *again = key_of(same, "neustadt/ts1", "first");
    cr_assert(otp_key_equal(key, again));
    cr_assert_eq(stat(path, &status), 0);
    cr_assert_eq(status.st_mode & 0777, 0600);
    otp_key_free(again);
    otp_maker_free(same);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        FILE *file = fopen(path, "w");
        fputs(wrong[i], file);
        fclose(file);
        cr_assert_null(otp_maker_open(path, &why), "%s", wrong[i]);
        cr_assert(strstr(why.text, "contains no secret"));
        cr_assert_null(otp_key_read(wrong[i]), "%s", wrong[i]);
    }
}

static char first_key[OTP_KEY_TEXT_SIZE];

// What hosts were given keys from: 1; another one or none: -1, but 0 before they were.
static int whose_keys(const char *where)
{
    char secret[64], words[OTP_KEY_TEXT_SIZE];
    struct fault why = {0};
    snprintf(secret, sizeof secret, "%s/otp.secret", where);
    bool was_there = access(secret, F_OK) == 0;
    struct otp_maker *found = otp_maker_open(secret, &why);
    if (!found)
        return -1;
    cr_assert(otp_maker_key(found, "neustadt/ts1", "first", words));
    otp_maker_free(found);
    return strcmp(words, first_key) == 0 ? 1 : was_there ? -1 : 0;
}

Test(otp, the_secret_is_one_for_ever_whenever_the_power_goes)
{
    struct fault why = {0};
    cr_assert_eq(unlink(path), 0);
    power_fixture_start(folder);
    power_fixture_begin();
    struct otp_maker *made = otp_maker_open(path, &why);
    cr_assert(made && otp_maker_key(made, "neustadt/ts1", "first", first_key), "%s", why.text);
    power_fixture_done();
    otp_maker_free(made);
    power_fixture_check(whose_keys);
    power_fixture_stop();
}
