// SPDX-License-Identifier: EUPL-1.2
// The sessions that this gateway carries: from the moment that bytes pass until the last one, with their limits, pings
// and figures. Those of desks that speak to the broker are among them, as channels without a name.
#pragma once
#include "broker/api/gateway_link.h"
#include "broker/net/websocket_pump.h"

struct tunnels;

struct tunnel_limits {
    int64_t all, person, network; // at a time
    int64_t buffer_bytes;         // see websocket_pool_new
};

// What a channel came to.
struct tunnel_end {
    struct gateway_channel channel;
    enum channel_reason reason;
    int64_t bytes_to_host, bytes_to_person;
};
typedef void tunnel_ended(void *arg, const struct tunnel_end *end);

struct tunnels *tunnels_new(struct loop *loop, const struct tunnel_limits *limits, tunnel_ended *ended, void *arg);
void tunnels_free(struct tunnels *tunnels); // all are cut; nobody is told; NULL allowed
// Whether there may be one more, of this person ("" for a desk's way to the broker), from this network. False with why,
// for the log. Anybody can say that they are a desk: half of all is for others.
bool tunnels_have_room(const struct tunnels *tunnels, const char *person, const char *network, struct fault *why)
    __attribute__((warn_unused_result));

// What the frames carry where that is not the stream as it is.
struct tunnel_content {
    struct websocket_content frames;
    // These write a packet, and say how long it is. 0: nothing can be said. NULL: this way has no words for it.
    size_t (*notice)(void *state, const char *text, unsigned char packet[WEBSOCKET_SAY_MAX]);
    size_t (*farewell)(void *state, enum channel_reason reason, unsigned char packet[WEBSOCKET_SAY_MAX]);
    size_t (*keepalive)(void *state, unsigned char packet[WEBSOCKET_SAY_MAX]); // which its programs answer
    void (*end)(void *state);
};

// What a WebSocket is closed with, and the reason (enum channel_reason) added to it; RFC 6455, section 7.4.2.
enum { TUNNEL_GOODBYE = 4000 };

struct tunnel_plan {
    struct tls_line caller; // upgraded to a WebSocket; taken over
    struct tls_line far;    // the session host, or the broker; taken over
    struct gateway_channel channel;
    int64_t idle_minutes, max_minutes; // 0: no limit
    unsigned char *early;              // what the caller has said already
    size_t early_length;
    const struct tunnel_content *content;  // NULL: the stream as it is
    void *state;                           // of the content, which ends it
    struct websocket_frame_reader *frames; // how far it has come by then; taken over
    bool has_no_frames;                    // the caller's line is no WebSocket, and pings nobody
};
void tunnels_open(struct tunnels *tunnels, const struct tunnel_plan *plan);
// The broker has it closed. False: it is not there.
bool tunnels_close(struct tunnels *tunnels, const char *channel, enum channel_reason reason);
// A sentence for the person in it, where their program shows such.
void tunnels_notice(struct tunnels *tunnels, const char *channel, const char *text);
size_t tunnels_count(const struct tunnels *tunnels);
struct websocket_pool *tunnels_pool(const struct tunnels *tunnels); // for whom else has bytes to pass on
// All that are named, one after the other: NULL for the first; NULL comes after the last.
struct tunnel;
struct tunnel *tunnels_next(const struct tunnels *tunnels, const struct tunnel *tunnel);
void tunnel_describe(const struct tunnel *tunnel, struct gateway_channel *channel);
