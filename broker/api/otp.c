// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/otp.h"
#include "broker/base/file.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The bytes of one, numbers with the highest byte first.
enum {
    AT_FLAGS = 0,
    AT_UNTIL = 1, // seconds
    AT_FENCE = 6,
    AT_NONCE = 14,
    AT_SESSION = 22, // of its person, then its own
    AT_CODE = 34,
    SAID_BYTES = AT_CODE,
    CODE_BYTES = 32, // of HMAC-SHA-256; a key is as long
    WHOLE_BYTES = AT_CODE + CODE_BYTES,
    LETTERS = 88,
    STATEMENT_MAX = 64 + SAID_BYTES + ID_SIZE + USER_NAME_SIZE,
};

enum flag { FLAG_SOLE = 1, FLAG_PASSWORD = 2, FLAG_RUNNING = 4, FLAG_UNRECORDED = 8 };

static const char prefix[] = "P1.";

struct otp_key {
    unsigned char bytes[CODE_BYTES];
    EVP_MAC_CTX *code; // kept: finding one costs more than using it
};

struct otp_maker {
    struct otp_key secret;
};

// ---- what is vouched for

struct statement {
    unsigned char bytes[STATEMENT_MAX];
    size_t length;
    bool cut;
};

static void add_bytes(struct statement *statement, const void *bytes, size_t length)
{
    if (length > sizeof statement->bytes - statement->length) {
        statement->cut = true;
        return;
    }
    memcpy(statement->bytes + statement->length, bytes, length);
    statement->length += length;
}

// With its NUL, so that where one ends and the next begins is part of it.
static void add_word(struct statement *statement, const char *word)
{
    add_bytes(statement, word, strlen(word) + 1);
}

static bool vouch(EVP_MAC_CTX *context, const unsigned char key[CODE_BYTES], const struct statement *statement,
                  unsigned char code[CODE_BYTES])
{
    size_t length = 0;
    return !statement->cut && EVP_MAC_init(context, key, CODE_BYTES, NULL) == 1 &&
           EVP_MAC_update(context, statement->bytes, statement->length) == 1 &&
           EVP_MAC_final(context, code, &length, CODE_BYTES) == 1 && length == CODE_BYTES;
}

// ---- keys

static bool begin(struct otp_key *key)
{
    char sha256[] = "SHA256";
    OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0), OSSL_PARAM_END};
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    key->code = EVP_MAC_CTX_new(hmac);
    EVP_MAC_free(hmac);
    return key->code && EVP_MAC_CTX_set_params(key->code, parameters) == 1;
}

static void end(struct otp_key *key)
{
    EVP_MAC_CTX_free(key->code);
    explicit_bzero(key, sizeof *key);
}

// Durable before the first key is derived from it: the hosts keep theirs.
static bool make_secret(const char *path, char text[OTP_KEY_TEXT_SIZE], struct fault *why)
{
    unsigned char bytes[CODE_BYTES];
    arc4random_buf(bytes, sizeof bytes);
    text_hex(text, bytes, sizeof bytes);
    explicit_bzero(bytes, sizeof bytes);
    return file_create(path, 0600, text, OTP_KEY_TEXT_SIZE - 1, why);
}

static bool read_secret(const char *path, char text[OTP_KEY_TEXT_SIZE], struct fault *why)
{
    struct fault reason = {0};
    if (file_read_text(path, text, OTP_KEY_TEXT_SIZE, &reason))
        return true;
    if (reason.kind == FAULT_ABSENT)
        return make_secret(path, text, why);
    if (reason.kind == FAULT_INVALID)
        return fault_set(why, FAULT_BROKEN, "%s: contains no secret", path);
    return fault_set(why, FAULT_BROKEN, "%s", reason.text);
}

struct otp_maker *otp_maker_open(const char *path, struct fault *why)
{
    char text[OTP_KEY_TEXT_SIZE] = "";
    struct otp_maker *maker = mem_new(1, sizeof *maker);
    bool fine = read_secret(path, text, why);
    if (fine && !text_unhex(maker->secret.bytes, CODE_BYTES, text))
        fine = fault_set(why, FAULT_BROKEN, "%s: contains no secret", path);
    if (fine && !begin(&maker->secret))
        fine = fault_set(why, FAULT_BROKEN, "%s: HMAC-SHA-256 is not available", path);
    explicit_bzero(text, sizeof text);
    if (fine)
        return maker;
    otp_maker_free(maker);
    return NULL;
}

void otp_maker_free(struct otp_maker *maker)
{
    if (maker)
        end(&maker->secret);
    free(maker);
}

// HKDF-Expand for a key of one block. The secret is random and as long as the hash, so nothing needs to be extracted.
static bool derive(const struct otp_maker *maker, const char *host, const char *enrolment,
                   unsigned char key[CODE_BYTES])
{
    struct statement info = {.length = 0};
    add_word(&info, "pult one-time password 1, key of a host");
    add_word(&info, host);
    add_word(&info, enrolment);
    add_bytes(&info, "\1", 1);
    return vouch(maker->secret.code, maker->secret.bytes, &info, key);
}

bool otp_maker_key(const struct otp_maker *maker, const char *host, const char *enrolment, char text[OTP_KEY_TEXT_SIZE])
{
    unsigned char key[CODE_BYTES];
    bool derived = derive(maker, host, enrolment, key);
    text[0] = 0;
    if (derived)
        text_hex(text, key, sizeof key);
    explicit_bzero(key, sizeof key);
    return derived;
}

struct otp_key *otp_key_read(const char *text)
{
    struct otp_key *key = mem_new(1, sizeof *key);
    if (text_unhex(key->bytes, CODE_BYTES, text) && begin(key))
        return key;
    otp_key_free(key);
    return NULL;
}

bool otp_key_equal(const struct otp_key *a, const struct otp_key *b)
{
    return CRYPTO_memcmp(a->bytes, b->bytes, CODE_BYTES) == 0;
}

void otp_key_free(struct otp_key *key)
{
    if (key)
        end(key);
    free(key);
}

// ---- what one says

static void put_number(unsigned char *at, size_t bytes, int64_t number)
{
    for (size_t i = bytes; i-- > 0; number >>= 8)
        at[i] = (unsigned char)number;
}

static int64_t number_at(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[i];
    return (int64_t)number;
}

// "tenant/s-0123456789abcdef-01234567"
static bool put_session(unsigned char *at, const char *session)
{
    char person[17], own[9];
    const char *name = strchr(session, '/');
    if (!name || !text_starts(name, "/s-") || strlen(name) != 28 || name[19] != '-')
        return false;
    snprintf(person, sizeof person, "%s", name + 3);
    snprintf(own, sizeof own, "%s", name + 20);
    return text_unhex(at, 8, person) && text_unhex(at + 8, 4, own);
}

static void read_session(char session[ID_SIZE], const char *host, const unsigned char *at)
{
    char name[SLUG_SIZE], person[17], own[9];
    text_hex(person, at, 8);
    text_hex(own, at + 8, 4);
    snprintf(name, sizeof name, "s-%s-%s", person, own);
    id_beside(session, host, name);
}

// Host and user name are known to who checks: they are vouched for, but not in the text.
static bool vouch_for(EVP_MAC_CTX *context, const unsigned char key[CODE_BYTES], const unsigned char *said,
                      const char *host, const char *user_name, unsigned char code[CODE_BYTES])
{
    struct statement statement = {.length = 0};
    add_word(&statement, "pult one-time password 1");
    add_bytes(&statement, said, SAID_BYTES);
    add_word(&statement, host);
    add_word(&statement, user_name);
    return vouch(context, key, &statement, code);
}

// ---- letters: base64 with - and _ and without = (RFC 4648, section 5), so that no client or shell stumbles

static void to_letters(char *letters, const unsigned char *bytes)
{
    EVP_EncodeBlock((unsigned char *)letters, bytes, WHOLE_BYTES);
    for (size_t i = 0; i < LETTERS; i++)
        letters[i] = letters[i] == '+' ? '-' : letters[i] == '/' ? '_' : letters[i];
}

static bool from_letters(unsigned char *bytes, const char *letters)
{
    char coded[LETTERS];
    for (size_t i = 0; i < LETTERS; i++) {
        if (!letters[i] || strchr("+/= \t\r\n", letters[i]))
            return false;
        coded[i] = letters[i] == '-' ? '+' : letters[i] == '_' ? '/' : letters[i];
    }
    return EVP_DecodeBlock(bytes, (const unsigned char *)coded, LETTERS) == WHOLE_BYTES;
}

// ---- whole ones

bool otp_make(const struct otp_maker *maker, const char *enrolment, struct otp *otp, char text[OTP_TEXT_SIZE])
{
    unsigned char bytes[WHOLE_BYTES] = {0}, key[CODE_BYTES];
    bytes[AT_FLAGS] = (unsigned char)((otp->sole ? FLAG_SOLE : 0) | (otp->password_follows ? FLAG_PASSWORD : 0) |
                                      (otp->running ? FLAG_RUNNING : 0) | (otp->unrecorded ? FLAG_UNRECORDED : 0));
    put_number(bytes + AT_UNTIL, AT_FENCE - AT_UNTIL, otp->until_ms / 1000);
    put_number(bytes + AT_FENCE, AT_NONCE - AT_FENCE, otp->fence);
    arc4random_buf(bytes + AT_NONCE, AT_SESSION - AT_NONCE);
    if (!put_session(bytes + AT_SESSION, otp->session))
        return false;
    text_hex(otp->nonce, bytes + AT_NONCE, AT_SESSION - AT_NONCE);
    bool made = derive(maker, otp->host, enrolment, key) &&
                vouch_for(maker->secret.code, key, bytes, otp->host, otp->user_name, bytes + AT_CODE);
    explicit_bzero(key, sizeof key);
    if (!made)
        return false;
    memcpy(text, prefix, sizeof prefix - 1);
    to_letters(text + sizeof prefix - 1, bytes);
    return true;
}

bool otp_same_person(const char *session, const char *other)
{
    const char *own = strrchr(session, '-');
    size_t length = own ? (size_t)(own - session) + 1 : 0;
    return length && strncmp(session, other, length) == 0 && !strchr(other + length, '-');
}

bool otp_is_one(const char *password)
{
    return text_starts(password, prefix) && strlen(password) >= OTP_TEXT_SIZE - 1;
}

bool otp_read(const struct otp_key *key, const char *password, const char *host, const char *user_name, struct otp *otp,
              const char **rest)
{
    unsigned char bytes[WHOLE_BYTES], code[CODE_BYTES];
    if (!otp_is_one(password) || !from_letters(bytes, password + sizeof prefix - 1))
        return false;
    *otp = (struct otp){.fence = number_at(bytes + AT_FENCE, AT_NONCE - AT_FENCE),
                        .until_ms = number_at(bytes + AT_UNTIL, AT_FENCE - AT_UNTIL) * 1000,
                        .sole = bytes[AT_FLAGS] & FLAG_SOLE,
                        .running = bytes[AT_FLAGS] & FLAG_RUNNING,
                        .unrecorded = bytes[AT_FLAGS] & FLAG_UNRECORDED,
                        .password_follows = bytes[AT_FLAGS] & FLAG_PASSWORD};
    bool right = vouch_for(key->code, key->bytes, bytes, host, user_name, code) &&
                 CRYPTO_memcmp(code, bytes + AT_CODE, CODE_BYTES) == 0;
    // Of a wrong one it would be the right code.
    explicit_bzero(code, sizeof code);
    if (!right || !text_copy(otp->host, sizeof otp->host, host) ||
        !text_copy(otp->user_name, sizeof otp->user_name, user_name))
        return false;
    read_session(otp->session, host, bytes + AT_SESSION);
    text_hex(otp->nonce, bytes + AT_NONCE, AT_SESSION - AT_NONCE);
    *rest = password + OTP_TEXT_SIZE - 1;
    if (otp->password_follows)
        return *(*rest)++ == ':';
    return **rest == 0;
}
