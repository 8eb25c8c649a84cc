// SPDX-License-Identifier: EUPL-1.2
#include "broker/net/websocket_frame.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAD_LEAST = 2,
    FIN = 0x80,
    RESERVED = 0x70,
    OPCODE = 0x0f,
    MASKED = 0x80,
    LENGTH = 0x7f,
    LONG = 126,
    LONGER = 127
};

static bool is_control(unsigned opcode)
{
    return opcode & 8;
}

static size_t head_size(const unsigned char *head)
{
    unsigned length = head[1] & LENGTH;
    size_t extended = length == LONG ? 2 : length == LONGER ? 8 : 0;
    return HEAD_LEAST + extended + (head[1] & MASKED ? (size_t)WEBSOCKET_MASK_SIZE : 0);
}

// Of a head that is whole.
static uint64_t payload_of(const unsigned char *head, const unsigned char **mask)
{
    uint64_t length = head[1] & LENGTH;
    size_t bytes = length == LONG ? 2 : length == LONGER ? 8 : 0;
    if (bytes)
        length = 0;
    for (size_t i = 0; i < bytes; i++)
        length = length << 8 | head[HEAD_LEAST + i];
    *mask = head + HEAD_LEAST + bytes;
    return length;
}

// No extension was agreed on, so the reserved bits are 0.
static bool head_is_right(const struct websocket_frame_reader *reader, const unsigned char *head, uint64_t length)
{
    unsigned opcode = head[0] & OPCODE;
    bool is_last = head[0] & FIN;
    if (head[0] & RESERVED || !(head[1] & MASKED) != !reader->from_client || length > INT64_MAX)
        return false;
    if (is_control(opcode))
        return is_last && length <= WEBSOCKET_CONTROL_MAX && opcode <= WEBSOCKET_PONG;
    if (opcode == WEBSOCKET_CONTINUED)
        return reader->in_message;
    return opcode == WEBSOCKET_BINARY && !reader->in_message;
}

static bool begin_payload(struct websocket_frame_reader *reader)
{
    const unsigned char *mask;
    uint64_t length = payload_of(reader->head, &mask);
    if (!head_is_right(reader, reader->head, length))
        return false;
    reader->opcode = reader->head[0] & OPCODE;
    if (!is_control(reader->opcode))
        reader->in_message = !(reader->head[0] & FIN);
    if (reader->from_client)
        memcpy(reader->mask, mask, WEBSOCKET_MASK_SIZE);
    reader->left = length;
    reader->at = 0;
    reader->held = reader->needed = 0;
    reader->in_payload = true;
    return true;
}

// How many bytes of the head were there. *whole: a payload begins, or it is wrong.
static size_t read_head(struct websocket_frame_reader *reader, const unsigned char *bytes, size_t length, bool *whole)
{
    size_t used = 0;
    if (!reader->needed)
        reader->needed = HEAD_LEAST;
    while (used < length && reader->held < reader->needed) {
        reader->head[reader->held++] = bytes[used++];
        if (reader->held == HEAD_LEAST)
            reader->needed = (uint8_t)head_size(reader->head);
    }
    *whole = reader->held == reader->needed;
    return used;
}

void websocket_frame_fini(struct websocket_frame_reader *reader)
{
    free(take(reader->control));
    reader->control_length = 0;
}

static enum websocket_event end_control(struct websocket_frame_reader *reader, const unsigned char *data, size_t length)
{
    reader->in_payload = false;
    reader->data = data;
    reader->length = length;
    return WEBSOCKET_CONTROL;
}

// Nearly all come whole.
static enum websocket_event take_control(struct websocket_frame_reader *reader, const unsigned char *bytes,
                                         size_t length)
{
    if (!reader->left && !reader->control)
        return end_control(reader, bytes, length);
    if (!reader->control)
        reader->control = mem_new(WEBSOCKET_CONTROL_MAX, 1);
    assert(reader->control_length + length <= WEBSOCKET_CONTROL_MAX);
    memcpy(reader->control + reader->control_length, bytes, length);
    reader->control_length = (uint8_t)(reader->control_length + length);
    return reader->left ? WEBSOCKET_MORE : end_control(reader, reader->control, reader->control_length);
}

static enum websocket_event take_payload(struct websocket_frame_reader *reader, unsigned char *bytes, size_t length)
{
    if (reader->from_client)
        websocket_frame_mask(bytes, length, reader->mask, reader->at);
    reader->at = (uint8_t)((reader->at + length) % WEBSOCKET_MASK_SIZE);
    reader->left -= length;
    if (is_control(reader->opcode))
        return take_control(reader, bytes, length);
    reader->in_payload = reader->left > 0;
    reader->data = bytes;
    reader->length = length;
    return WEBSOCKET_DATA;
}

size_t websocket_frame_read(struct websocket_frame_reader *reader, unsigned char *bytes, size_t length,
                            enum websocket_event *event)
{
    size_t used = 0;
    *event = WEBSOCKET_MORE;
    if (!reader->in_payload) {
        websocket_frame_fini(reader);
        bool whole = false;
        used = read_head(reader, bytes, length, &whole);
        if (whole && !begin_payload(reader))
            *event = WEBSOCKET_IS_BROKEN;
        if (whole && *event == WEBSOCKET_MORE && !reader->left) {
            if (is_control(reader->opcode))
                *event = end_control(reader, bytes, 0);
            reader->in_payload = false;
            return used;
        }
        if (!reader->in_payload || *event != WEBSOCKET_MORE)
            return used;
    }
    size_t some = length - used < reader->left ? length - used : (size_t)reader->left;
    if (some)
        *event = take_payload(reader, bytes + used, some);
    return used + some;
}

void websocket_pong_note(struct websocket_pong *pong, const struct websocket_frame_reader *reader)
{
    assert(reader->opcode == WEBSOCKET_PING && reader->length <= sizeof pong->data);
    pong->is_due = true;
    pong->length = (uint8_t)reader->length;
    if (reader->length)
        memcpy(pong->data, reader->data, reader->length);
}

size_t websocket_frame_head(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t length,
                            const unsigned char mask[WEBSOCKET_MASK_SIZE])
{
    size_t bytes = length < LONG ? 0 : length <= UINT16_MAX ? 2 : 8;
    head[0] = (unsigned char)(FIN | opcode);
    head[1] = (unsigned char)(bytes == 0 ? length : bytes == 2 ? LONG : LONGER);
    for (size_t i = 0; i < bytes; i++)
        head[HEAD_LEAST + i] = (unsigned char)(length >> (8 * (bytes - 1 - i)));
    if (!mask)
        return HEAD_LEAST + bytes;
    head[1] |= MASKED;
    memcpy(head + HEAD_LEAST + bytes, mask, WEBSOCKET_MASK_SIZE);
    return HEAD_LEAST + bytes + WEBSOCKET_MASK_SIZE;
}

// Eight bytes at a time, from wherever the mask is to be begun.
void websocket_frame_mask(unsigned char *bytes, size_t length, const unsigned char mask[WEBSOCKET_MASK_SIZE], size_t at)
{
    unsigned char turned[8];
    uint64_t wide, word;
    for (size_t i = 0; i < sizeof turned; i++)
        turned[i] = mask[(at + i) % WEBSOCKET_MASK_SIZE];
    memcpy(&wide, turned, sizeof wide);
    for (; length >= sizeof word; length -= sizeof word, bytes += sizeof word) {
        memcpy(&word, bytes, sizeof word);
        word ^= wide;
        memcpy(bytes, &word, sizeof word);
    }
    for (size_t i = 0; i < length; i++)
        bytes[i] ^= turned[i];
}
