// SPDX-License-Identifier: EUPL-1.2
// The agent's side of the greeter: starts the program on its X server, starts it again when it fails (but not faster
// than it makes sense), and talks to it. The greeter is another user's process: what it says is checked.
#pragma once
#include "broker/base/child.h"
#include "client-agent/greeter_protocol.h"
#include "client-agent/notice_picture.h"

struct greeter_config {
    const char *program;
    const struct account *account; // NULL: runs as we do
    const char *language;
};

struct greeter_events {
    void (*up)(void *arg); // started: it shows nothing yet
    void (*heard)(void *arg, const struct greeter_message *message);
};

struct greeter;

struct greeter *greeter_new(struct loop *loop, const struct greeter_config *config, const struct greeter_events *events,
                            void *arg);
void greeter_free(struct greeter *greeter); // NULL allowed

// On this X server from now on, until greeter_stop.
// `scale`: see window_watch.h.
void greeter_start(struct greeter *greeter, const char *display, const char *auth_file, int scale);
void greeter_stop(struct greeter *greeter);
// Reads what the greeter drew as it says, into `bits`, which has NOTICE_BYTES_MAX bytes. False: it is none.
bool greeter_picture(const struct greeter *greeter, const struct greeter_message *drawn, unsigned char *bits,
                     struct notice_picture *picture);
// Nothing happens while there is no greeter: `up` asks for it anew.
void greeter_say(struct greeter *greeter, const struct greeter_message *message);
