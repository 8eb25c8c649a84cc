// SPDX-License-Identifier: EUPL-1.2
#include "broker/core/challenges.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

enum { SAID_BYTES = 8 + CHALLENGE_RANDOM_BYTES, CODE_BYTES = CHALLENGE_BYTES - SAID_BYTES };

struct taken_challenge {
    char text[CHALLENGE_SIZE]; // the key
    int64_t taken_ms;
};

void challenges_fini(struct challenges *challenges)
{
    sorted_table_clear(&challenges->taken);
    explicit_bzero(challenges->key, sizeof challenges->key);
}

static void vouch(const struct challenges *challenges, const char *holder, const unsigned char said[SAID_BYTES],
                  unsigned char code[CODE_BYTES])
{
    struct {
        unsigned char said[SAID_BYTES];
        char holder[DIGEST_SIZE];
    } message;
    unsigned char whole[EVP_MAX_MD_SIZE];
    memset(&message, 0, sizeof message);
    memcpy(message.said, said, SAID_BYTES);
    text_cut(message.holder, sizeof message.holder, holder);
    unsigned char *made = HMAC(EVP_sha256(), challenges->key, sizeof challenges->key, (const unsigned char *)&message,
                               sizeof message, whole, NULL);
    assert(made);
    (void)made;
    memcpy(code, whole, CODE_BYTES);
}

void challenge_make(const struct challenges *challenges, const char *holder,
                    const unsigned char random[CHALLENGE_RANDOM_BYTES], int64_t now_ms, char text[CHALLENGE_SIZE])
{
    unsigned char bytes[CHALLENGE_BYTES];
    assert(now_ms >= 0);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)now_ms >> (56 - 8 * i));
    memcpy(bytes + 8, random, CHALLENGE_RANDOM_BYTES);
    vouch(challenges, holder, bytes, bytes + SAID_BYTES);
    text_hex(text, bytes, sizeof bytes);
}

// By its bytes: it may be spelled in several ways.
static const struct taken_challenge *find_taken(const struct challenges *challenges,
                                                const unsigned char bytes[CHALLENGE_BYTES])
{
    char text[CHALLENGE_SIZE];
    text_hex(text, bytes, CHALLENGE_BYTES);
    return sorted_table_find(&challenges->taken, text);
}

bool challenge_is_open(const struct challenges *challenges, const char *holder, const char *text, int64_t now_ms,
                       unsigned char bytes[CHALLENGE_BYTES])
{
    unsigned char code[CODE_BYTES];
    uint64_t made_ms = 0;
    if (!text_unhex(bytes, CHALLENGE_BYTES, text))
        return false;
    vouch(challenges, holder, bytes, code);
    for (int i = 0; i < 8; i++)
        made_ms = made_ms << 8 | bytes[i];
    return secret_equal(code, bytes + SAID_BYTES, CODE_BYTES) && now_ms - (int64_t)made_ms <= CHALLENGE_MS &&
           !find_taken(challenges, bytes);
}

void challenge_take(struct challenges *challenges, const unsigned char bytes[CHALLENGE_BYTES], int64_t now_ms)
{
    for (size_t i = challenges->taken.count; i > 0; i--) {
        const struct taken_challenge *old = challenges->taken.records[i - 1];
        if (now_ms - old->taken_ms > CHALLENGE_MS) // by now too old by itself
            free(sorted_table_take(&challenges->taken, old->text));
    }
    struct taken_challenge *taken = mem_new(1, sizeof *taken);
    text_hex(taken->text, bytes, CHALLENGE_BYTES);
    taken->taken_ms = now_ms;
    free(sorted_table_put(&challenges->taken, taken));
}
