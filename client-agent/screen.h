// SPDX-License-Identifier: EUPL-1.2
// The X servers of the desk and which of them the person sees. X clients can read each other's keys, so the greeter has
// one server for ever and each viewer a fresh one, which runs already before it is needed.
#pragma once
#include "client-agent/server.h"

enum screen_kind { SCREEN_GREETER, SCREEN_VIEWER, SCREEN_KIND_COUNT };

struct screen_config {
    const char *commands[SCREEN_KIND_COUNT]; // see server.h
    uid_t clients[SCREEN_KIND_COUNT];
    const char *switch_command; // brings a terminal (%v) before the person; empty: nothing to do
    int first_terminal;         // the greeter's; the viewer's is the next
    const char *run_dir;
};

struct screen_events {
    void (*ready)(void *arg, enum screen_kind kind); // again after every renewal
    void (*ended)(void *arg, enum screen_kind kind); // it failed; a new one is started by itself
};

struct screens;

struct screens *screen_new(struct loop *loop, const struct screen_config *config, const struct screen_events *events,
                           void *arg);
void screen_free(struct screens *screens);

// NULL while it is not ready.
const struct server *screen_server(const struct screens *screens, enum screen_kind kind);
// After a session: its server is ended, with whatever its client left there, and a fresh one started.
void screen_renew(struct screens *screens, enum screen_kind kind);
// What the person sees from now on; nothing before the first time. Written to run_dir/screen (":7 <cookie file>") and
// run_dir/screen.auth.
void screen_show(struct screens *screens, enum screen_kind kind);
