// SPDX-License-Identifier: EUPL-1.2
// What root may ask of a broker that runs on this machine, by a socket in its data folder: for the days on which no
// administrator can log on. One word a connection, answered by one line, now or later.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

enum { ROOT_LINE_SIZE = 512 };

struct root_socket;
struct root_request;

// Calls root_request_answer once, unless the program ends before.
typedef void root_command(void *arg, struct root_request *request);

struct root_command_row {
    const char *word; // NULL: no more rows
    root_command *run;
};

// `folder` is the broker's alone, and its journal is open: whatever socket lies there is nobody's any more. `rows` are
// borrowed.
struct root_socket *root_socket_open(struct loop *loop, const char *folder, const struct root_command_row *rows,
                                     void *arg, struct fault *why);
void root_socket_free(struct root_socket *root_socket); // NULL allowed
void root_request_answer(struct root_request *request, bool done, const char *line);

bool root_socket_is_there(const char *folder); // a broker listens there

// The other side, and it waits. False: FAULT_ABSENT when no broker listens there, else what the broker said.
bool root_socket_ask(const char *folder, const char *word, char line[ROOT_LINE_SIZE], struct fault *why)
    __attribute__((warn_unused_result));
