// SPDX-License-Identifier: EUPL-1.2
// The greeter's one window: where we are, what time it is, what there is to say, and a form or a spinner.
#pragma once
#include "client-agent/greeter_protocol.h"

struct window;

struct window_events {
    // The strings are wiped when this returns.
    void (*log_on)(void *arg, const char *name, const char *password);
    void (*new_password)(void *arg, const char *password);
    void (*cancel)(void *arg);
    void (*language)(void *arg, const char *language);
    void (*typing)(void *arg);                                           // a key, once a second at most
    void (*ask_jobs)(void *arg, const char *name, const char *password); // or "", "": once more
    void (*release)(void *arg, const char *job, const char *printer);
    void (*cancel_job)(void *arg, const char *job);
};

// Shows the window. `language`: "de" or "en".
struct window *window_new(const char *language, const struct window_events *events, void *arg);
void window_free(struct window *face);
// Says for some seconds that this is the real greeter.
void window_show_mark(struct window *face);
// Draws what is to be shown over the session, for the descriptor `file`; a screen reader hears it here.
void window_draw(struct window *face, const struct greeter_message *message, int file, int *width, int *height);
// GREETER_SHOW, GREETER_ASK_NEW, GREETER_BUSY or GREETER_JOBS.
void window_follow(struct window *face, const struct greeter_message *message);
