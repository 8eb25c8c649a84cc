// SPDX-License-Identifier: EUPL-1.2
#include "tests/integration/client-agent/display_fixture.h"
#include "broker/base/clock.h"
#include "broker/base/text.h"
#include "tests/folder.h"
#include "tests/network.h"
#include "tests/program.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct loop *loop;
static struct x_server *server;
static char folder[FOLDER_SIZE];
static bool is_ready;

static void ready(void *arg)
{
    (void)arg;
    is_ready = true;
}

static void ended(void *arg)
{
    (void)arg;
    cr_assert_fail("the X server ended");
}

static void take(const char *command)
{
    static const struct x_server_events events = {.ready = ready, .ended = ended};
    char cookie[100];
    struct fault why = {0};
    network_own();
    loop = loop_new();
    folder_make(folder, "seat");
    chmod(folder, 0755);
    snprintf(cookie, sizeof cookie, "%s/cookie", folder);
    struct x_server_config config = {.command = command, .auth_file = cookie, .client = getuid()};
    server = x_server_new(loop, &config, &events, NULL, &why);
    cr_assert(server, "%s", why.text);
    cr_assert(display_wait(&is_ready, 30000), "Xvfb does not start");
    setenv("DISPLAY", x_server_display(server), 1);
    setenv("XAUTHORITY", cookie, 1);
}

void display_take(void)
{
    take("/usr/bin/Xvfb -screen 0 1280x800x24 -nolisten tcp -noreset");
}

void display_take_small(void)
{
    take("/usr/bin/Xvfb -screen 0 1024x768x24 -nolisten tcp -noreset");
}

void display_take_large(void)
{
    take("/usr/bin/Xvfb -screen 0 3840x2160x24 -nolisten tcp -noreset");
}

void display_leave(void)
{
    x_server_free(server);
    loop_free(loop);
    folder_remove(folder);
}

struct loop *display_loop(void)
{
    return loop;
}

const struct x_server *display_server(void)
{
    return server;
}

const char *display_folder(void)
{
    return folder;
}

static void stop(void *arg)
{
    loop_stop(arg);
}

void display_run_ms(int64_t wait_ms)
{
    struct loop_timer *timer = loop_timer_new(loop, stop, loop);
    loop_timer_start(timer, wait_ms);
    loop_run(loop);
    loop_timer_free(timer);
}

bool display_wait(const volatile bool *flag, int64_t wait_ms)
{
    int64_t until_ms = clock_steady_ms() + wait_ms;
    while (!*flag && clock_steady_ms() < until_ms)
        display_run_ms(20);
    return *flag;
}

// By its standard input: the text needs no quoting.
void display_type(const char *text)
{
    struct program_result hands;
    program_run(&hands, "xdotool type --delay 15 --file -", text);
    cr_assert_eq(hands.exit_code, 0, "%s", hands.err);
}

void display_press(const char *key)
{
    struct program_result hands;
    char line[100];
    snprintf(line, sizeof line, "xdotool key %s", key);
    program_run(&hands, line, NULL);
    cr_assert_eq(hands.exit_code, 0, "%s", hands.err);
}

void display_colour(int x, int y, char colour[16])
{
    struct program_result eyes;
    char line[200];
    snprintf(line, sizeof line, "import -silent -window root -crop 1x1+%d+%d -depth 8 txt:-", x, y);
    program_run(&eyes, line, NULL);
    // "# ImageMagick pixel enumeration: ...", then "0,0: (255,255,255)  #FFFFFF  white"
    char *pixel = strchr(eyes.out, '\n');
    char *found = pixel ? strchr(pixel, '#') : NULL;
    colour[0] = 0;
    if (found)
        snprintf(colour, 16, "%.7s", found);
}

void display_wait_for_colour(int x, int y, const char *colour)
{
    char seen[16] = "";
    for (int i = 0; i < 300 && strcmp(seen, colour) != 0; i++) {
        display_run_ms(50);
        display_colour(x, y, seen);
    }
    cr_assert_str_eq(seen, colour, "the screen does not show what is waited for");
}
