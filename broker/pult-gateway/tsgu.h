// SPDX-License-Identifier: EUPL-1.2
// A conversation by MS-TSGU (section 3.3.5), the gateway's side of it: which packet may come when, and what is
// answered. Only bytes; the way that has the connection asks the broker, dials, and sends the answers. All that comes
// is hostile.
#pragma once
#include "broker/api/channel.h"
#include "broker/pult-gateway/tsgu_packet.h"

enum tsgu_state {
    TSGU_GREETS,     // a handshake is to come
    TSGU_CREATES,    // a tunnel is to be asked for, with the token
    TSGU_IS_JUDGED,  // the broker was asked: tsgu_admit or tsgu_refuse
    TSGU_AUTHORIZES, // the terms of the tunnel are to be asked for
    TSGU_NAMES,      // a channel is to be asked for; where it leads the broker has said
    TSGU_IS_DIALLED, // the session host was: tsgu_connected or tsgu_refuse
    TSGU_IS_OPEN,
    TSGU_IS_CLOSED, // by us; what still comes is passed over
    TSGU_IS_GONE,   // nothing is read any more
    TSGU_STATE_COUNT,
};

enum tsgu_event {
    TSGU_MORE,          // nothing to be done but to send the answer
    TSGU_SHOWS_TOKEN,   // `token`: ask the broker
    TSGU_WANTS_CHANNEL, // dial
    TSGU_SAYS,          // `data`, `length`, within what was given: for the session host
    TSGU_LEAVES,        // send the answer and close
    TSGU_IS_BROKEN,     // close: what came was not the protocol
};

struct tsgu_step {
    enum tsgu_event event;
    const unsigned char *data;
    size_t length;        // 0 but with TSGU_SAYS
    size_t answer_length; // 0: nothing is to be sent
    unsigned char answer[TSGU_ANSWER_MAX];
    char token[CHANNEL_TOKEN_SIZE]; // with TSGU_SHOWS_TOKEN alone; the caller wipes it
};

struct tsgu {
    struct tsgu_packet_reader packets;
    enum tsgu_state state;
    bool hears_messages;
    uint32_t forbidden, idle_minutes;
};

// What the broker allows.
struct tsgu_terms {
    bool clipboard, drives, printers;
    uint32_t idle_minutes; // 0: no limit
};

// `room` is the caller's, until the channel is open or refused. A token that came in pieces is there until it is whole:
// who gives up earlier wipes it.
void tsgu_begin(struct tsgu *tsgu, unsigned char room[TSGU_ROOM]);
// Reads on, as far as there is something to be done. Returns how many bytes were read; call it again with the rest, but
// after TSGU_SHOWS_TOKEN and TSGU_WANTS_CHANNEL not before they are answered, and after TSGU_LEAVES and TSGU_IS_BROKEN
// never.
size_t tsgu_read(struct tsgu *tsgu, const unsigned char *bytes, size_t length, struct tsgu_step *step);
// These three: how long the answer is.
size_t tsgu_admit(struct tsgu *tsgu, const struct tsgu_terms *terms, unsigned char answer[TSGU_ANSWER_MAX]);
size_t tsgu_connected(struct tsgu *tsgu, unsigned char answer[TSGU_ANSWER_MAX]);
size_t tsgu_refuse(struct tsgu *tsgu, enum tsgu_error error, unsigned char answer[TSGU_ANSWER_MAX]);
// An open channel is closed. Who has the connection waits for TSGU_LEAVES, but not for long.
size_t tsgu_close(struct tsgu *tsgu, enum channel_reason reason, unsigned char answer[TSGU_ANSWER_MAX]);
// A sentence for the person: how long it is in `to`, which is as large as tsgu_packet_message wants it. 0: there is no
// open channel, or the client shows none.
size_t tsgu_notice(const struct tsgu *tsgu, const char *text, unsigned char *to);
