// SPDX-License-Identifier: EUPL-1.2
// Passes bytes both ways between a WebSocket and a bare line, which has no frames: the payload of binary frames is the
// stream. Either line may have TLS. Also between two lines of which neither has frames. Nothing is kept for one that is
// idle; only what the other side does not take at once is kept, and as long as it is nothing more is read, so who does
// not read slows down who writes.
#pragma once
#include "broker/base/loop.h"
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"

struct websocket_pump;
struct websocket_pool;

// What all of a program share: room to read into, and how many bytes may be kept in all.
// `wipes`: there are passwords among the bytes, and nothing of what was passed on stays in memory.
struct websocket_pool *websocket_pool_new(struct loop *loop, size_t kept_max, bool wipes);
void websocket_pool_free(struct websocket_pool *pool); // after its pumps; NULL allowed

enum websocket_pump_end {
    WEBSOCKET_PUMP_WEB,    // the WebSocket ended, or failed
    WEBSOCKET_PUMP_BARE,   // the bare line did
    WEBSOCKET_PUMP_BROKEN, // what came was no WebSocket
};

// What the payload of the frames is, or what comes without frames, where it is not the stream itself.
enum { WEBSOCKET_CONTENT_HEAD_MAX = 16, WEBSOCKET_CONTENT_ANSWER_MAX = 32 };

enum websocket_content_end { WEBSOCKET_CONTENT_GOES_ON, WEBSOCKET_CONTENT_ENDS, WEBSOCKET_CONTENT_IS_BROKEN };

struct websocket_piece {
    const unsigned char *data; // for the bare line, until the next reading
    size_t length;
    unsigned char answer[WEBSOCKET_CONTENT_ANSWER_MAX]; // goes back in a frame of its own
    size_t answer_length;
    enum websocket_content_end end; // after the answer
};

struct websocket_content {
    size_t head_size; // of what `wrap` writes before each piece of the stream, of at most `piece_max` bytes
    size_t piece_max;
    void (*wrap)(void *state, unsigned char *head, size_t length); // NULL: the stream goes as it is
    // Reads payload as far as there is something to be told, and fills the piece; how many bytes were read.
    size_t (*unwrap)(void *state, const unsigned char *bytes, size_t length, struct websocket_piece *piece);
};

// It is over; never from within websocket_pump_new, perhaps from within websocket_pump_start. May free the pump:
// it passes nothing any more.
typedef void websocket_pump_ended(void *arg, enum websocket_pump_end end);

enum websocket_role {
    WEBSOCKET_SERVER, // we are the server's side of the WebSocket
    WEBSOCKET_CLIENT,
    WEBSOCKET_NONE, // there are no frames: `web` is bare, too
};

// Takes over both lines, whose handshakes and upgrade are done.
struct websocket_pump *websocket_pump_new(struct websocket_pool *pool, const struct tls_line *web,
                                          enum websocket_role role, const struct tls_line *bare,
                                          websocket_pump_ended *ended, void *arg);
// Before it begins. `state` goes to the content's functions; `frames`: how far the WebSocket has been read already;
// it is taken over; NULL where there is none.
void websocket_pump_carry(struct websocket_pump *pump, const struct websocket_content *content, void *state,
                          struct websocket_frame_reader *frames);
// Begins. `early`: bytes of the WebSocket that came with what was said before it; they are changed, or wiped.
void websocket_pump_start(struct websocket_pump *pump, unsigned char *early, size_t length);
void websocket_pump_free(struct websocket_pump *pump); // says goodbye, if that was not said; NULL allowed
void websocket_pump_ping(struct websocket_pump *pump);
enum { WEBSOCKET_SAY_MAX = 1024 };
// A frame between those of the stream.
void websocket_pump_say(struct websocket_pump *pump, const unsigned char *bytes, size_t length);
// One before it is freed; nobody is told if it cannot be written.
void websocket_pump_say_last(struct websocket_pump *pump, const unsigned char *bytes, size_t length);
// The WebSocket's own last word (RFC 6455, section 5.5.1), before it is freed; `why` is short.
void websocket_pump_say_goodbye(struct websocket_pump *pump, uint16_t code, const char *why);

struct websocket_figures {
    int64_t bytes_to_bare, bytes_to_web; // payload
    int64_t web_heard_ms, payload_ms;    // steady: of the WebSocket, anything; of either, payload
    bool keeps;                          // one side does not take at once what it was sent
};
void websocket_pump_figures(const struct websocket_pump *pump, struct websocket_figures *figures);

enum { WEBSOCKET_KEY_ANSWER_SIZE = 29 };
// Sec-WebSocket-Accept for a Sec-WebSocket-Key, whatever that looks like.
void websocket_key_answer(char answer[WEBSOCKET_KEY_ANSWER_SIZE], const char *key);
