// SPDX-License-Identifier: EUPL-1.2
// A key of the test's own signs as an authenticator does; then one thing after the other is not as it should be.
#include "broker/auth/passkey.h"
#include "broker/base/base64.h"
#include "broker/base/text.h"

#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define SITE "gw.pult.example"
#define ORIGIN "https://" SITE
#define CLIENT_DATA "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\",\"crossOrigin\":%s}"

enum { TOUCHED = 0x01, VERIFIED = 0x04, KEY = 0x40, EXTENSIONS = 0x80, RSA_BYTES = 256, COORDINATE = 32 };

struct buffer {
    unsigned char bytes[PASSKEY_DATA_MAX + 64];
    size_t length;
};

static const unsigned char challenge[PASSKEY_CHALLENGE_BYTES] = {0xfb, 0xff, 1, 2, 3}; // "-_8..." as base64url
static const struct passkey_question question = {SITE, ORIGIN, challenge};
static const unsigned char id[] = {0xff, 0xfe, 0xfd, 4, 5};
static struct buffer data, client, signature;
static EVP_PKEY *own_key;
static struct passkey passkey;
static struct fault why;

static void put(struct buffer *buffer, const void *bytes, size_t length)
{
    cr_assert_leq(length, sizeof buffer->bytes - buffer->length);
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

#define PUT(buffer, string) put((buffer), (string), sizeof(string) - 1)

static void say_client_data(const char *type, const char *origin, const char *crosses)
{
    char text[64], said[512];
    cr_assert(base64_encode_url(text, sizeof text, challenge, sizeof challenge));
    int length = snprintf(said, sizeof said, CLIENT_DATA, type, text, origin, crosses);
    client.length = 0;
    put(&client, said, (size_t)length);
}

static void say_data(const char *site, unsigned char flags, unsigned char count)
{
    unsigned char head[SHA256_DIGEST_LENGTH + 5] = {0};
    SHA256((const unsigned char *)site, strlen(site), head);
    head[SHA256_DIGEST_LENGTH] = flags;
    head[sizeof head - 1] = count;
    data.length = 0;
    put(&data, head, sizeof head);
}

static void say_id(void)
{
    static const unsigned char make[16];
    put(&data, make, sizeof make);
    put(&data, (const unsigned char[]){0, sizeof id}, 2);
    put(&data, id, sizeof id);
}

static void say_point(const unsigned char *x, const unsigned char *y)
{
    PUT(&data, "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20");
    put(&data, x, COORDINATE);
    PUT(&data, "\x22\x58\x20");
    put(&data, y, COORDINATE);
}

static void say_key(void)
{
    unsigned char *point = NULL, bytes[RSA_BYTES];
    size_t length = sizeof bytes;
    BIGNUM *modulus = NULL;
    switch (EVP_PKEY_get_base_id(own_key)) {
    case EVP_PKEY_EC:
        cr_assert_eq(EVP_PKEY_get1_encoded_public_key(own_key, &point), 1 + 2 * COORDINATE);
        say_point(point + 1, point + 1 + COORDINATE);
        OPENSSL_free(point);
        break;
    case EVP_PKEY_ED25519:
        PUT(&data, "\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20");
        cr_assert(EVP_PKEY_get_raw_public_key(own_key, bytes, &length));
        put(&data, bytes, length);
        break;
    default:
        PUT(&data, "\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00");
        cr_assert(EVP_PKEY_get_bn_param(own_key, OSSL_PKEY_PARAM_RSA_N, &modulus));
        cr_assert_eq(BN_bn2binpad(modulus, bytes, RSA_BYTES), RSA_BYTES);
        put(&data, bytes, RSA_BYTES);
        PUT(&data, "\x21\x43\x01\x00\x01");
        BN_free(modulus);
    }
}

static void sign(EVP_PKEY *key)
{
    unsigned char said[2 * PASSKEY_DATA_MAX];
    const EVP_MD *digest = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    memcpy(said, data.bytes, data.length);
    SHA256(client.bytes, client.length, said + data.length);
    signature.length = sizeof signature.bytes;
    cr_assert(EVP_DigestSignInit(context, NULL, digest, NULL, key));
    cr_assert(EVP_DigestSign(context, signature.bytes, &signature.length, said, data.length + SHA256_DIGEST_LENGTH));
    EVP_MD_CTX_free(context);
}

static struct passkey_answer answer(void)
{
    return (struct passkey_answer){.client_data = {client.bytes, client.length},
                                   .authenticator_data = {data.bytes, data.length},
                                   .signature = {signature.bytes, signature.length}};
}

static bool enrols(void)
{
    const struct passkey_answer said = answer();
    why = (struct fault){.kind = FAULT_NONE};
    bool fine = passkey_enrol(&passkey, &question, &said, &why);
    cr_assert_neq(fine, why.kind != FAULT_NONE);
    cr_assert_eq(fine, passkey.id[0] != 0);
    return fine;
}

static bool verifies(void)
{
    const struct passkey_answer said = answer();
    int64_t before = passkey.count;
    why = (struct fault){.kind = FAULT_NONE};
    bool fine = passkey_verify(&passkey, &question, &said, &why);
    cr_assert_neq(fine, why.kind != FAULT_NONE);
    cr_assert(fine || passkey.count == before);
    return fine;
}

#define REFUSED(call, fault, words)                                                                                    \
    do {                                                                                                               \
        cr_expect_not(call);                                                                                           \
        cr_expect_eq(why.kind, fault, "%s", why.text);                                                                 \
        cr_expect(strstr(why.text, words), "%s", why.text);                                                            \
    } while (0)

static void say_enrolment(void)
{
    say_client_data("webauthn.create", ORIGIN, "false");
    say_data(SITE, TOUCHED | KEY, 0);
    say_id();
    say_key();
}

static void enrol(EVP_PKEY *key)
{
    EVP_PKEY_free(own_key);
    own_key = key;
    say_enrolment();
    cr_assert(enrols(), "%s", why.text);
}

static void say_use(unsigned char flags, unsigned char count)
{
    say_client_data("webauthn.get", ORIGIN, "false");
    say_data(SITE, flags, count);
    sign(own_key);
}

static void open_passkey(void)
{
    enrol(EVP_EC_gen("P-256"));
}

static void close_passkey(void)
{
    EVP_PKEY_free(own_key);
}

TestSuite(passkey, .init = open_passkey, .fini = close_passkey);

Test(passkey, of_each_kind_is_enrolled_and_verified)
{
    EVP_PKEY *const keys[] = {EVP_EC_gen("P-256"), EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), EVP_RSA_gen(2048)};
    static const int64_t algorithms[] = {-7, -8, -257};
    for (size_t i = 0; i < 3; i++) {
        enrol(keys[i]);
        cr_expect_eq(passkey.algorithm, algorithms[i]);
        cr_expect_str_eq(passkey.id, "__79BAU");
        say_use(TOUCHED | VERIFIED, 0);
        cr_expect(verifies(), "%zu: %s", i, why.text);
        signature.bytes[9] ^= 1;
        REFUSED(verifies(), FAULT_DENIED, "not signed");
    }
}

Test(passkey, of_somebody_else_is_refused)
{
    EVP_PKEY *other = EVP_EC_gen("P-256");
    say_use(TOUCHED, 0);
    sign(other);
    REFUSED(verifies(), FAULT_DENIED, "not signed");
    EVP_PKEY_free(other);
}

Test(passkey, of_another_kind_than_was_enrolled_is_refused)
{
    say_use(TOUCHED, 0);
    passkey.algorithm = -8;
    REFUSED(verifies(), FAULT_BROKEN, "none");
    passkey.algorithm = 0;
    REFUSED(verifies(), FAULT_BROKEN, "none");
}

// A page of another site may ask the same browser for the same key.
Test(passkey, answers_one_question_of_one_site)
{
    static const struct {
        const char *type, *origin, *crosses, *words;
    } wrong[] = {
        {"webauthn.create", ORIGIN, "false", "purpose"},
        {"webauthn.get", "https://gw.pult.example.evil.example", "false", "another site"},
        {"webauthn.get", "http://" SITE, "false", "another site"},
        {"webauthn.get", ORIGIN, "true", "another site"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        say_use(TOUCHED, 0);
        say_client_data(wrong[i].type, wrong[i].origin, wrong[i].crosses);
        sign(own_key);
        REFUSED(verifies(), FAULT_DENIED, wrong[i].words);
    }
    say_use(TOUCHED, 0);
    say_data("pult.example", TOUCHED, 0);
    sign(own_key);
    REFUSED(verifies(), FAULT_DENIED, "another site");
    static const unsigned char other[PASSKEY_CHALLENGE_BYTES];
    const struct passkey_question later = {SITE, ORIGIN, other};
    say_use(TOUCHED, 0);
    const struct passkey_answer said = answer();
    REFUSED(passkey_verify(&passkey, &later, &said, &why), FAULT_DENIED, "another question");
}

Test(passkey, client_data_may_have_more_in_another_order)
{
    char text[64], said[512];
    cr_assert(base64_encode_url(text, sizeof text, challenge, sizeof challenge));
    int length = snprintf(said, sizeof said,
                          "{\"challenge\":\"%s\",\"origin\":\"%s\",\"type\":\"webauthn.get\",\"later\":{\"a\":[1]}}",
                          text, ORIGIN);
    say_use(TOUCHED, 0);
    client.length = 0;
    put(&client, said, (size_t)length);
    sign(own_key);
    cr_expect(verifies(), "%s", why.text);
    client.length = 0;
    PUT(&client, "[1]");
    REFUSED(verifies(), FAULT_INVALID, "client data");
    client.length = 0;
    PUT(&client, "{}");
    REFUSED(verifies(), FAULT_DENIED, "purpose");
    client.length = 0;
    PUT(&client, "{\"type\":\"webauthn.get\"");
    REFUSED(verifies(), FAULT_INVALID, "client data");
    client.length = 0;
    REFUSED(verifies(), FAULT_INVALID, "client data");
    client.length = PASSKEY_DATA_MAX + 1;
    REFUSED(verifies(), FAULT_INVALID, "too long");
}

Test(passkey, wants_somebody_there)
{
    say_use(VERIFIED, 0);
    REFUSED(verifies(), FAULT_DENIED, "nobody was there");
    say_enrolment();
    data.bytes[SHA256_DIGEST_LENGTH] = KEY;
    REFUSED(enrols(), FAULT_DENIED, "nobody was there");
}

Test(passkey, that_was_copied_or_is_replayed_is_found_by_its_counter)
{
    say_use(TOUCHED, 5);
    cr_expect(verifies(), "%s", why.text);
    cr_expect_eq(passkey.count, 5);
    REFUSED(verifies(), FAULT_DENIED, "counter");
    say_use(TOUCHED, 4);
    REFUSED(verifies(), FAULT_DENIED, "counter");
    say_use(TOUCHED, 0);
    REFUSED(verifies(), FAULT_DENIED, "counter");
    say_use(TOUCHED, 6);
    cr_expect(verifies(), "%s", why.text);
}

Test(passkey, with_anything_behind_or_missing_is_refused)
{
    say_enrolment();
    size_t whole = data.length;
    for (data.length = 0; data.length < whole; data.length++)
        cr_expect_not(enrols(), "%zu", data.length);
    PUT(&data, "\xa0");
    REFUSED(enrols(), FAULT_INVALID, "more than there should be");
    say_use(TOUCHED, 0);
    PUT(&data, "\xa0");
    sign(own_key);
    REFUSED(verifies(), FAULT_INVALID, "more than there should be");
    say_use(TOUCHED | KEY, 0);
    REFUSED(verifies(), FAULT_INVALID, "another kind");
    say_use(TOUCHED, 0);
    signature.length = 0;
    REFUSED(verifies(), FAULT_INVALID, "not well formed");
}

Test(passkey, may_bring_extensions_that_nobody_asked_for)
{
    say_enrolment();
    data.bytes[SHA256_DIGEST_LENGTH] |= EXTENSIONS;
    REFUSED(enrols(), FAULT_INVALID, "no extensions");
    size_t whole = data.length;
    PUT(&data, "\xa1\x65other\xf5");
    cr_expect(enrols(), "%s", why.text);
    data.length = whole;
    PUT(&data, "\x80"); // no map
    REFUSED(enrols(), FAULT_INVALID, "no extensions");
}

// What libfido2 takes for a key is looked at once more: it would be noticed when it is used, if at all.
Test(passkey, keys_that_are_none_are_not_enrolled)
{
    static const unsigned char zeros[RSA_BYTES], ones[COORDINATE] = {[0 ... COORDINATE - 1] = 1};
    say_enrolment();
    data.length -= 10 + COORDINATE + 3 + COORDINATE;
    size_t before = data.length;
    say_point(ones, ones);
    REFUSED(enrols(), FAULT_INVALID, "no key");
    data.length = before;
    PUT(&data, "\xa3\x01\x02\x03\x26\x20\x01"); // no coordinates
    REFUSED(enrols(), FAULT_INVALID, "no key");
    data.length = before;
    PUT(&data, "\xa4\x01\x03\x03\x39\x01\x00\x20\x59\x01\x00");
    put(&data, zeros, RSA_BYTES - 1);
    PUT(&data, "\x0f\x21\x43\x01\x00\x01"); // a modulus of four bits
    REFUSED(enrols(), FAULT_INVALID, "no key");
    data.length = before;
    PUT(&data, "\x58\x20"); // bytes, no map
    put(&data, ones, COORDINATE);
    REFUSED(enrols(), FAULT_INVALID, "no key");
}

Test(passkey, an_id_has_bounds)
{
    say_enrolment();
    data.bytes[SHA256_DIGEST_LENGTH + 5 + 17] = 0;
    REFUSED(enrols(), FAULT_INVALID, "no id");
    data.bytes[SHA256_DIGEST_LENGTH + 5 + 16] = (PASSKEY_ID_MAX >> 8) + 1;
    data.length = sizeof data.bytes - 64;
    REFUSED(enrols(), FAULT_INVALID, "too long");
}
