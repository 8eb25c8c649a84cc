// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/recovery_code.h"
#include "broker/base/mem.h"

#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 16, GROUP = 4 };

// Crockford's base32: no i, l, o (they look like digits) and no u.
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
static const char label[] = "pult recovery code 1";

void recovery_code_new(char code[RECOVERY_CODE_SIZE])
{
    unsigned char random[LETTERS];
    arc4random_buf(random, sizeof random);
    for (size_t i = 0; i < LETTERS; i++) {
        if (i && i % GROUP == 0)
            *code++ = '-';
        *code++ = alphabet[random[i] & 31];
    }
    *code = 0;
    explicit_bzero(random, sizeof random);
}

static char meant_letter(char typed)
{
    char small = text_small(0, typed);
    return small == 'o' ? '0' : small == 'i' || small == 'l' ? '1' : small;
}

static bool read_letters(char letters[LETTERS], const char *typed)
{
    size_t length = 0;
    for (const char *at = typed; *at; at++) {
        char letter = meant_letter(*at);
        if (letter == '-' || letter == ' ')
            continue;
        if (length == LETTERS || !strchr(alphabet, letter))
            return false;
        letters[length++] = letter;
    }
    return length == LETTERS;
}

bool recovery_code_digest(char digest[RECOVERY_DIGEST_SIZE], const char *owner, const char *typed)
{
    char letters[LETTERS];
    unsigned char bytes[SHA256_DIGEST_LENGTH];
    owned(text) struct text said = {.is_secret = true};
    digest[0] = 0;
    if (!read_letters(letters, typed))
        return false;
    text_add(&said, label, sizeof label); // each with its NUL, so that where one ends is part of it
    text_add(&said, owner, strlen(owner) + 1);
    text_add(&said, letters, LETTERS);
    SHA256((const unsigned char *)said.bytes, said.length, bytes);
    text_hex(digest, bytes, sizeof bytes);
    explicit_bzero(letters, sizeof letters);
    return true;
}
