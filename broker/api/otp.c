// SPDX-License-Identifier: EUPL-1.2
#include "broker/api/otp.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The bytes of one, numbers with the highest byte first.
enum {
    AT_FLAGS = 0,
    AT_UNTIL = 1, // seconds
    AT_FENCE = 6,
    AT_NONCE = 14,
    AT_SESSION = 22, // of its person, then its own
    AT_SIGNATURE = 34,
    SIGNED_BYTES = AT_SIGNATURE,
    HALF = 32, // of a signature: r, then s
    WHOLE_BYTES = AT_SIGNATURE + 2 * HALF,
    LETTERS = 131,
    STATEMENT_MAX = 32 + SIGNED_BYTES + ID_SIZE + LOGIN_SIZE,
    KEY_BYTES = 91,
};

enum flag { FLAG_SOLE = 1, FLAG_PASSWORD = 2 };

static const char prefix[] = "P1.";

struct otp_key {
    EVP_PKEY *key;
    EVP_PKEY_CTX *signing; // kept: setting one up costs a seventh of a signature; NULL of a public key
};

static void file_drop(FILE **file)
{
    if (*file)
        fclose(*file);
}

// ---- keys

static struct otp_key *wrap(EVP_PKEY *key)
{
    struct otp_key *otp_key = mem_new(1, sizeof *otp_key);
    otp_key->key = key;
    return otp_key;
}

static bool begin_signing(struct otp_key *key)
{
    key->signing = EVP_PKEY_CTX_new_from_pkey(NULL, key->key, NULL);
    return key->signing && EVP_PKEY_sign_init(key->signing) == 1;
}

// Of a key that is half written nothing may stay: the next start would take it for the key.
static EVP_PKEY *make_key(const char *path, struct fault *why)
{
    char fresh[512];
    EVP_PKEY *key = EVP_EC_gen("P-256");
    snprintf(fresh, sizeof fresh, "%s.new", path);
    unlink(fresh);
    int descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    owned(file) FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    bool written = key && file && PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
                   fflush(file) == 0 && fsync(fileno(file)) == 0 && rename(fresh, path) == 0;
    if (written)
        return key;
    EVP_PKEY_free(key);
    fault_set(why, FAULT_BROKEN, "%s: cannot be made: %s", path, strerror(errno));
    return NULL;
}

struct otp_key *otp_key_open(const char *path, struct fault *why)
{
    owned(file) FILE *file = fopen(path, "re");
    if (!file && errno != ENOENT) {
        fault_set(why, FAULT_BROKEN, "%s: %s", path, strerror(errno));
        return NULL;
    }
    EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : make_key(path, why);
    if (file && !key)
        fault_set(why, FAULT_BROKEN, "%s: holds no key", path);
    if (!key)
        return NULL;
    struct otp_key *otp_key = wrap(key);
    if (begin_signing(otp_key))
        return otp_key;
    otp_key_free(otp_key);
    fault_set(why, FAULT_BROKEN, "%s: its key cannot sign", path);
    return NULL;
}

struct otp_key *otp_key_public(const char *text)
{
    unsigned char bytes[KEY_BYTES];
    const unsigned char *at = bytes;
    char group[32] = "";
    if (!text_unhex(bytes, sizeof bytes, text))
        return NULL;
    EVP_PKEY *key = d2i_PUBKEY(NULL, &at, sizeof bytes);
    if (key && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 && text_equal(group, "prime256v1"))
        return wrap(key);
    EVP_PKEY_free(key);
    return NULL;
}

void otp_key_text(const struct otp_key *key, char text[OTP_KEY_TEXT_SIZE])
{
    unsigned char bytes[KEY_BYTES], *at = bytes;
    text[0] = 0;
    if (i2d_PUBKEY(key->key, NULL) == KEY_BYTES && i2d_PUBKEY(key->key, &at) == KEY_BYTES)
        text_hex(text, bytes, sizeof bytes);
}

void otp_key_free(struct otp_key *key)
{
    if (!key)
        return;
    EVP_PKEY_CTX_free(key->signing);
    EVP_PKEY_free(key->key);
    free(key);
}

// ---- what is signed

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
    char tenant[SLUG_SIZE], person[17], own[9];
    id_tenant(tenant, host);
    text_hex(person, at, 8);
    text_hex(own, at + 8, 4);
    snprintf(session, ID_SIZE, "%s/s-%s-%s", tenant, person, own);
}

// Host and login are known to who checks: they are signed, but not in the text.
static size_t make_statement(unsigned char *statement, const unsigned char *bytes, const char *host, const char *login)
{
    struct text text = {0};
    text_adds(&text, "pult one-time password 1");
    text_add(&text, "", 1);
    text_add(&text, (const char *)bytes, SIGNED_BYTES);
    text_adds(&text, host);
    text_add(&text, "", 1);
    text_adds(&text, login);
    size_t length = text.length <= STATEMENT_MAX ? text.length : 0;
    memcpy(statement, text.bytes, length);
    text_drop(&text);
    return length;
}

static bool sign(EVP_PKEY_CTX *signing, const unsigned char *statement, size_t length,
                 unsigned char signature[2 * HALF])
{
    unsigned char hash[SHA256_DIGEST_LENGTH], der[128];
    const unsigned char *at = der;
    size_t der_length = sizeof der;
    SHA256(statement, length, hash);
    bool made = EVP_PKEY_sign(signing, der, &der_length, hash, sizeof hash) == 1;
    ECDSA_SIG *numbers = made ? d2i_ECDSA_SIG(NULL, &at, (long)der_length) : NULL;
    made = numbers && BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, HALF) == HALF &&
           BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + HALF, HALF) == HALF;
    ECDSA_SIG_free(numbers);
    return made;
}

static bool verify(EVP_PKEY *key, const unsigned char *statement, size_t length,
                   const unsigned char signature[2 * HALF])
{
    unsigned char *der = NULL;
    ECDSA_SIG *numbers = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, HALF, NULL), *s = BN_bin2bn(signature + HALF, HALF, NULL);
    if (!numbers || !r || !s || ECDSA_SIG_set0(numbers, r, s) != 1) {
        BN_free(r);
        BN_free(s);
        ECDSA_SIG_free(numbers);
        return false;
    }
    int der_length = i2d_ECDSA_SIG(numbers, &der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right = der_length > 0 && context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                 EVP_DigestVerify(context, der, (size_t)der_length, statement, length) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(numbers);
    return right;
}

// ---- letters: base64 with - and _ and without = (RFC 4648, section 5), so that no client or shell stumbles

static void to_letters(char *letters, const unsigned char *bytes)
{
    unsigned char padded[WHOLE_BYTES + 1] = {0};
    char coded[LETTERS + 2];
    memcpy(padded, bytes, WHOLE_BYTES);
    EVP_EncodeBlock((unsigned char *)coded, padded, sizeof padded);
    for (size_t i = 0; i < LETTERS; i++)
        letters[i] = coded[i] == '+' ? '-' : coded[i] == '/' ? '_' : coded[i];
    letters[LETTERS] = 0;
}

static bool from_letters(unsigned char *bytes, const char *letters)
{
    char coded[LETTERS + 2];
    unsigned char padded[WHOLE_BYTES + 1];
    for (size_t i = 0; i < LETTERS; i++) {
        if (!letters[i] || strchr("+/= \t\r\n", letters[i]))
            return false;
        coded[i] = letters[i] == '-' ? '+' : letters[i] == '_' ? '/' : letters[i];
    }
    coded[LETTERS] = 'A';
    coded[LETTERS + 1] = 0;
    if (EVP_DecodeBlock(padded, (const unsigned char *)coded, LETTERS + 1) != sizeof padded || padded[WHOLE_BYTES])
        return false;
    memcpy(bytes, padded, WHOLE_BYTES);
    return true;
}

// ---- whole ones

bool otp_sign(const struct otp_key *key, struct otp *otp, char text[OTP_TEXT_SIZE])
{
    unsigned char bytes[WHOLE_BYTES] = {0}, statement[STATEMENT_MAX];
    bytes[AT_FLAGS] = (unsigned char)((otp->sole ? FLAG_SOLE : 0) | (otp->password_follows ? FLAG_PASSWORD : 0));
    put_number(bytes + AT_UNTIL, AT_FENCE - AT_UNTIL, otp->until_ms / 1000);
    put_number(bytes + AT_FENCE, AT_NONCE - AT_FENCE, otp->fence);
    if (RAND_bytes(bytes + AT_NONCE, AT_SESSION - AT_NONCE) != 1 || !put_session(bytes + AT_SESSION, otp->session))
        return false;
    text_hex(otp->nonce, bytes + AT_NONCE, AT_SESSION - AT_NONCE);
    size_t length = make_statement(statement, bytes, otp->host, otp->login);
    if (!length || !sign(key->signing, statement, length, bytes + AT_SIGNATURE))
        return false;
    memcpy(text, prefix, sizeof prefix - 1);
    to_letters(text + sizeof prefix - 1, bytes);
    return true;
}

bool otp_is_one(const char *password)
{
    return text_starts(password, prefix) && strlen(password) >= OTP_TEXT_SIZE - 1;
}

bool otp_read(const struct otp_key *key, const char *password, const char *host, const char *login, struct otp *otp,
              const char **rest)
{
    unsigned char bytes[WHOLE_BYTES], statement[STATEMENT_MAX];
    if (!otp_is_one(password) || !from_letters(bytes, password + sizeof prefix - 1))
        return false;
    size_t length = make_statement(statement, bytes, host, login);
    *otp = (struct otp){.fence = number_at(bytes + AT_FENCE, AT_NONCE - AT_FENCE),
                        .until_ms = number_at(bytes + AT_UNTIL, AT_FENCE - AT_UNTIL) * 1000,
                        .sole = bytes[AT_FLAGS] & FLAG_SOLE,
                        .password_follows = bytes[AT_FLAGS] & FLAG_PASSWORD};
    if (!length || !verify(key->key, statement, length, bytes + AT_SIGNATURE) ||
        !text_copy(otp->host, sizeof otp->host, host) || !text_copy(otp->login, sizeof otp->login, login))
        return false;
    read_session(otp->session, host, bytes + AT_SESSION);
    text_hex(otp->nonce, bytes + AT_NONCE, AT_SESSION - AT_NONCE);
    *rest = password + OTP_TEXT_SIZE - 1;
    if (otp->password_follows)
        return *(*rest)++ == ':';
    return **rest == 0;
}
