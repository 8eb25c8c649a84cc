// SPDX-License-Identifier: EUPL-1.2
// Gateways, the channels that they carry, and the tokens that open them. All of it is soft: a gateway says what it
// carries again when its link comes up, and a token lives for seconds. No I/O; times are steady.
#pragma once
#include "broker/api/gateway_link.h"
#include "broker/base/sorted_table.h"
#include "broker/core/state.h"

enum { CHANNELS_NUMBERS = 4096 }; // so many may be on their way at once, and overtake each other

// A gateway whose link is up, or was.
struct known_gateway {
    char id[ID_SIZE];      // the key
    char key[DIGEST_SIZE]; // of the link that is up; empty: none is
    bool complained;       // of what it says: the log knows
    int64_t waits_for;     // the end that was not recorded, and comes again before those behind it; 0: none
    size_t carried;        // channels
    // Of the connections that it has vouched for by this key: the highest number, and a bit for each of the last ones.
    int64_t last_number;
    uint64_t numbers[CHANNELS_NUMBERS / 64];
};

// What a token is good for: this session as it is now, for this person, by this way.
struct channel_offer {
    const struct session *session; // open: its fencing number, host and person
    enum channel_way way;
    const char *logon; // SHA-256 of the portal's cookie by which it was asked for; "": none
    int64_t proven_ms; // when the directory let them in; 0: it was not asked now
};

struct channel_token {
    char digest[DIGEST_SIZE]; // the key: of the token, which nobody keeps
    char session[ID_SIZE], person[ID_SIZE], host[ID_SIZE], device[ID_SIZE];
    char logon[DIGEST_SIZE];
    char holder[DIGEST_SIZE]; // the same where the cookie must come with it; "": none must
    int64_t fence;
    enum channel_way way;
    int uses;         // that are left
    int open;         // channels that it opened and that are open
    int64_t until_ms; // of the next use, while none is open
    int64_t proven_ms;
};

struct known_channel {
    char id[ID_SIZE]; // the key: "tenant/c-<hex>", of its person's tenant
    char session[ID_SIZE], person[ID_SIZE], host[ID_SIZE], device[ID_SIZE], gateway[ID_SIZE];
    char network[CHANNEL_NETWORK_SIZE];
    char token[DIGEST_SIZE]; // that opened it; empty: this broker was not there then
    char logon[DIGEST_SIZE]; // of the token
    int64_t fence;
    enum channel_way way;
    int64_t since_ms; // wall
    int64_t told_ms;  // steady: when its gateway was told last, since its link came up, to close it; 0: never
    int64_t asked_ms; // steady: when the directory was asked for its person; 0: not by this broker
    bool confirmed;   // its gateway has it, as it said since its link came up
    bool logged_off;  // it has to be closed
};

struct channels {
    struct sorted_table gateways; // struct known_gateway
    struct sorted_table tokens;   // struct channel_token
    struct sorted_table open;     // struct known_channel
    struct sorted_table barred;   // whom their directory does not let in any more, as far as is known
};

void channels_fini(struct channels *channels);

// ---- gateways

// The link is up: it vouches by this key from now on, and is about to say what it carries.
struct known_gateway *channels_link(struct channels *channels, const char *gateway_id, const char *key);
void channels_unlink(struct channels *channels, const char *gateway_id);
// It is no gateway any more, and carries nothing.
void channels_forget(struct channels *channels, const char *gateway_id, int64_t now_ms);
// It has said what it carries: the rest has ended.
void channels_remove_unconfirmed(struct channels *channels, const char *gateway_id, int64_t now_ms);
// NULL: its link was never up.
struct known_gateway *channels_gateway(const struct channels *channels, const char *gateway_id);
// Whether this is the first connection of this number that it vouches for. One that is too far behind the last counts
// as known.
bool channels_take_number(struct known_gateway *gateway, int64_t number) __attribute__((warn_unused_result));
size_t channels_carried(const struct channels *channels, const char *gateway_id);
// For one more.
bool channels_have_room(const struct channels *channels, const char *gateway_id);

// ---- tokens

// `digest` is of 32 random bytes, as text, that nobody else has.
void channels_offer(struct channels *channels, const char digest[DIGEST_SIZE], const struct channel_offer *offer,
                    int64_t now_ms);
// Who comes with a token: the gateway is proven, the rest is hostile.
struct channel_claim {
    const char *digest, *holder, *gateway;
    enum channel_way way;
};
// Takes one use of it. NULL with why, for the log: whoever asks is told the same for all of them. Good until the next
// call.
const struct channel_token *channels_redeem(struct channels *channels, const struct state *state,
                                            const struct channel_claim *claim, int64_t now_ms, const char **why);

// ---- people

// Their channels have to be closed, and no token is good for them, until they have logged on again.
void channels_bar(struct channels *channels, const char *person_id);
void channels_pardon(struct channels *channels, const char *person_id);
bool channels_are_barred(const struct channels *channels, const char *person_id);
// What this person has opened from the portal has to be closed, and no token of theirs from there is good any more:
// what the browser with this cookie shows, or all but what was opened by it ("": all).
void channels_log_off(struct channels *channels, const char *person_id, const char *logon);
void channels_log_off_others(struct channels *channels, const char *person_id, const char *logon);

// ---- channels

void channels_add(struct channels *channels, const struct known_channel *channel); // its gateway has room
struct known_channel *channels_find(const struct channels *channels, const char *id);
void channels_remove(struct channels *channels, const char *id, int64_t now_ms); // it has ended
// Why it must be closed; CHANNEL_REASON_NONE: it may go on.
enum channel_reason channels_judge(const struct channels *channels, const struct state *state,
                                   const struct known_channel *channel);
void channels_sweep(struct channels *channels, int64_t now_ms); // every second or so: tokens whose time is over
