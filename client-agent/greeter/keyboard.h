// SPDX-License-Identifier: EUPL-1.2
// There is no window manager: the greeter takes the keyboard itself, and keeps the size of its monitor.
#pragma once
#include <gtk/gtk.h>

typedef void keyboard_caps(void *arg, bool on);

// Before the window is shown. `caps` tells about caps lock, now and whenever it changes.
void keyboard_take(GtkWindow *window, keyboard_caps *caps, void *arg);
