// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/tsgu_packet.h"
#include "broker/base/text.h"

#include <assert.h>
#include <string.h>

enum {
    LENGTH_AT = 4,
    DATA_LENGTH_AT = 8,
    // Fields that are there (section 2.2.5.3).
    HAS_COOKIE = 0x1,
    HAS_TUNNEL_TO_RENEW = 0x2,
    HAS_TUNNEL_ID = 0x1,
    HAS_CAPABILITIES = 0x2,
    HAS_REDIRECTIONS = 0x1,
    HAS_IDLE_TIMEOUT = 0x2,
    HAS_CHANNEL_ID = 0x1,
    THE_ONE_ID = 1, // there is one tunnel in a connection, and one channel in a tunnel
};

static uint16_t little16(const unsigned char *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t little32(const unsigned char *bytes)
{
    return little16(bytes) | (uint32_t)little16(bytes + 2) << 16;
}

// ---- reading

static bool is_data(const struct tsgu_packet_reader *reader)
{
    return little16(reader->head) == TSGU_TYPE_DATA;
}

static size_t head_size(const struct tsgu_packet_reader *reader)
{
    return reader->held >= TSGU_HEAD_SIZE && is_data(reader) ? TSGU_DATA_HEAD_SIZE : TSGU_HEAD_SIZE;
}

static bool begin_body(struct tsgu_packet_reader *reader)
{
    uint32_t length = little32(reader->head + LENGTH_AT);
    if (length < reader->held || length > TSGU_PACKET_MAX)
        return false;
    reader->type = little16(reader->head);
    reader->left = length - reader->held;
    if (is_data(reader) && reader->left != little16(reader->head + DATA_LENGTH_AT))
        return false;
    reader->in_body = true;
    reader->body_length = 0;
    return true;
}

static size_t read_packet_head(struct tsgu_packet_reader *reader, const unsigned char *bytes, size_t length)
{
    size_t used = 0;
    while (used < length && reader->held < head_size(reader))
        reader->head[reader->held++] = bytes[used++];
    return used;
}

static void keep_body(struct tsgu_packet_reader *reader, const unsigned char *bytes, size_t length)
{
    size_t room = (size_t)(reader->room - reader->body_length);
    if (length > room)
        length = room;
    if (length)
        memcpy(reader->body + reader->body_length, bytes, length);
    reader->body_length = (uint16_t)(reader->body_length + length);
}

static enum tsgu_packet_event take_body(struct tsgu_packet_reader *reader, const unsigned char *bytes, size_t length)
{
    bool data = is_data(reader);
    reader->left -= (uint32_t)length;
    if (!reader->left) {
        reader->in_body = false;
        reader->held = 0;
    }
    if (!data) {
        keep_body(reader, bytes, length);
        return reader->left ? TSGU_PACKET_MORE : TSGU_PACKET_WHOLE;
    }
    reader->data = bytes;
    reader->length = length;
    return length ? TSGU_PACKET_DATA : TSGU_PACKET_MORE;
}

size_t tsgu_packet_read(struct tsgu_packet_reader *reader, const unsigned char *bytes, size_t length,
                        enum tsgu_packet_event *event)
{
    size_t used = 0;
    *event = TSGU_PACKET_MORE;
    if (!reader->in_body) {
        used = read_packet_head(reader, bytes, length);
        if (reader->held < head_size(reader))
            return used;
        if (!begin_body(reader)) {
            *event = TSGU_PACKET_IS_BROKEN;
            return used;
        }
    }
    size_t some = length - used < reader->left ? length - used : reader->left;
    if (some || !reader->left)
        *event = take_body(reader, bytes + used, some);
    return used + some;
}

bool tsgu_packet_handshake(const unsigned char *body, size_t length, struct tsgu_handshake *handshake)
{
    if (length < 6)
        return false;
    *handshake = (struct tsgu_handshake){.major = body[0], .minor = body[1], .methods = little16(body + 4)};
    return true;
}

// UTF-16, with a NUL at its end or without. Of ours every letter is ASCII.
static void read_cookie(char cookie[TSGU_COOKIE_MAX + 1], const unsigned char *utf16, size_t length)
{
    size_t letters = length / 2;
    if (letters && !little16(utf16 + 2 * (letters - 1)))
        letters--;
    bool right = length % 2 == 0 && letters <= TSGU_COOKIE_MAX;
    for (size_t i = 0; right && i < letters; i++) {
        uint16_t letter = little16(utf16 + 2 * i);
        right = letter > ' ' && letter < 127;
        cookie[i] = (char)letter;
    }
    cookie[right ? letters : 0] = 0;
}

bool tsgu_packet_tunnel_create(const unsigned char *body, size_t length, struct tsgu_tunnel_create *create)
{
    size_t at = 8;
    if (length < at)
        return false;
    uint16_t fields = little16(body + 4);
    create->capabilities = little32(body);
    create->cookie[0] = 0;
    if (fields & HAS_TUNNEL_TO_RENEW)
        at += 8;
    if (!(fields & HAS_COOKIE))
        return true;
    if (length < at + 2)
        return false;
    size_t size = little16(body + at);
    at += 2;
    if (size <= length - at)
        read_cookie(create->cookie, body + at, size);
    return true;
}

// ---- writing

struct packet_writer {
    unsigned char *to;
    size_t length;
};

static void put16(struct packet_writer *packet, uint32_t number)
{
    packet->to[packet->length++] = (unsigned char)number;
    packet->to[packet->length++] = (unsigned char)(number >> 8);
}

static void put32(struct packet_writer *packet, uint32_t number)
{
    put16(packet, number);
    put16(packet, number >> 16);
}

static struct packet_writer begin_packet(unsigned char *to, enum tsgu_type type)
{
    struct packet_writer packet = {.to = to};
    put16(&packet, type);
    put16(&packet, 0);
    put32(&packet, 0); // its length: see end_packet
    return packet;
}

static size_t end_packet(struct packet_writer *packet)
{
    struct packet_writer length = {.to = packet->to, .length = LENGTH_AT};
    put32(&length, (uint32_t)packet->length);
    return packet->length;
}

// All of them as HRESULTs, also those that section 2.2.6 has as bare codes for other transports: FreeRDP takes a code
// without the bit of failure for success.
static void put_error(struct packet_writer *packet, enum tsgu_error error)
{
    put32(packet, error ? 0x80070000u | (uint32_t)error : 0);
}

size_t tsgu_packet_handshake_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_HANDSHAKE_RESPONSE);
    put_error(&packet, error);
    put16(&packet, 1); // version 1.0
    put16(&packet, 0);
    put16(&packet, TSGU_METHOD_PAA);
    return end_packet(&packet);
}

size_t tsgu_packet_tunnel_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_TUNNEL_RESPONSE);
    put16(&packet, 0); // version
    put_error(&packet, error);
    put16(&packet, error ? 0 : HAS_TUNNEL_ID | HAS_CAPABILITIES);
    put16(&packet, 0);
    if (!error) {
        put32(&packet, THE_ONE_ID);
        put32(&packet, TSGU_CAPABILITY_IDLE_TIMEOUT | TSGU_CAPABILITY_SERVICE_MESSAGE);
    }
    return end_packet(&packet);
}

size_t tsgu_packet_tunnel_auth_response(unsigned char to[TSGU_ANSWER_MAX], uint32_t forbidden, uint32_t idle_minutes)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_TUNNEL_AUTH_RESPONSE);
    put_error(&packet, TSGU_ERROR_NONE);
    put16(&packet, HAS_REDIRECTIONS | HAS_IDLE_TIMEOUT);
    put16(&packet, 0);
    put32(&packet, forbidden);
    put32(&packet, idle_minutes);
    return end_packet(&packet);
}

size_t tsgu_packet_channel_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_CHANNEL_RESPONSE);
    put_error(&packet, error);
    put16(&packet, error ? 0 : HAS_CHANNEL_ID);
    put16(&packet, 0);
    if (!error)
        put32(&packet, THE_ONE_ID);
    return end_packet(&packet);
}

size_t tsgu_packet_close(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_CLOSE_CHANNEL);
    put_error(&packet, error);
    return end_packet(&packet);
}

size_t tsgu_packet_close_response(unsigned char to[TSGU_ANSWER_MAX])
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_CLOSE_CHANNEL_RESPONSE);
    put_error(&packet, TSGU_ERROR_NONE);
    return end_packet(&packet);
}

size_t tsgu_packet_keepalive(unsigned char to[TSGU_ANSWER_MAX])
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_KEEPALIVE);
    return end_packet(&packet);
}

void tsgu_packet_data_head(unsigned char head[TSGU_DATA_HEAD_SIZE], size_t length)
{
    assert(length > 0 && length <= TSGU_DATA_MAX);
    struct packet_writer packet = {.to = head};
    put16(&packet, TSGU_TYPE_DATA);
    put16(&packet, 0);
    put32(&packet, (uint32_t)(TSGU_DATA_HEAD_SIZE + length));
    put16(&packet, (uint32_t)length);
}

size_t tsgu_packet_message(unsigned char *to, const char *text)
{
    struct packet_writer packet = begin_packet(to, TSGU_TYPE_SERVICE_MESSAGE), size = packet;
    put16(&packet, 0);
    for (size_t left = strlen(text), some; left; text += some, left -= some) {
        uint32_t character;
        uint16_t units[2];
        some = text_character(text, left, &character);
        assert(some);
        size_t count = text_utf16(units, character);
        for (size_t i = 0; i < count; i++)
            put16(&packet, units[i]);
    }
    put16(&packet, 0);
    assert(packet.length <= TSGU_PACKET_MAX);
    put16(&size, (uint32_t)(packet.length - TSGU_DATA_HEAD_SIZE));
    return end_packet(&packet);
}
