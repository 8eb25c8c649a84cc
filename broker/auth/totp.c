// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/totp.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHA1_BYTES = 20, COUNTER_BYTES = 8, MODULUS = 1000 * 1000, BASE32_BITS = 5 };

void totp_secret_new(unsigned char secret[TOTP_SECRET_BYTES])
{
    arc4random_buf(secret, TOTP_SECRET_BYTES);
}

void totp_secret_text(char text[TOTP_SECRET_TEXT_SIZE], const unsigned char secret[TOTP_SECRET_BYTES])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < TOTP_SECRET_BYTES; i++) {
        held = held << 8 | secret[i];
        for (bits += 8; bits >= BASE32_BITS; bits -= BASE32_BITS)
            *text++ = letters[held >> (bits - BASE32_BITS) & 31];
    }
    assert(bits == 0); // 20 bytes are 32 letters
    *text = 0;
}

// RFC 3986, section 2.1.
static void add_escaped(struct text *out, const char *word)
{
    for (const char *at = word; *at; at++) {
        unsigned char c = (unsigned char)(*at == ':' ? ' ' : *at);
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._~", c);
        if (plain)
            text_add(out, (const char *)&c, 1);
        else
            text_addf(out, "%%%02X", c);
    }
}

bool totp_uri(char uri[TOTP_URI_SIZE], const char *issuer, const char *account,
              const unsigned char secret[TOTP_SECRET_BYTES])
{
    char secret_text[TOTP_SECRET_TEXT_SIZE];
    struct text label = {0}, by = {0};
    add_escaped(&by, issuer);
    add_escaped(&label, account);
    totp_secret_text(secret_text, secret);
    int length = snprintf(uri, TOTP_URI_SIZE, "otpauth://totp/%s:%s?secret=%s&issuer=%s", by.length ? by.bytes : "",
                          label.length ? label.bytes : "", secret_text, by.length ? by.bytes : "");
    bool fits = length > 0 && length < TOTP_URI_SIZE;
    if (!fits)
        explicit_bzero(uri, TOTP_URI_SIZE);
    explicit_bzero(secret_text, sizeof secret_text);
    text_drop(&label);
    text_drop(&by);
    return fits;
}

void totp_code(char code[TOTP_DIGITS + 1], const unsigned char secret[TOTP_SECRET_BYTES], int64_t step)
{
    unsigned char counter[COUNTER_BYTES], digest[SHA1_BYTES];
    unsigned length = 0;
    for (size_t i = COUNTER_BYTES; i-- > 0; step >>= 8)
        counter[i] = (unsigned char)step;
    const unsigned char *made = HMAC(EVP_sha1(), secret, TOTP_SECRET_BYTES, counter, sizeof counter, digest, &length);
    assert(made && length == SHA1_BYTES);
    const unsigned char *at = digest + (digest[SHA1_BYTES - 1] & 15); // RFC 4226, section 5.3
    uint32_t number = ((uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]) % MODULUS;
    snprintf(code, TOTP_DIGITS + 1, "%0*u", TOTP_DIGITS, number);
    explicit_bzero(digest, sizeof digest);
}

// People type a code as the app shows it, "123 456".
static bool read_digits(char digits[TOTP_DIGITS + 1], const char *typed)
{
    size_t length = 0;
    for (const char *at = typed; *at; at++) {
        if (*at == ' ')
            continue;
        if (*at < '0' || *at > '9' || length == TOTP_DIGITS)
            return false;
        digits[length++] = *at;
    }
    digits[length] = 0;
    return length == TOTP_DIGITS;
}

bool totp_verify(const unsigned char secret[TOTP_SECRET_BYTES], const char *typed, int64_t wall_ms, int64_t *last_step)
{
    char digits[TOTP_DIGITS + 1], code[TOTP_DIGITS + 1];
    int64_t now = wall_ms / TOTP_STEP_MS, found = 0;
    if (!read_digits(digits, typed))
        return false;
    // All of them, so that the time it takes tells nothing of how wrong the telephone's clock is.
    for (int64_t step = now - TOTP_SKEW; step <= now + TOTP_SKEW; step++) {
        totp_code(code, secret, step);
        bool equal = secret_equal(code, digits, TOTP_DIGITS);
        if (equal && step > *last_step && !found)
            found = step;
    }
    explicit_bzero(code, sizeof code);
    explicit_bzero(digits, sizeof digits);
    if (found)
        *last_step = found;
    return found;
}
