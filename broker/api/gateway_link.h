// SPDX-License-Identifier: EUPL-1.2
// What the broker and a gateway (pult-gateway) say to each other over its link; rows of api/link. The gateway asks
// about each channel and dials where the answer says; it tells what it carries, and the broker has channels closed.
#pragma once
#include "broker/api/channel.h"
#include "broker/api/host_link.h"
#include "broker/api/link.h"
#include "broker/api/otp.h"

enum {
    GATEWAY_MESSAGE_MAX = 512 * 1024, // bytes
    GATEWAY_CHANNELS_MAX = 200,       // in one message
    GATEWAY_OPEN_MS = 10 * 1000,      // how long a gateway waits for `opened`
};

enum gateway_message_type {
    // From the broker.
    GATEWAY_WELCOME, // once the link is up: now_ms, key, and what GATEWAY_DRAIN says
    GATEWAY_OPENED,  // answers GATEWAY_OPEN: refusal, or where the channel leads and for whom
    GATEWAY_CLOSE,   // a channel: channel, reason
    GATEWAY_NOTICE,  // a sentence for the person in it: channel, text
    GATEWAY_DRAIN,   // name, port, draining, as they are set
    GATEWAY_COUNTED, // answers GATEWAY_ENDED: channel
    // From the gateway.
    GATEWAY_OPEN,     // somebody wants a channel: request_id, token, holder, way, network
    GATEWAY_CHANNELS, // once the link is up: all that are open, in as many messages as it takes; the last says so
    GATEWAY_ENDED,    // a channel; said again until GATEWAY_COUNTED
    GATEWAY_MESSAGE_TYPE_COUNT,
};

// A channel that a gateway carries.
struct gateway_channel {
    char channel[ID_SIZE], session[ID_SIZE], person[ID_SIZE], host[ID_SIZE];
    int64_t fence, way, since_ms; // way: enum channel_way
    char network[CHANNEL_NETWORK_SIZE];
};

struct gateway_message {
    int64_t type;          // enum gateway_message_type
    int64_t request_id;    // of a question; its answer repeats it
    int64_t now_ms;        // the broker's clock
    char key[DIGEST_SIZE]; // by which the gateway vouches for who calls through it, as long as the link is up
    char name[NAME_SIZE];  // by which it is called from outside
    bool draining;
    char refusal[SLUG_SIZE]; // its code; empty: the channel is open
    char channel[ID_SIZE], session[ID_SIZE], person[ID_SIZE], host[ID_SIZE];
    int64_t fence;
    char address[NAME_SIZE]; // of the session host
    int64_t port;            // of that, or of the gateway itself
    char fingerprint[DIGEST_SIZE];
    char user_name[USER_NAME_SIZE]; // for the session host
    char one_time_password[OTP_TEXT_SIZE];
    bool clipboard, drives, printers;
    int64_t idle_minutes, max_minutes; // 0: no limit
    int64_t reason;                    // enum channel_reason
    char text[HOST_TEXT_SIZE];
    char token[CHANNEL_TOKEN_SIZE];
    char holder[DIGEST_SIZE];           // SHA-256 of the cookie that came with it; empty: none did
    int64_t way;                        // enum channel_way
    char network[CHANNEL_NETWORK_SIZE]; // where the caller is, as far as the gateway believes it
    int64_t since_ms;
    int64_t bytes_to_host, bytes_to_person;
    int64_t run, number;         // of this end: the gateway draws `run` when it starts, and counts from there
    struct record_list channels; // of struct gateway_channel
    bool last;
};

extern const struct record_type gateway_channel_type;
extern const struct link_type gateway_link_types[GATEWAY_MESSAGE_TYPE_COUNT];
