// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/byte_span.h"

enum { SHORT_MAX = 0x7f, ONE_BYTE = 0x81, TWO_BYTES = 0x82, LONG_TAG = 0x1f };

const unsigned char *byte_span_cut(struct byte_span *span, size_t length)
{
    const unsigned char *at = span->at;
    if (length > span->left)
        return NULL;
    span->at += length;
    span->left -= length;
    return at;
}

bool byte_span_part(struct byte_span *span, size_t length, struct byte_span *part)
{
    const unsigned char *at = byte_span_cut(span, length);
    if (at)
        *part = (struct byte_span){at, length};
    return at != NULL;
}

bool byte_span_u16(struct byte_span *span, uint16_t *value)
{
    const unsigned char *at = byte_span_cut(span, 2);
    if (at)
        *value = byte_u16(at);
    return at != NULL;
}

// Its head, of which `length` bytes are there; *content is how much comes after it. One byte more than there are: the
// head is longer. 0: it is none.
static size_t head_size(const unsigned char *bytes, size_t length, size_t *content)
{
    size_t tag = length && (bytes[0] & LONG_TAG) == LONG_TAG ? 2 : 1;
    *content = 0;
    if (length <= tag)
        return length + 1;
    unsigned first = bytes[tag];
    size_t more = first == ONE_BYTE ? 1 : first == TWO_BYTES ? 2 : 0;
    if (first > SHORT_MAX && !more)
        return 0;
    if (length < tag + 1 + more)
        return length + 1;
    *content = more ? 0 : first;
    for (size_t i = 1; i <= more; i++)
        *content = *content << 8 | bytes[tag + i];
    return tag + 1 + more;
}

size_t byte_span_element_size(const unsigned char *bytes, size_t length)
{
    size_t content;
    size_t head = head_size(bytes, length, &content);
    return head ? head + content : 0;
}

bool byte_span_element(struct byte_span *span, unsigned tag, struct byte_span *content)
{
    struct byte_span rest = *span;
    size_t length;
    size_t head = head_size(rest.at, rest.left, &length);
    if (!head || head > rest.left)
        return false;
    unsigned found = (rest.at[0] & LONG_TAG) == LONG_TAG ? (unsigned)(rest.at[0] << 8 | rest.at[1]) : rest.at[0];
    byte_span_cut(&rest, head);
    if (found != tag || !byte_span_part(&rest, length, content))
        return false;
    *span = rest;
    return true;
}
