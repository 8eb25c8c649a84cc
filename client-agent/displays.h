// SPDX-License-Identifier: EUPL-1.2
// The X servers of the desk and which of them the person sees. X clients can read each other's keys, so the greeter has
// one server for ever and each viewer a fresh one, which runs already before it is needed.
#pragma once
#include "client-agent/x_server.h"

enum display_kind { DISPLAY_GREETER, DISPLAY_RDP_CLIENT, DISPLAY_KIND_COUNT };

struct displays_config {
    const char *commands[DISPLAY_KIND_COUNT]; // see server.h
    uid_t clients[DISPLAY_KIND_COUNT];
    const char *switch_command; // brings a terminal (%v) before the person; empty: nothing to do
    int first_vt;               // the greeter's; the viewer's is the next
    const char *run_dir;
};

struct displays_events {
    void (*ready)(void *arg, enum display_kind kind); // again after every renewal
    void (*ended)(void *arg, enum display_kind kind); // it failed; a new one is started by itself
};

struct displays;

struct displays *displays_new(struct loop *loop, const struct displays_config *config,
                              const struct displays_events *events, void *arg);
void displays_free(struct displays *screens);

// NULL while it is not ready.
const struct x_server *displays_server(const struct displays *screens, enum display_kind kind);
// After a session: its server is ended, with whatever its client left there, and a fresh one started.
void displays_renew(struct displays *screens, enum display_kind kind);
// What the person sees from now on; nothing before the first time. Written to run_dir/screen (":7 <cookie file>") and
// run_dir/screen.auth.
void displays_show(struct displays *screens, enum display_kind kind);
