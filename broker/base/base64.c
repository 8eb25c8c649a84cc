// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/base64.h"

#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// -1 for what is no letter.
static int value_of(char c)
{
    const char *at = c ? strchr(letters, c) : NULL;
    return at ? (int)(at - letters) : -1;
}

bool base64_decode(unsigned char *to, size_t *length, const char *text)
{
    size_t left = strlen(text), padding = 0;
    *length = 0;
    if (left % 4 != 0)
        return false;
    while (padding < 2 && padding < left && text[left - padding - 1] == '=')
        padding++;
    left -= padding;
    uint32_t held = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < left; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        held = held << 6 | (uint32_t)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            to[(*length)++] = (unsigned char)(held >> bits);
            held &= (1u << bits) - 1;
        }
    }
    return held == 0;
}

bool base64_encode(char *to, size_t size, const void *bytes, size_t length)
{
    const unsigned char *from = bytes;
    to[0] = 0;
    if (length > SIZE_MAX / 2 || (length + 2) / 3 * 4 >= size)
        return false;
    for (size_t i = 0; i < length; i += 3) {
        uint32_t held = (uint32_t)from[i] << 16;
        held |= i + 1 < length ? (uint32_t)from[i + 1] << 8 : 0;
        held |= i + 2 < length ? from[i + 2] : 0;
        *to++ = letters[held >> 18];
        *to++ = letters[held >> 12 & 63];
        *to++ = i + 1 < length ? letters[held >> 6 & 63] : '=';
        *to++ = i + 2 < length ? letters[held & 63] : '=';
    }
    *to = 0;
    return true;
}
