// SPDX-License-Identifier: EUPL-1.2
// Connections that have proven nothing yet: how many there may be, in all, on a port and from a network, and how long
// each may take for its next step. When there is no room, the one that has been idle longest makes it, so that whoever
// comes is heard. Who has proven who they are is no longer counted: a town hall behind one address is not hurt.
#pragma once
#include "broker/base/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct unproven_limits {
    int64_t all, port, network; // a network: an IPv4 address, or 64 bits of an IPv6 address
    int64_t handshakes;         // of these, in TLS or later, where they cost memory
    int64_t patience_ms;        // for TLS's first message; for the rest of TLS and a request's head; for its body
};

enum { UNPROVEN_PORTS_MAX = 5 };

struct unproven_figures {
    uint64_t unproven;                       // connections, now
    uint64_t dropped_full, dropped_late;     // since the start: for want of room, for taking too long
    int64_t flood_since_ms;                  // steady; 0: nothing is dropped for want of room
    uint64_t flood_dropped;                  // since then
    char network[ADDRESS_NETWORK_TEXT_SIZE]; // that the last of those came from
};

struct unproven_table;
struct unproven; // a connection
// It is no longer in the table. False: it has proven itself meanwhile, and stays.
typedef bool unproven_drop(void *owner);

// `ports`: what the log calls them, at most UNPROVEN_PORTS_MAX, then NULL; a port is its place among these. Not copied.
struct unproven_table *unproven_table_new(const struct unproven_limits *limits, const char *const *ports);
void unproven_table_free(struct unproven_table *table); // it is empty
// All times are steady. `drop` is called when it is to make room, or is late.
struct unproven *unproven_add(struct unproven_table *table, int port, const struct sockaddr_storage *from,
                              unproven_drop *drop, void *owner, int64_t now_ms);
// From here on it costs memory; it may have another owner.
void unproven_handshake(struct unproven *one, unproven_drop *drop, void *owner, int64_t now_ms);
// It did a step and may take its time for the next. At work: it waits for us, so it has all the time, and makes room
// after all others only.
void unproven_step(struct unproven *one, bool at_work, int64_t now_ms);
void unproven_remove(struct unproven *one); // proven, or gone; NULL allowed
// It counts for another network from here on, as the newest there.
void unproven_move(struct unproven *one, const struct sockaddr_storage *from, int64_t now_ms);
// Descriptors are running out. False: there is none to drop.
bool unproven_make_room(struct unproven_table *table, int64_t now_ms);
// Call it about every second: drops those that took too long, says in the log what was dropped, gives memory back.
void unproven_sweep(struct unproven_table *table, int64_t now_ms);
void unproven_figures(const struct unproven_table *table, int port, int64_t now_ms, struct unproven_figures *figures);
