// SPDX-License-Identifier: EUPL-1.2
// One opened session at this desk: the relay to its host, the viewer, the X server it shows itself on; and which of
// them made it end.
#pragma once
#include "client-agent/displays.h"
#include "client-agent/rdp_client.h"

enum session_view_event {
    VIEW_SHOWN,  // the person sees the desktop: never before it is announced, when the broker announces it
    VIEW_BROKEN, // the line broke and is being mended; the greeter's screen is shown meanwhile
    VIEW_WAITS,  // the same, but nothing happens before session_view_resume: the one-time password is used up
    VIEW_MENDED,
    VIEW_LOCK,  // the person pressed the keys for it; nothing is done
    VIEW_JOBS,  // the same, for their print jobs
    VIEW_ENDED, // the last event
};

enum session_view_end {
    VIEW_LOGGED_OFF,
    VIEW_REPLACED,
    VIEW_ENDED_BY_HOST,
    VIEW_LOST,
    VIEW_UNREACHABLE,
    VIEW_REFUSED,
    VIEW_WRONG_CERTIFICATE,
    VIEW_FAILED,
    VIEW_NO_DESKTOP,   // none was announced: not let in, or let in and no desktop came
    VIEW_PACKETS_LOST, // large ones, on the way to the host
    VIEW_CLOSED,       // by session_view_close
    VIEW_END_COUNT,
};

struct gateway_client;

struct session_view_config {
    struct rdp_client_config viewer;
    const char *run_dir;
    int64_t dial_ms, give_up_ms, show_ms; // show_ms: how long until the desktop must be there
    int64_t announce_ms;                  // and, where it is announced, the announcement after the viewer is
    int64_t refusal_ms;                   // and where it is not: how long a host takes to end what it does not let in
    int64_t *small_until_ms;              // small packets to the host; set when large ones are lost there
    int64_t read_ms;                      // how long the greeter stays when it has a lost session to tell of
    struct gateway_client *gateway;       // the way to hosts; NULL: they are dialled themselves
    void (*clicked)(void *arg);           // on a notice; with the `arg` of `told`
};

struct session_view;

typedef void session_view_told(void *arg, enum session_view_event event, enum session_view_end end);

// Never calls `told` from within: what cannot be started ends with VIEW_FAILED a moment later. `answer` and `password`
// are copied, and wiped as soon as the viewer has them; the typed password is kept until the end when it has to follow
// every one-time password.
struct session_view *session_view_new(struct loop *loop, const struct session_view_config *config,
                                      struct displays *screens, const struct logon_answer *answer,
                                      const struct secret *password, session_view_told *told, void *arg);
// After VIEW_WAITS: dials the host, and lets a new viewer in with this password. `channel`: the token for a gateway.
void session_view_resume(struct session_view *view, const char *one_time_password, const char *channel);
void session_view_announce(struct session_view *view); // the broker says that the desktop is there
// Brings the greeter before the person, and back, while the session goes on. Not while something else brought it there.
void session_view_cover(struct session_view *view, bool by_greeter);
// See window_watch.h; `clicked` of the config tells.
bool session_view_notice(struct session_view *view, const struct notice_picture *picture);
void session_view_hide_notice(struct session_view *view);
void session_view_close(struct session_view *view); // VIEW_ENDED with VIEW_CLOSED follows
void session_view_free(struct session_view *view);  // also from `told`; renews the viewer's X server; NULL allowed
// The desk's cable is out: whoever works there need not wait until the host's silence shows.
void session_view_unplugged(struct session_view *view);
// The viewer's X server is there (again), or not any more.
void session_view_screen_ready(struct session_view *view);
void session_view_screen_ended(struct session_view *view);
