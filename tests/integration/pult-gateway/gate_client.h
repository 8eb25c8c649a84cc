// SPDX-License-Identifier: EUPL-1.2
// A program at the port of a gateway that speaks a protocol of its own in a WebSocket, as it has it: what it says is
// sent, and what it hears kept, while the loop of the gateway runs.
#pragma once
#include "broker/net/tls_line.h"
#include "broker/net/websocket_frame.h"

enum { GATE_CLIENT_STREAM = 4 * 1024 * 1024, GATE_CLIENT_ROOM = GATE_CLIENT_STREAM + 1024 * 1024 };

extern struct gate_client {
    SSL_CTX *context;
    const char *address; // where it is; NULL: anywhere
    struct tls_line line;
    bool is_shaken, is_welcome;
    bool has_ended;    // the gateway has closed
    int goodbye;       // the code that it closed the WebSocket with; 0: it did not, or gave none
    char answer[4096]; // to its request
    size_t answer_length;
    struct websocket_frame_reader frames;
    size_t heard_length, heard_at, unsaid_length, unsaid_at;
    unsigned char heard[GATE_CLIENT_ROOM]; // the payload of the frames; read up to `heard_at`, as the test counts
    unsigned char unsaid[GATE_CLIENT_ROOM];
} gate_client;

void gate_client_open(void); // after gate_fixture_open, for a suite's .init
void gate_client_close(void);
void gate_client_calls(const char *request); // anew
void gate_client_says_bytes(const void *bytes, size_t length);
void gate_client_says(const void *payload, size_t length); // in a frame
void gate_client_says_goodbye(void);                       // closes the WebSocket
void gate_client_goes_on(void);                            // as far as it goes now
bool gate_client_has_ended(void);                          // for await_at_gate
