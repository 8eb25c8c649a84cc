// SPDX-License-Identifier: EUPL-1.2
// Somebody at the port, from the first message of TLS until they are a tunnel, or gone. All that they say is hostile.
#pragma once
#include "broker/base/address.h"
#include "broker/base/text.h"
#include "broker/net/dial.h"
#include "broker/net/listener.h"
#include "broker/net/proxy_voucher.h"
#include "broker/net/request_head.h"
#include "broker/net/unproven.h"
#include "broker/pult-gateway/guest_room.h"

enum guest_place {
    GUEST_SHAKES_HANDS,
    GUEST_ASKS,
    GUEST_TALKS,  // as its way has it: see guest_talk
    GUEST_WAITS,  // for the broker, or for whom is dialled
    GUEST_LEAVES, // has its answer, and takes its time to read it
};

struct guest;

// A way that has to be talked with before there is a tunnel.
struct guest_talk {
    // All that came; the bytes may be changed. Leaves the guest talking, waiting or leaving.
    void (*hears)(struct guest *guest, unsigned char *bytes, size_t length);
    // Who was dialled answers: the way takes the descriptor, and goes through when it is done with it. NULL: at once.
    void (*dialled)(struct guest *guest, int descriptor);
    // It goes through: to be said, and the plan to be completed. False: it cannot be said any more.
    bool (*connected)(struct guest *guest);
    // Its TLS is made, for one that began to talk bare: it may go through now. NULL: it talks on.
    void (*secured)(struct guest *guest);
    // Nothing comes of what it waits for, as a request would be answered by this status: the guest is to leave.
    void (*refused)(struct guest *guest, int status);
    void (*end)(void *state);
};

struct guest {
    struct guest_room *room;
    struct guest *next, **before;
    enum guest_place place;
    struct tls_line line;
    struct loop_watch *watch;
    struct unproven *unproven; // NULL: it is out of that table
    char from[CHANNEL_NETWORK_SIZE];
    struct address address; // where they really are
    int port;
    bool is_shared; // the line is a proxy's, which may send the requests of others by it
    bool vouches;   // whom it dials is told first who calls
    enum proxy_way vouched_way;
    struct request_head head; // its words are in `bytes`
    struct text out;          // to be sent, from `out_at` on
    size_t out_at;
    struct channel_question *question; // what it waits for
    struct dial *dial;
    struct tunnel_plan plan;
    const struct guest_talk *talk; // NULL: its request says all
    void *talk_state;
    size_t said;                // bytes in all
    size_t head_length, length; // of `bytes`
    char bytes[REQUEST_HEAD_MAX];
};

// Counts it in the room, and takes over the descriptor and its place in the table.
// `caller`: who really calls, where a proxy passes them on; NULL: whose connection it is.
void guest_begin(struct guest_room *room, int descriptor, struct unproven *unproven,
                 const struct passed_caller *caller);
// The same of somebody who talks from the first byte on, which is still to be read, and bare.
struct guest *guest_begin_talking(struct guest_room *room, int descriptor, struct unproven *unproven,
                                  const struct guest_talk *talk, void *state);
// It talks on by TLS.
void guest_begin_tls(struct guest *guest);
void guest_end(struct guest *guest); // so has the channel that the broker opened for it

// ---- for the ways

// A sentence, and then it has to go.
void guest_answer(struct guest *guest, int status, const char *sentence);
// It has to go, when it has been told what guest_say was given.
void guest_leave(struct guest *guest);
// Asks as a WebSocket does (RFC 6455, section 4.2.1). False: it has its answer.
bool guest_upgrades(struct guest *guest);
// It waits from now on.
void guest_wait(struct guest *guest);
// It is welcome as a WebSocket, and talks. `state` goes to `end`.
void guest_begin_talk(struct guest *guest, const struct guest_talk *talk, void *state);
// A few bytes to one that talks. False: they cannot be said.
bool guest_say(struct guest *guest, const unsigned char *bytes, size_t length) __attribute__((warn_unused_result));
bool guest_say_frame(struct guest *guest, enum websocket_opcode opcode, const void *bytes, size_t length)
    __attribute__((warn_unused_result));
// It waited, and talks on; never from within `hears`. May end it.
void guest_talk_on(struct guest *guest);
// It goes on by another row, with its line as it is; the state that was has ended.
void guest_talk_by(struct guest *guest, const struct guest_talk *talk, void *state);
// Whether there may be one more tunnel of its plan's person and network. False: it has its answer.
bool guest_has_room(struct guest *guest);
// Dials; then the guest goes through, if its way has nothing to say there.
void guest_connect(struct guest *guest, const char *host, int port);
// Becomes a tunnel by its plan, if there is still room. Takes the line over, and ends the guest in any case, or it has
// its answer.
void guest_go_through(struct guest *guest, const struct tls_line *far);
// Its line goes on in other hands: it is a guest no more.
void guest_hand_over(struct guest *guest);
// Between the broker's yes and the tunnel.
bool guest_has_channel(const struct guest *guest);
// Nothing comes of it: its channel has ended, and it gets an answer.
void guest_give_up(struct guest *guest, enum channel_reason reason, int status, const char *sentence);
