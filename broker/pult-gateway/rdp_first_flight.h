// SPDX-License-Identifier: EUPL-1.2
// What an RDP client says after TLS until the host knows who it is and what it can (MS-RDPBCGR 1.3.1.1: connect, client
// information, capabilities), corrected on its way to the host where the gateway ends the TLS of both sides. What comes
// after the client's capabilities is not read, not even when the host asks for them once more: then the client says
// again how many frames may be on the way, and nothing else of this. Only bytes, all of them hostile.
#pragma once
#include "broker/pult-gateway/typed_proof.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RDP_FLIGHT_PACKET_MAX = 15 * 1024, // with a licence in it, or a ticket
    RDP_LOGON_UNITS = 255,             // of UTF-16 in a name or password: xrdp takes no more
};

struct rdp_corrections {
    uint32_t keyboard_layout; // of a client that names none; 0: stays so
    uint32_t frames_ahead;    // at most so many may be on the way to the client; 0: as it says
    bool deep_colour;         // asks for 32 bits: below 24 xrdp has no RemoteFX, and IronRDP 0.7.0 needs that
    bool clipboard, devices;  // it may have these channels; devices are drives, printers, cards, ports
    bool nla;                 // it may speak CredSSP first, which is passed on unread
    // Who logs on, whatever the client says, and to the whole desktop. NULL: as the client says.
    const char *user_name, *password;
    const struct typed_proof *typed; // what the client has to show itself; NULL: anything
};

enum rdp_flight_event {
    RDP_FLIGHT_MORE,   // nothing to be sent yet
    RDP_FLIGHT_SEND,   // `data`, `length` go to the host before the next call, which wipes them
    RDP_FLIGHT_LAST,   // the same; and all that comes after the bytes that were taken goes as it is
    RDP_FLIGHT_BROKEN, // `why`; no more can be read
};

struct rdp_first_flight;

// NULL: user name or password are no UTF-8, or too long.
struct rdp_first_flight *rdp_first_flight_new(const struct rdp_corrections *corrections);
void rdp_first_flight_free(struct rdp_first_flight *flight); // wipes all of it; NULL allowed

struct rdp_flight_part {
    enum rdp_flight_event event;
    const unsigned char *data; // of the flight
    size_t length;
    const char *why; // for the log
};
// Reads on, as far as there is something to be told. Returns how many bytes were taken; call it again with the rest.
size_t rdp_first_flight_read(struct rdp_first_flight *flight, const unsigned char *bytes, size_t length,
                             struct rdp_flight_part *part);
