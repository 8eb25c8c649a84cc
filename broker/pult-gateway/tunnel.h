// SPDX-License-Identifier: EUPL-1.2
// The sessions that this gateway carries: from the moment that bytes pass until the last one, with their limits, pings
// and figures. Those of desks that speak to the broker are among them, as channels without a name.
#pragma once
#include "broker/api/gateway_link.h"
#include "broker/net/websocket_pump.h"
#include "broker/pult-gateway/tsgu.h"

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
// for the log.
bool tunnels_have_room(const struct tunnels *tunnels, const char *person, const char *network, struct fault *why)
    __attribute__((warn_unused_result));

struct tunnel_plan {
    struct tls_line caller; // upgraded to a WebSocket; taken over
    struct tls_line far;    // the session host, or the broker; taken over
    struct gateway_channel channel;
    int64_t idle_minutes, max_minutes; // 0: no limit
    unsigned char *early;              // what the caller has said already
    size_t early_length;
    const struct tsgu *tsgu;                     // its channel is open; NULL: the frames carry the stream as it is
    const struct websocket_frame_reader *frames; // how far it has come by then
};
void tunnels_open(struct tunnels *tunnels, const struct tunnel_plan *plan);
// The broker has it closed. False: it is not there.
bool tunnels_close(struct tunnels *tunnels, const char *channel, enum channel_reason reason);
// A sentence for the person in it, where their program shows such.
void tunnels_notice(struct tunnels *tunnels, const char *channel, const char *text);
size_t tunnels_count(const struct tunnels *tunnels);
// All that are named, one after the other: NULL for the first; NULL comes after the last.
struct tunnel;
struct tunnel *tunnels_next(const struct tunnels *tunnels, const struct tunnel *tunnel);
void tunnel_describe(const struct tunnel *tunnel, struct gateway_channel *channel);
