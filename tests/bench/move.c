// SPDX-License-Identifier: EUPL-1.2
// From a key press or a program's start to the first picture of a desktop, whose terminal was coloured before.
//   bench_move NOTE COLOUR                  presses Return there first
//   bench_move NOTE COLOUR PROGRAM ARGS...  starts the program there first; it goes on when this ends
// NOTE is a file with a display and the path of its cookie, as the agent keeps it for the screen before the person; it
// is read again and again, so another screen that is brought forward is looked at from then on. Looks every 4 ms at a
// few points of the root window. Prints milliseconds.
#include "broker/base/clock.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XTest.h>
#include <X11/keysym.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOK_US = 4000, PATIENCE_MS = 40000, NEAR = 16 };

struct screen {
    char name[64];
    Display *display; // NULL: none yet
};

static void look_again(struct screen *screen, const char *note)
{
    char name[64] = "", cookie[256] = "";
    FILE *file = fopen(note, "re");
    int read = file ? fscanf(file, "%63s %255s", name, cookie) : 0;
    if (file)
        fclose(file);
    if (read < 1 || (screen->display && strcmp(name, screen->name) == 0))
        return;
    setenv("XAUTHORITY", cookie, 1);
    setenv("DISPLAY", name, 1);
    Display *display = XOpenDisplay(name);
    if (!display)
        return; // it is still starting
    if (screen->display)
        XCloseDisplay(screen->display);
    screen->display = display;
    snprintf(screen->name, sizeof screen->name, "%s", name);
}

static bool is_near(unsigned long seen, unsigned long wanted)
{
    for (int shift = 0; shift < 24; shift += 8)
        if (abs((int)(seen >> shift & 255) - (int)(wanted >> shift & 255)) > NEAR)
            return false;
    return true;
}

static bool shows(Display *display, unsigned long colour)
{
    Window root = DefaultRootWindow(display);
    int width = DisplayWidth(display, DefaultScreen(display)), height = DisplayHeight(display, DefaultScreen(display));
    for (int i = 1; i <= 4; i++) {
        XImage *image = XGetImage(display, root, width * i / 5, height * i / 5, 1, 1, AllPlanes, ZPixmap);
        bool found = image && is_near(XGetPixel(image, 0, 0), colour);
        if (image)
            XDestroyImage(image);
        if (found)
            return true;
    }
    return false;
}

// A screen that goes away while it is looked at is no reason to end.
static int gone(Display *display)
{
    (void)display;
    return 0;
}

static void let_go(Display *display, void *arg)
{
    struct screen *screen = arg;
    (void)display;
    screen->display = NULL;
}

static void press_return(Display *display)
{
    KeyCode code = XKeysymToKeycode(display, XK_Return);
    XTestFakeKeyEvent(display, code, True, CurrentTime);
    XTestFakeKeyEvent(display, code, False, CurrentTime);
    XFlush(display);
}

static void start(char **program)
{
    if (fork() == 0) {
        setsid();
        if (freopen("/dev/null", "r", stdin) && freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr))
            execvp(program[0], program);
        _exit(127);
    }
}

int main(int argc, char **argv)
{
    struct screen screen = {.display = NULL};
    if (argc < 3) {
        fputs("usage: see the head of tests/bench/move.c\n", stderr);
        return 2;
    }
    unsigned long colour = strtoul(argv[2], NULL, 16);
    XSetIOErrorHandler(gone);
    look_again(&screen, argv[1]);
    if (!screen.display) {
        fprintf(stderr, "%s: no screen\n", argv[1]);
        return 1;
    }
    int64_t began_us = clock_steady_us();
    if (argc > 3)
        start(argv + 3);
    else
        press_return(screen.display);
    while (!screen.display || !shows(screen.display, colour)) {
        if (clock_steady_us() - began_us > PATIENCE_MS * 1000LL) {
            fprintf(stderr, "%s: no picture\n", argv[1]);
            return 1;
        }
        usleep(LOOK_US);
        if (screen.display)
            XSetIOErrorExitHandler(screen.display, let_go, &screen);
        look_again(&screen, argv[1]);
    }
    printf("%.0f\n", (double)(clock_steady_us() - began_us) / 1e3);
    return 0;
}
