// SPDX-License-Identifier: EUPL-1.2
// Somebody at the port, from the first message of TLS until they are a tunnel, or gone. All that they say is hostile.
#pragma once
#include "broker/base/text.h"
#include "broker/net/dial.h"
#include "broker/net/request_head.h"
#include "broker/net/unproven.h"
#include "broker/pult-gateway/guest_room.h"

enum guest_place {
    GUEST_SHAKES_HANDS,
    GUEST_ASKS,
    GUEST_WAITS,  // for the broker, or for whom is dialled
    GUEST_LEAVES, // has its answer, and takes its time to read it
};

struct guest {
    struct guest_room *room;
    struct guest *next, **before;
    enum guest_place place;
    struct tls_line line;
    struct loop_watch *watch;
    struct unproven *unproven; // NULL: it is out of that table
    char from[CHANNEL_NETWORK_SIZE];
    struct request_head head; // its words are in `bytes`
    struct text out;          // to be sent, from `out_at` on
    size_t out_at;
    struct channel_question *question; // what it waits for
    struct dial *dial;
    struct tunnel_plan plan;
    size_t head_length, length; // of `bytes`
    char bytes[REQUEST_HEAD_MAX];
};

// Counts it in the room, and takes over the descriptor and its place in the table.
void guest_begin(struct guest_room *room, int descriptor, struct unproven *unproven);
void guest_end(struct guest *guest); // so has the channel that the broker opened for it

// ---- for the ways

// A sentence, and then it has to go.
void guest_answer(struct guest *guest, int status, const char *sentence);
// Asks as a WebSocket does (RFC 6455, section 4.2.1). False: it has its answer.
bool guest_upgrades(struct guest *guest);
// It waits from now on.
void guest_wait(struct guest *guest);
// Whether there may be one more tunnel of its plan's person and network. False: it has its answer.
bool guest_has_room(struct guest *guest);
// Dials; then the guest becomes a tunnel by its plan, if there is still room.
void guest_connect(struct guest *guest, const char *host, int port);
// Between the broker's yes and the tunnel.
bool guest_dials_for_channel(const struct guest *guest);
// Nothing comes of what it waits for: its channel has ended, and it gets an answer.
void guest_give_up(struct guest *guest, enum channel_reason reason, int status, const char *sentence);
