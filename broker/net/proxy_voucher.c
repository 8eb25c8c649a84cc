// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/proxy_voucher.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 4 };

static const char *const way_words[PROXY_WAY_COUNT] = {
    [PROXY_TO_PORTAL] = "portal",
    [PROXY_TO_DEVICES] = "device",
};

// What is vouched for. Each word is without spaces, and the address of one length.
static void make_code(unsigned char code[PROXY_CODE_BYTES], const struct proxy_voucher *voucher, const char *key,
                      const struct address *caller, int port)
{
    char address[2 * sizeof caller->bytes + 1], said[PROXY_VOUCHER_SIZE];
    unsigned made = 0;
    assert(key[0] && voucher->way < PROXY_WAY_COUNT && !strchr(voucher->gateway, ' '));
    text_hex(address, caller->bytes, sizeof caller->bytes);
    int length = snprintf(said, sizeof said, "pult proxy voucher 1 %s %s %lld %s %d", way_words[voucher->way],
                          voucher->gateway, (long long)voucher->number, address, port);
    assert(length > 0 && (size_t)length < sizeof said);
    const unsigned char *done =
        HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)said, (size_t)length, code, &made);
    assert(done && made == PROXY_CODE_BYTES);
}

void proxy_voucher_write(char text[PROXY_VOUCHER_SIZE], const struct proxy_voucher *voucher, const char *key,
                         const struct address *caller, int port)
{
    unsigned char code[PROXY_CODE_BYTES];
    char code_text[2 * PROXY_CODE_BYTES + 1];
    assert(voucher->gateway[0] && voucher->number > 0);
    make_code(code, voucher, key, caller, port);
    text_hex(code_text, code, sizeof code);
    int length = snprintf(text, PROXY_VOUCHER_SIZE, "%s %s %lld %s", way_words[voucher->way], voucher->gateway,
                          (long long)voucher->number, code_text);
    assert(length > 0 && length < PROXY_VOUCHER_SIZE);
}

static bool read_way(enum proxy_way *way, const char *word)
{
    for (*way = 0; *way < PROXY_WAY_COUNT; ++*way)
        if (text_equal(way_words[*way], word))
            return true;
    return false;
}

// In place, at single spaces. False: there are not so many.
static bool split_words(char *words[WORDS], char *text)
{
    for (int i = 0; i < WORDS; i++) {
        words[i] = text;
        text += strcspn(text, " ");
        if ((*text == ' ') != (i + 1 < WORDS))
            return false;
        *text++ = 0;
    }
    return true;
}

bool proxy_voucher_read(struct proxy_voucher *voucher, const char *text, size_t length)
{
    char copy[PROXY_VOUCHER_SIZE], *words[WORDS];
    *voucher = (struct proxy_voucher){.number = 0};
    if (length >= sizeof copy || memchr(text, 0, length))
        return false;
    memcpy(copy, text, length);
    copy[length] = 0;
    return split_words(words, copy) && read_way(&voucher->way, words[0]) && words[1][0] &&
           text_copy(voucher->gateway, sizeof voucher->gateway, words[1]) &&
           text_number(words[2], 1, INT64_MAX, &voucher->number) &&
           text_unhex(voucher->code, sizeof voucher->code, words[3]);
}

bool proxy_voucher_holds(const struct proxy_voucher *voucher, const char *key, const struct address *caller, int port)
{
    unsigned char code[PROXY_CODE_BYTES];
    make_code(code, voucher, key, caller, port);
    bool holds = CRYPTO_memcmp(code, voucher->code, sizeof code) == 0;
    // Of a wrong one it would be the right code.
    explicit_bzero(code, sizeof code);
    return holds;
}
