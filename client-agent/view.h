// SPDX-License-Identifier: EUPL-1.2
// One opened session at this desk: the relay to its host, the viewer, the X server it shows itself on; and which of
// them made it end.
#pragma once
#include "client-agent/screen.h"
#include "client-agent/viewer.h"

enum view_event {
    VIEW_SHOWN,  // the person sees the desktop
    VIEW_BROKEN, // the line broke and is being mended; the greeter's screen is shown meanwhile
    VIEW_WAITS,  // the same, but nothing happens before view_resume: the one-time password is used up
    VIEW_MENDED,
    VIEW_LOCK,  // the person pressed the keys for it; nothing is done
    VIEW_ENDED, // the last event
};

enum view_end {
    VIEW_LOGGED_OFF,
    VIEW_REPLACED,
    VIEW_ENDED_BY_HOST,
    VIEW_LOST,
    VIEW_UNREACHABLE,
    VIEW_REFUSED,
    VIEW_FALSE_HOST,
    VIEW_FAILED,
    VIEW_CLOSED, // by view_close
    VIEW_END_COUNT,
};

struct view_config {
    struct viewer_config viewer;
    const char *run_dir;
    int64_t dial_ms, give_up_ms, show_ms; // show_ms: how long until the desktop must be there
    int64_t read_ms;                      // how long the greeter stays when it has a lost session to tell of
};

struct view;

typedef void view_told(void *arg, enum view_event event, enum view_end end);

// Never calls `told` from within: what cannot be started ends with VIEW_FAILED a moment later. `answer` and `password`
// are copied, and wiped as soon as the viewer has them; the typed password is kept until the end when it has to follow
// every one-time password.
struct view *view_new(struct loop *loop, const struct view_config *config, struct screens *screens,
                      const struct logon_answer *answer, const struct secret *password, view_told *told, void *arg);
// After VIEW_WAITS: dials the host, and lets a new viewer in with this password.
void view_resume(struct view *view, const char *one_time_password);
void view_close(struct view *view); // VIEW_ENDED with VIEW_CLOSED follows
void view_free(struct view *view);  // also from `told`; renews the viewer's X server; NULL allowed
// The viewer's X server is there (again), or not any more.
void view_screen_ready(struct view *view);
void view_screen_ended(struct view *view);
