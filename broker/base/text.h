// SPDX-License-Identifier: EUPL-1.2
// Bounded text: copying that tells when it does not fit, growing text, checks of what comes from outside.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// False, and `to` empty, when `from` does not fit with its NUL.
bool text_copy(char *to, size_t size, const char *from) __attribute__((warn_unused_result));
// For text that is known to fit: asserts.
void text_put(char *to, size_t size, const char *from);
#define TEXT_PUT(array, from) text_put((array), sizeof(array), (from))
// Cuts at the end of a UTF-8 character where it does not fit.
void text_cut(char *to, size_t size, const char *from);
// Lines in one, with "; " between, cut as above.
void text_one_line(char *to, size_t size, const char *lines);

bool text_equal(const char *a, const char *b);
bool text_starts(const char *text, const char *start);
bool text_has_word(const char *words, const char *word); // of a list with spaces between
// Valid UTF-8 without control characters (tab and newline included).
bool text_is_clean(const char *bytes, size_t length);
// The length of the UTF-8 character at `at`, 0 if it is none (RFC 3629: no surrogates, no over-long forms); `left` > 0.
size_t text_character(const char *at, size_t left, uint32_t *character);
// How many units it is in UTF-16, 1 or 2.
size_t text_utf16(uint16_t units[2], uint32_t character);
size_t text_letters(const char *text); // of valid UTF-8
// A name of ours: 1 to 63 of a-z 0-9 -, beginning and ending with a letter or digit.
bool text_is_slug(const char *text, size_t length);
// Whole decimal number between min and max, nothing around it.
bool text_number(const char *text, int64_t min, int64_t max, int64_t *number) __attribute__((warn_unused_result));
// Leaves out what is no UTF-8, in place: the half of a letter where something was cut by bytes.
void text_mend(char *text);
// Lower-case ASCII, in place.
void text_lower(char *text);
// The same for what people are called, which may begin with Ö, Ł, Š or Ș: Latin letters whose other case is as long
// and begins with the same byte. The Turkish İ is not one of them.
void text_lower_name(char *name);
char text_small_extended(unsigned char before, unsigned char letter);
// One byte of it, by the one before; 0 at the beginning.
static inline char text_small(char before, char c)
{
    unsigned char letter = (unsigned char)c;
    if ((unsigned char)before >= 0xc4)
        return text_small_extended((unsigned char)before, letter);
    // In UTF-8 the capitals of Latin-1 beyond ASCII are C3 and 80 to 9E (97 is the times sign), the others 20 further.
    bool beyond = (unsigned char)before == 0xc3 && letter >= 0x80 && letter <= 0x9e && letter != 0x97;
    return (char)(beyond || (letter >= 'A' && letter <= 'Z') ? letter + 0x20 : letter);
}
// Whether they are equal in such lower case.
bool text_same_name(const char *a, size_t a_length, const char *b);

// `hex` has room for 2 * length + 1.
void text_hex(char *hex, const void *bytes, size_t length);
// False unless `hex` is exactly 2 * length hexadecimal digits.
bool text_unhex(void *bytes, size_t length, const char *hex) __attribute__((warn_unused_result));

// A network card's address: 00:11:22:aa:bb:cc, or with dashes.
bool text_hardware_address(unsigned char address[6], const char *text) __attribute__((warn_unused_result));

// Growing text; always ends in NUL. Starts as {0}; text_drop frees. Of one that is secret nothing stays behind where it
// grew out of its room, nor when it is dropped.
struct text {
    char *bytes;
    size_t length;
    size_t capacity;
    bool is_secret;
};

void text_add(struct text *text, const char *bytes, size_t length);
void text_adds(struct text *text, const char *string);
__attribute__((format(printf, 2, 3))) void text_addf(struct text *text, const char *format, ...);
void text_drop(struct text *text);
