// SPDX-License-Identifier: EUPL-1.2
// A gateway's port, whose broker is the test, between callers and a session host that says back whatever it hears.
#pragma once
#include "broker/client/gateway_dial.h"
#include "broker/pult-gateway/gate.h"
#include "tests/folder.h"

enum { GATE_PORT = 443, HOST_PORT = 3389, CALLERS = 200 };
#define TOKEN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
#define NEW_KEY "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -keyout key"

extern struct gate_fixture {
    char folder[FOLDER_SIZE];
    struct gateway_config config; // to be changed before the gate is opened
    int64_t tunnel_buffer;        // bytes that may be kept for tunnels; 0: a MiB; likewise
    struct loop *loop;
    struct tunnels *tunnels;
    struct gate *gate;
    // The broker.
    bool broker_is_away;
    const char *refusal;           // what it answers; NULL: a channel, "neustadt/c-1" and so on
    struct gateway_message answer; // what else is in that
    void (*leads)(const struct gateway_message *question,
                  struct gateway_message *answer); // the same, for each; or NULL
    int answers_at_once;                           // it gives so many together, up to 2
    int asked, answers_given, ended;               // ended: also channels that nobody waited for any more
    char dialled[ID_SIZE]; // the channel whose host is dialled once the broker has answered; empty: none
    struct tunnel_end last_end;
    struct gateway_message last_question;
    const struct door_port *door; // for who comes to the front door; NULL: nobody does
    // The session host.
    struct loop_watch *host_watch;
    int host_descriptor, host_visits;
    bool host_is_deaf;
} fixture;

extern struct caller_at_gate {
    struct gateway_dial *dial; // NULL: answered
    int descriptor;
    bool answered;
    char why[300];
} callers[CALLERS];

void gate_fixture_open(void); // for a suite's .init and .fini
void gate_fixture_close(void);
void await_at_gate(bool (*is_so)(void)); // runs the loop until it is

void echo_host_listens(int backlog);
void echo_host_stops(void);   // listening
void echo_host_refuses(void); // whoever comes from now on
void echo_host_ends_all(void);

void caller_calls(struct caller_at_gate *caller, const char *path, const char *token); // NULL: without one
bool callers_are_answered(void);
void caller_gets_in(struct caller_at_gate *caller);
void caller_is_refused(const char *answer, const char *path, const char *token); // the first one
bool channel_has_ended_at_gate(void);                                            // one, and not more
int connect_to_port(int port);
int connect_from(const char *address, int port); // NULL: any

// Signed by itself, in place of what is shown. `new_key`: words for openssl.
void make_gate_certificate(const char *name, const char *new_key);
void believe_what_is_shown(void); // from now on, callers do
