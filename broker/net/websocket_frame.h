// SPDX-License-Identifier: EUPL-1.2
// Frames of WebSockets (RFC 6455 section 5) as bytes, for both sides; no sockets. Where a message ends means nothing
// here: what is carried is a stream of bytes, so text is not read.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum websocket_opcode {
    WEBSOCKET_CONTINUED = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10,
};

enum {
    WEBSOCKET_HEAD_MAX = 14,
    WEBSOCKET_CONTROL_MAX = 125, // bytes of a ping, a pong or a close
    WEBSOCKET_MASK_SIZE = 4,
};

enum websocket_event {
    WEBSOCKET_MORE,      // nothing to be told yet
    WEBSOCKET_DATA,      // the next bytes: `data`, `length`, within what was given and unmasked there
    WEBSOCKET_CONTROL,   // a whole ping, pong or close: `opcode`, and `data`, `length` until more is read
    WEBSOCKET_IS_BROKEN, // no more can be read
};

// There is one for each tunnel, of which there are thousands.
struct websocket_frame_reader { // begins as {0}, with `from_client` set; ends with websocket_frame_fini
    bool from_client;           // what clients send is masked, what servers send is not
    bool in_payload, in_message;
    uint8_t opcode, needed, held; // of the head, which is in `head`
    uint8_t at;                   // in the mask
    unsigned char head[WEBSOCKET_HEAD_MAX], mask[WEBSOCKET_MASK_SIZE];
    uint8_t control_length;
    unsigned char *control; // of one that comes in pieces, as far as it has come; NULL: none does
    uint64_t left;          // of the payload
    const unsigned char *data;
    size_t length;
};

void websocket_frame_fini(struct websocket_frame_reader *reader);

// What is to be answered once all that has come is read: of several pings the last one (RFC 6455, section 5.5.3), so
// that nobody is made to write more often than they read.
struct websocket_pong {
    bool is_due;
    uint8_t length;
    unsigned char data[WEBSOCKET_CONTROL_MAX];
};
// A ping was just read.
void websocket_pong_note(struct websocket_pong *pong, const struct websocket_frame_reader *reader);

// Reads on, as far as there is something to be told. Returns how many bytes were read; call it again with the rest.
size_t websocket_frame_read(struct websocket_frame_reader *reader, unsigned char *bytes, size_t length,
                            enum websocket_event *event);
// The head of an unfragmented frame; its length comes back. `mask`: of a client, NULL for a server.
size_t websocket_frame_head(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode, uint64_t length,
                            const unsigned char mask[WEBSOCKET_MASK_SIZE]);
// Applies the mask, or takes it off again. `at`: how many bytes of this payload came before.
void websocket_frame_mask(unsigned char *bytes, size_t length, const unsigned char mask[WEBSOCKET_MASK_SIZE],
                          size_t at);
