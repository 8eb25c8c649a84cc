// SPDX-License-Identifier: EUPL-1.2
// Hostile bytes, read from the front: what is not there is not read. DER and BER, too: OpenSSL's reader does not tell
// what is not whole yet from what is wrong.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_span {
    const unsigned char *at;
    size_t left;
};

// All of these leave the span as it is when they fail.
const unsigned char *byte_span_cut(struct byte_span *span, size_t length); // NULL: so many are not left
bool byte_span_part(struct byte_span *span, size_t length, struct byte_span *part);
bool byte_span_u16(struct byte_span *span, uint16_t *value); // the lowest byte first
// The content of the next element, which must have this tag: one byte, or 0x7fNN. Of definite length, up to 64 kB.
bool byte_span_element(struct byte_span *span, unsigned tag, struct byte_span *content);
// How long the element is that begins here, its head included, as far as that can be told: more than `length` when its
// head is not whole. 0: it is too long, or none.
size_t byte_span_element_size(const unsigned char *bytes, size_t length);

// The lowest byte first.
static inline uint16_t byte_u16(const unsigned char *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t byte_u32(const unsigned char *at)
{
    return (uint32_t)byte_u16(at) | (uint32_t)byte_u16(at + 2) << 16;
}

static inline void byte_put_u16(unsigned char *at, uint16_t value)
{
    at[0] = (unsigned char)value;
    at[1] = (unsigned char)(value >> 8);
}

static inline void byte_put_u32(unsigned char *at, uint32_t value)
{
    byte_put_u16(at, (uint16_t)value);
    byte_put_u16(at + 2, (uint16_t)(value >> 16));
}
