// SPDX-License-Identifier: EUPL-1.2
#include "broker/base/text.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size) {
        to[0] = 0;
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}

void text_put(char *to, size_t size, const char *from)
{
    bool fits = text_copy(to, size, from);
    assert(fits);
    (void)fits;
}

void text_cut(char *to, size_t size, const char *from)
{
    size_t length = strnlen(from, size - 1);
    if (from[length])
        while (length && ((unsigned char)from[length] & 0xc0) == 0x80)
            length--;
    memmove(to, from, length);
    to[length] = 0;
}

void text_one_line(char *to, size_t size, const char *lines)
{
    struct text line = {0};
    for (; *lines; lines += *lines != 0) {
        size_t length = strcspn(lines, "\n");
        text_add(&line, "; ", line.length && length ? 2 : 0);
        text_add(&line, lines, length);
        lines += length;
    }
    text_cut(to, size, line.bytes ? line.bytes : "");
    text_drop(&line);
}

bool text_equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool text_starts(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

bool text_has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; *at; at += *at == ' ') {
        const char *end = strchrnul(at, ' ');
        if ((size_t)(end - at) == length && length > 0 && memcmp(at, word, length) == 0)
            return true;
        at = end;
    }
    return false;
}

size_t text_character(const char *at, size_t left, uint32_t *character)
{
    const unsigned char *bytes = (const unsigned char *)at;
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    assert(left);
    size_t length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xf0 ? 4 : bytes[0] >= 0xe0 ? 3 : 2;
    if (length > left || (bytes[0] & 0xc0) == 0x80 || bytes[0] >= 0xf8)
        return 0;
    *character = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80)
            return 0;
        *character = *character << 6 | (bytes[i] & 0x3f);
    }
    bool good = *character >= smallest[length] && *character < 0x110000 && (*character & ~0x7ffu) != 0xd800;
    return good ? length : 0;
}

size_t text_utf16(uint16_t units[2], uint32_t character)
{
    assert(character < 0x110000);
    if (character < 0x10000) {
        units[0] = (uint16_t)character;
        return 1;
    }
    units[0] = (uint16_t)(0xd800 | (character - 0x10000) >> 10);
    units[1] = (uint16_t)(0xdc00 | (character & 0x3ff));
    return 2;
}

void text_mend(char *text)
{
    char *to = text;
    uint32_t character;
    for (size_t left = strlen(text), length; left; text += length, left -= length) {
        size_t whole = text_character(text, left, &character);
        length = whole ? whole : 1;
        memmove(to, text, whole);
        to += whole;
    }
    *to = 0;
}

bool text_is_clean(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    uint32_t character;
    for (size_t i = 0; i < length;) {
        if (at[i] >= 0x20 && at[i] < 0x7f) { // nearly all there is
            i++;
            continue;
        }
        bool c1_control = at[i] == 0xc2 && i + 1 < length && at[i + 1] < 0xa0;
        size_t step = text_character(bytes + i, length - i, &character);
        if (at[i] < 0x20 || at[i] == 0x7f || c1_control || step == 0)
            return false;
        i += step;
    }
    return true;
}

size_t text_letters(const char *text)
{
    size_t letters = 0;
    for (; *text; text++)
        letters += ((unsigned char)*text & 0xc0) != 0x80;
    return letters;
}

bool text_is_slug(const char *text, size_t length)
{
    if (length < 1 || length > 63 || text[0] == '-' || text[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return false;
    }
    return true;
}

bool text_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    const char *digits = text[0] == '-' ? text + 1 : text;
    if (digits[0] < '0' || digits[0] > '9')
        return false;
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || *end || value < min || value > max)
        return false;
    *number = value;
    return true;
}

void text_lower(char *text)
{
    for (; *text; text++)
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text + ('a' - 'A'));
}

// Latin Extended-A and what Romanian needs beyond it: capital and small letter stand beside each other. Within UTF-8 no
// byte of ASCII follows such a lead byte.
char text_small_extended(unsigned char before, unsigned char letter)
{
    static const struct {
        unsigned char lead, first, last; // of the pairs
    } rows[] = {
        {0xc4, 0x80, 0xaf}, // Ā to į, but for the dotted İ that follows
        {0xc4, 0xb2, 0xb7}, // Ĳ to ķ
        {0xc4, 0xb9, 0xbe}, // Ĺ to ľ
        {0xc5, 0x81, 0x88}, // Ł to ň
        {0xc5, 0x8a, 0xb7}, // Ŋ to ŷ
        {0xc5, 0xb9, 0xbe}, // Ź to ž
        {0xc8, 0x80, 0x9f}, // Ȁ to ȟ
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (before == rows[i].lead && letter >= rows[i].first && letter <= rows[i].last)
            return (char)((letter - rows[i].first) % 2 ? letter : letter + 1);
    return (char)(letter >= 'A' && letter <= 'Z' ? letter + 0x20 : letter);
}

void text_lower_name(char *name)
{
    for (char before = 0; *name; before = *name++)
        *name = text_small(before, *name);
}

bool text_same_name(const char *a, size_t a_length, const char *b)
{
    if (strlen(b) != a_length)
        return false;
    for (size_t i = 0; i < a_length; i++)
        if (text_small(i ? a[i - 1] : 0, a[i]) != text_small(i ? b[i - 1] : 0, b[i]))
            return false;
    return true;
}

void text_hex(char *hex, const void *bytes, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < length; i++) {
        hex[2 * i] = digits[from[i] >> 4];
        hex[2 * i + 1] = digits[from[i] & 15];
    }
    hex[2 * length] = 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool text_unhex(void *bytes, size_t length, const char *hex)
{
    if (strlen(hex) != 2 * length)
        return false;
    unsigned char *to = bytes;
    for (size_t i = 0; i < length; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        to[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

bool text_hardware_address(unsigned char address[6], const char *text)
{
    char digits[13];
    if (strlen(text) != 17)
        return false;
    for (size_t i = 0, length = 0; i < 17; i++) {
        if (i % 3 < 2)
            digits[length++] = text[i];
        else if (text[i] != text[2] || (text[i] != ':' && text[i] != '-'))
            return false;
    }
    digits[12] = 0;
    return text_unhex(address, 6, digits);
}

static void wipe_text(struct text *text)
{
    if (text->is_secret && text->bytes)
        explicit_bzero(text->bytes, text->capacity);
}

static void make_room(struct text *text, size_t more)
{
    size_t needed = text->length + more + 1;
    if (text->is_secret && text->bytes && needed > text->capacity) { // realloc would free it as it is
        struct text moved = {.length = text->length, .is_secret = true};
        mem_reserve(&moved.bytes, &moved.capacity, needed, 1);
        memcpy(moved.bytes, text->bytes, text->length);
        text_drop(text);
        *text = moved;
    } else {
        mem_reserve(&text->bytes, &text->capacity, needed, 1);
    }
}

void text_add(struct text *text, const char *bytes, size_t length)
{
    make_room(text, length);
    if (length)
        memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = 0;
}

void text_adds(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_addf(struct text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(length >= 0);
    make_room(text, (size_t)length);
    vsnprintf(text->bytes + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

void text_drop(struct text *text)
{
    wipe_text(text);
    free(text->bytes);
    *text = (struct text){.is_secret = text->is_secret};
}
