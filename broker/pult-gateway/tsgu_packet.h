// SPDX-License-Identifier: EUPL-1.2
// Packets of MS-TSGU over HTTP (MS-TSGU, sections 2.2.5.3 and 2.2.10) as bytes, from the gateway's side; no sockets,
// and no order: that is tsgu. Of what a client sends only that is read which decides something here: the names that it
// gives of itself and of the host are passed over.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tsgu_type {
    TSGU_TYPE_HANDSHAKE_REQUEST = 0x1,
    TSGU_TYPE_HANDSHAKE_RESPONSE = 0x2,
    TSGU_TYPE_TUNNEL_CREATE = 0x4,
    TSGU_TYPE_TUNNEL_RESPONSE = 0x5,
    TSGU_TYPE_TUNNEL_AUTH = 0x6,
    TSGU_TYPE_TUNNEL_AUTH_RESPONSE = 0x7,
    TSGU_TYPE_CHANNEL_CREATE = 0x8,
    TSGU_TYPE_CHANNEL_RESPONSE = 0x9,
    TSGU_TYPE_DATA = 0xa,
    TSGU_TYPE_SERVICE_MESSAGE = 0xb,
    TSGU_TYPE_KEEPALIVE = 0xd,
    TSGU_TYPE_CLOSE_CHANNEL = 0x10,
    TSGU_TYPE_CLOSE_CHANNEL_RESPONSE = 0x11,
};

// Section 2.2.6, without the bits that make an HRESULT of it: the writers below put them there.
enum tsgu_error {
    TSGU_ERROR_NONE = 0,
    TSGU_ERROR_ABORTED = 0x4d4,
    TSGU_ERROR_INTERNAL = 0x59d8,
    TSGU_ERROR_DENIED = 0x59da,
    TSGU_ERROR_CONNECT_FAILED = 0x59dd,
    TSGU_ERROR_TOO_MANY = 0x59e6,
    TSGU_ERROR_VERSION = 0x59e9,
    TSGU_ERROR_TIMEOUT = 0x59f6,
    TSGU_ERROR_COOKIE_DENIED = 0x59f8,
    TSGU_ERROR_METHOD = 0x59f9,
};

enum {
    TSGU_METHOD_PAA = 0x2, // a cookie, which is our token
    TSGU_CAPABILITY_IDLE_TIMEOUT = 0x2,
    TSGU_CAPABILITY_SERVICE_MESSAGE = 0x8,
    TSGU_NO_DRIVES = 0x1,
    TSGU_NO_PRINTERS = 0x2,
    TSGU_NO_PORTS = 0x4,
    TSGU_NO_CLIPBOARD = 0x8,
    TSGU_NO_PLUG_AND_PLAY = 0x10,
};

enum {
    TSGU_HEAD_SIZE = 8,
    TSGU_DATA_HEAD_SIZE = 10, // its length is there once more
    TSGU_DATA_MAX = UINT16_MAX,
    TSGU_PACKET_MAX = TSGU_DATA_HEAD_SIZE + TSGU_DATA_MAX,
    TSGU_ANSWER_MAX = 26, // the longest but for messages
};

// ---- reading

enum tsgu_packet_event {
    TSGU_PACKET_MORE,      // nothing to be told yet
    TSGU_PACKET_WHOLE,     // any but DATA: `type`, and `body_length` bytes of `body`
    TSGU_PACKET_DATA,      // the next bytes of the channel: `data`, `length`, within what was given
    TSGU_PACKET_IS_BROKEN, // no more can be read
};

struct tsgu_packet_reader { // begins as {0}, with `body` and `room` or without
    unsigned char *body;    // the caller's; of what does not fit there only the beginning is kept
    uint16_t room, body_length;
    uint16_t type;
    uint8_t held; // of the head
    bool in_body;
    uint32_t left; // of the body
    unsigned char head[TSGU_DATA_HEAD_SIZE];
    const unsigned char *data;
    size_t length;
};

// Reads on, as far as there is something to be told. Returns how many bytes were read; call it again with the rest.
// Frames of the WebSocket mean nothing here: the packets are a stream.
size_t tsgu_packet_read(struct tsgu_packet_reader *reader, const unsigned char *bytes, size_t length,
                        enum tsgu_packet_event *event);

struct tsgu_handshake {
    uint8_t major, minor;
    uint16_t methods; // TSGU_METHOD_*
};
// False, here and below: the body is too short.
bool tsgu_packet_handshake(const unsigned char *body, size_t length, struct tsgu_handshake *handshake)
    __attribute__((warn_unused_result));

enum { TSGU_COOKIE_MAX = 64, TSGU_ROOM = 18 + 2 * (TSGU_COOKIE_MAX + 1) }; // letters; body of a TUNNEL_CREATE with them
struct tsgu_tunnel_create {
    uint32_t capabilities;            // TSGU_CAPABILITY_*
    char cookie[TSGU_COOKIE_MAX + 1]; // secret; empty: there is none, or none of ours: too long, or not in ASCII
};
bool tsgu_packet_tunnel_create(const unsigned char *body, size_t length, struct tsgu_tunnel_create *create)
    __attribute__((warn_unused_result));

// ---- writing: how long it is then

size_t tsgu_packet_handshake_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error);
size_t tsgu_packet_tunnel_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error);
// `forbidden`: TSGU_NO_*. Only some clients keep to it.
size_t tsgu_packet_tunnel_auth_response(unsigned char to[TSGU_ANSWER_MAX], uint32_t forbidden, uint32_t idle_minutes);
size_t tsgu_packet_channel_response(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error);
size_t tsgu_packet_close(unsigned char to[TSGU_ANSWER_MAX], enum tsgu_error error);
size_t tsgu_packet_close_response(unsigned char to[TSGU_ANSWER_MAX]);
size_t tsgu_packet_keepalive(unsigned char to[TSGU_ANSWER_MAX]);
// What goes before 1 to TSGU_DATA_MAX bytes of the channel.
void tsgu_packet_data_head(unsigned char head[TSGU_DATA_HEAD_SIZE], size_t length);
// A sentence for the person. `to` has room for TSGU_MESSAGE_SIZE(strlen(text)); `text` is valid UTF-8.
#define TSGU_MESSAGE_SIZE(letters) (TSGU_DATA_HEAD_SIZE + 2 * ((letters) + 1))
size_t tsgu_packet_message(unsigned char *to, const char *text);
