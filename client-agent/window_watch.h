// SPDX-License-Identifier: EUPL-1.2
// In a window manager's place on an X server: tells when the client shows a window and gives it the keyboard; keeps
// for itself the keys that lock the desk, Super+L and Ctrl+Alt+L, and Ctrl+Alt+P for the print jobs. They are heard as
// the keyboard sends them, so that neither a grab nor another layout takes them away. A client that was taken over can
// switch a keyboard off altogether.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"
#include "client-agent/desk_keyboard.h"

struct window_watch;

struct window_watch_events {
    void (*shown)(void *arg);
    void (*lock)(void *arg);
    void (*jobs)(void *arg);
    void (*clicked)(void *arg); // the notice; it is still there. NULL where none is ever shown
};

// NULL with a fault when the X server does not let us in. `cookie` has COOKIE_SIZE bytes.
struct window_watch *window_watch_new(struct loop *loop, const char *display, const unsigned char *cookie,
                                      const struct window_watch_events *events, void *arg, struct fault *why);
void window_watch_free(struct window_watch *watch); // also from an event; NULL allowed
// Takes the keyboard from the client's window and gives it back: the client looks again which locks are on. False, and
// nothing is done, while a key is held down, there is no window, or the X server takes no requests.
bool window_watch_refocus(struct window_watch *watch);

// The monitor that the client shows itself on: the primary one, else the first.
struct window_watch_screen {
    int monitors;
    int16_t x, y;
    uint16_t width, height;
    int scale; // how many pixels a side something must have that has one on an ordinary monitor
};
void window_watch_screen(const struct window_watch *watch, struct window_watch_screen *screen);
// From now on the client's window fills that monitor, whatever size the client gives it. Asks the X server, as
// window_watch_screen and window_watch_keyboard do: only while there is no client, which may keep the server for
// itself.
void window_watch_fill(struct window_watch *watch);

struct notice_picture;
// Shows it over all windows until it is hidden, in place of the one before. False, and none is shown, when the X server
// takes no requests or draws otherwise than we do.
bool window_watch_notice(struct window_watch *watch, const struct window_watch_screen *screen,
                         const struct notice_picture *picture);
void window_watch_hide_notice(struct window_watch *watch);

// The first of the X server's layouts; empty when it does not say.
void window_watch_keyboard(const struct window_watch *watch, struct desk_keyboard *keyboard);

// By the pixels of the shorter side. What monitors say of their size in millimetres is too often wrong.
int window_watch_scale(int width, int height);
