// SPDX-License-Identifier: EUPL-1.2
// A channel: the way from a person outside to their session host, through a gateway. Opened by a token that the broker
// gave out for it, and the broker alone says where it leads.
#pragma once

enum {
    CHANNEL_TOKEN_BYTES = 32,
    CHANNEL_TOKEN_SIZE = 44,          // base64url, without padding
    CHANNEL_NETWORK_SIZE = 64,        // an address in numbers
    CHANNEL_TOKEN_MS = 30 * 1000,     // how long a token is good for its first use
    CHANNEL_FILE_MS = 120 * 1000,     // the same in a file that a person opens
    CHANNEL_RECONNECT_MS = 60 * 1000, // and for its second, after the first channel has ended
    CHANNEL_TOKENS_OF_PERSON = 4,     // not used yet; of more the oldest goes
    CHANNELS_OF_GATEWAY_MAX = 20000,  // at a time
    CHANNEL_CLOSE_AGAIN_MS = 2000,    // so often `close` is said until it has ended
};

enum channel_way {
    CHANNEL_PLAIN,   // bytes in a WebSocket, as they are: our agent, and FreeRDP's own transport
    CHANNEL_BROWSER, // RDCleanPath
    CHANNEL_TSGU,    // MS-TSGU
    CHANNEL_FRONT_DOOR,
    CHANNEL_WAY_COUNT,
};
extern const char *const channel_way_words[];

// Why it has ended, or shall.
enum channel_reason {
    CHANNEL_REASON_NONE,
    CHANNEL_CLIENT_CLOSED,
    CHANNEL_HOST_CLOSED,
    CHANNEL_MOVED, // the session was opened elsewhere
    CHANNEL_SESSION_ENDED,
    CHANNEL_LOCKED, // by an administrator; the session goes on
    CHANNEL_PERSON_DISABLED,
    CHANNEL_DEVICE_LOST,
    CHANNEL_TOO_LONG, // as long as the profile allows
    CHANNEL_IDLE,
    CHANNEL_GATEWAY_DOWN,
    CHANNEL_HOST_UNREACHABLE,
    CHANNEL_WRONG_CERTIFICATE, // the host has another one than the broker knows
    CHANNEL_BROKEN,            // what came was not the protocol
    CHANNEL_LOGGED_OFF,        // the log-on at the portal that opened it is over
    CHANNEL_REASON_COUNT,
};
extern const char *const channel_reason_words[];
