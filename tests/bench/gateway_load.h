// SPDX-License-Identifier: EUPL-1.2
// The parts of bench_gateway: those who call (gateway.c), what they say until their tunnel is open (gateway_kinds.c),
// and the session host (gateway_host.c). One thread.
#pragma once
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"
#include "broker/pult-gateway/tsgu_packet.h"

#include <stdint.h>

enum {
    NAME = 8,         // what a caller says first, and hears back
    INPUT = 60,       // a key press: its record, as RDP clients send it
    PAGE = 64 * 1024, // what pictures are made of
};

#define NAME_MARK "I am " // goes before it

enum stage { CONNECTS, SHAKES_HANDS, UPGRADES, AGREES, SAYS_NAME, OPEN };

struct end {
    struct tunnel *tunnel; // NULL: a session host that does not know yet whose it is
    struct tls_line line;  // of the session host
    enum { HOST_NEGOTIATES, HOST_SHAKES_HANDS, HOST_HEARS_NAME, HOST_SERVES } stage;
    size_t length;
    unsigned char said[4096]; // until it knows
};

struct tunnel {
    int number;
    enum stage stage;
    struct end near, *far;
    struct tls_line line;
    struct websocket_frame_reader frames;
    struct tsgu_packet_reader packets;
    bool pinged;
    int step; // of what is agreed on before the tunnel is open
    size_t answer_length;
    char answer[2048];
    size_t rounds, round;            // key presses still to come; of pictures
    size_t awaited;                  // bytes of the present picture
    size_t heard, sent, owed, input; // owed by the session host; input: bytes of a key press that is not whole
    size_t host_round;
};

// How a kind of tunnel begins.
struct kind {
    const char *name;
    const char *request; // NULL: no WebSocket
    const char *fields;  // of the request
    // What is said first behind the WebSocket; and what comes back, until it says the name: NULL, the name is first.
    void (*begin)(struct tunnel *tunnel);
    void (*agree)(struct tunnel *tunnel, const unsigned char *bytes, size_t length);
    bool is_tls, in_packets; // callers speak TLS; what passes is in packets of MS-TSGU
    bool host_is_tls, host_negotiates;
};
const struct kind *kind_of(const char *name); // or it ends

extern int count;
extern struct tunnel *tunnels;
extern const struct kind *kind;

void must(bool right, const char *what, const struct tunnel *tunnel);
void watch(int descriptor, struct end *end, uint32_t events);
const unsigned char *content(const struct tunnel *tunnel, size_t at);
void name_of(const struct tunnel *tunnel, char name[NAME + 1]);
size_t picture(size_t round);

void say_payload(struct tunnel *tunnel, const void *bytes, size_t length); // in a frame
void say_name(struct tunnel *tunnel);
void is_open(struct tunnel *tunnel);

void host_listens(int port, const char *certificate, const char *key);
bool host_is_its(const struct end *end); // the port
void host_takes(void);
void host_ready(struct end *end, uint32_t events);
