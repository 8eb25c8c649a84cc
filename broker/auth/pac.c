// SPDX-License-Identifier: EUPL-1.2
#include "broker/auth/pac.h"
#include "broker/base/text.h"

#include <string.h>

enum { FLAGS_AT = 8, NAME_LENGTH_AT = 12, NAME_OFFSET_AT = 14, HEADER_SIZE = 20, FLAG_EXTENDED = 2, UTF8_MAX = 4 };

static unsigned unit_at(const char *at)
{
    return (unsigned char)at[0] | (unsigned)(unsigned char)at[1] << 8;
}

static size_t write_character(char *to, unsigned character)
{
    if (character < 0x80) {
        to[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, character >>= 6)
        to[i] = (char)(0x80 | (character & 0x3f));
    to[0] = (char)((0xf00u >> length & 0xf0) | character);
    return length;
}

// A lone half of a pair makes what is no clean text, and so is refused by who reads it.
static unsigned character_at(const char *at, size_t left, size_t *length)
{
    unsigned first = unit_at(at), second = left >= 4 ? unit_at(at + 2) : 0;
    bool pair = (first & 0xfc00) == 0xd800 && (second & 0xfc00) == 0xdc00;
    *length = pair ? 4 : 2;
    return pair ? 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff)) : first;
}

bool pac_user_name(char user_name[USER_NAME_SIZE], struct ldap_bytes info)
{
    size_t written = 0;
    user_name[0] = 0;
    if (info.length < HEADER_SIZE || !(unit_at(info.at + FLAGS_AT) & FLAG_EXTENDED))
        return false;
    size_t length = unit_at(info.at + NAME_LENGTH_AT), offset = unit_at(info.at + NAME_OFFSET_AT);
    if (length == 0 || length % 2 || offset < HEADER_SIZE || offset + length > info.length)
        return false;
    for (size_t at = 0, step; at < length && written + UTF8_MAX < USER_NAME_SIZE; at += step)
        written += write_character(user_name + written, character_at(info.at + offset + at, length - at, &step));
    user_name[written] = 0;
    bool whole = written + UTF8_MAX < USER_NAME_SIZE && text_is_clean(user_name, written);
    if (!whole)
        user_name[0] = 0;
    text_lower_name(user_name);
    return whole;
}
