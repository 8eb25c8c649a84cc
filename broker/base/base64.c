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

static void encode(char *to, const unsigned char *from, size_t length, const char alphabet[65], bool padded)
{
    for (size_t i = 0; i < length; i += 3) {
        size_t some = length - i < 3 ? length - i : 3;
        uint32_t held = (uint32_t)from[i] << 16;
        held |= some > 1 ? (uint32_t)from[i + 1] << 8 : 0;
        held |= some > 2 ? from[i + 2] : 0;
        for (size_t letter = 0; letter < 4; letter++, held = held << 6 & 0xffffff) {
            if (letter <= some)
                *to++ = alphabet[held >> 18];
            else if (padded)
                *to++ = '=';
        }
    }
    *to = 0;
}

bool base64_encode(char *to, size_t size, const void *bytes, size_t length)
{
    to[0] = 0;
    if (length > SIZE_MAX / 2 || (length + 2) / 3 * 4 >= size)
        return false;
    encode(to, bytes, length, letters, true);
    return true;
}

bool base64_encode_url(char *to, size_t size, const void *bytes, size_t length)
{
    static const char url_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    to[0] = 0;
    if (length > SIZE_MAX / 2 || (length * 4 + 2) / 3 >= size)
        return false;
    encode(to, bytes, length, url_letters, false);
    return true;
}
