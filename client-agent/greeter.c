// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/greeter.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_FIRST_MS = 200, WAIT_MOST_MS = 20000, PROVEN_MS = 10000 };

struct greeter {
    struct loop *loop;
    struct greeter_config config;
    struct greeter_events events;
    void *arg;
    char scale[16], display[64], auth_file[256]; // display is empty while it is stopped
    struct child *child;
    int line;    // our end of the socket pair
    int picture; // a file in memory that it draws into
    struct loop_watch *watch;
    struct greeter_reader reader;
    struct loop_timer *again;
    int64_t wait_ms, started_ms;
};

static void hang_up(struct greeter *greeter)
{
    loop_watch_free(take(greeter->watch));
    if (greeter->line >= 0)
        close(greeter->line);
    greeter->line = -1;
    explicit_bzero(&greeter->reader, sizeof greeter->reader);
}

static void start_later(struct greeter *greeter)
{
    bool proven = clock_steady_ms() - greeter->started_ms >= PROVEN_MS;
    int64_t doubled = greeter->wait_ms * 2;
    greeter->wait_ms = proven ? WAIT_FIRST_MS : doubled > WAIT_MOST_MS ? WAIT_MOST_MS : doubled;
    loop_timer_start(greeter->again, greeter->wait_ms);
}

static void greeter_ended(void *arg, int status)
{
    struct greeter *greeter = arg;
    log_warn("greeter", "ended with %d", status);
    hang_up(greeter);
    child_free(take(greeter->child));
    start_later(greeter);
}

static void message_heard(void *arg, const struct greeter_message *message)
{
    struct greeter *greeter = arg;
    greeter->events.heard(greeter->arg, message);
}

static void greeter_readable(void *arg, bool readable, bool writable)
{
    struct greeter *greeter = arg;
    struct fault why = {0};
    (void)readable;
    (void)writable;
    if (greeter_read(&greeter->reader, greeter->line, message_heard, greeter, &why))
        return;
    if (*why.text)
        log_error("greeter", "%s", why.text);
    // A greeter that cannot be understood is of no use; its end brings the next.
    hang_up(greeter);
    child_end(greeter->child);
}

enum { VARIABLES_MAX = 10 };

struct environment {
    char room[VARIABLES_MAX][320];
    const char *all[VARIABLES_MAX + 1];
    size_t count;
};

static void add_variable(struct environment *environment, const char *name, const char *value)
{
    if (!value)
        return;
    char *to = environment->room[environment->count];
    snprintf(to, sizeof environment->room[0], "%s=%s", name, value);
    environment->all[environment->count++] = to;
}

static void fill_environment(struct environment *environment, const struct greeter *greeter)
{
    // The last two lead to a screen reader, where there is one.
    static const char *const passed_on[] = {"PULT_LOCALE_DIR", "TZ", "DBUS_SESSION_BUS_ADDRESS", "AT_SPI_BUS_ADDRESS"};
    add_variable(environment, "DISPLAY", greeter->display);
    add_variable(environment, "XAUTHORITY", greeter->auth_file);
    add_variable(environment, "PATH", "/usr/bin:/bin");
    add_variable(environment, "HOME", "/nonexistent");
    add_variable(environment, "LANG", "C.UTF-8");
    add_variable(environment, "GDK_SCALE", greeter->scale);
    for (size_t i = 0; i < sizeof passed_on / sizeof *passed_on; i++)
        add_variable(environment, passed_on[i], getenv(passed_on[i]));
}

static struct child *start_program(struct greeter *greeter, int its_end, struct fault *why)
{
    struct environment environment = {.count = 0};
    const char *const arguments[] = {greeter->config.program, greeter->config.language, NULL};
    fill_environment(&environment, greeter);
    struct child_plan plan = {.arguments = arguments,
                              .environment = environment.all,
                              .account = greeter->config.account,
                              .no_network = geteuid() == 0,
                              .input = -1,
                              .output = STDERR_FILENO,
                              .pass = {its_end, greeter->picture},
                              .pass_count = greeter->picture >= 0 ? 2 : 1};
    return child_start(greeter->loop, &plan, greeter_ended, greeter, why);
}

static bool begin_greeter(struct greeter *greeter, struct fault *why)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return fault_set(why, FAULT_UNAVAILABLE, "no socket pair: %s", strerror(errno));
    greeter->child = start_program(greeter, ends[1], why);
    close(ends[1]);
    greeter->line = ends[0];
    if (!greeter->child)
        return false;
    greeter->watch = loop_watch_new(greeter->loop, greeter->line, greeter_readable, greeter);
    loop_watch_set(greeter->watch, true, false);
    return true;
}

static void start_greeter(void *arg)
{
    struct greeter *greeter = arg;
    struct fault why = {0};
    greeter->started_ms = clock_steady_ms();
    if (begin_greeter(greeter, &why)) {
        greeter->events.up(greeter->arg);
        return;
    }
    log_error("greeter", "%s", why.text);
    hang_up(greeter);
    start_later(greeter);
}

struct greeter *greeter_new(struct loop *loop, const struct greeter_config *config, const struct greeter_events *events,
                            void *arg)
{
    struct greeter *greeter = mem_new(1, sizeof *greeter);
    greeter->loop = loop;
    greeter->config = *config;
    greeter->events = *events;
    greeter->arg = arg;
    greeter->line = -1;
    greeter->picture = memfd_create("notice", MFD_CLOEXEC);
    if (greeter->picture < 0)
        log_error("greeter", "no file in memory, so nothing can be said over a session: %s", strerror(errno));
    greeter->wait_ms = WAIT_FIRST_MS;
    greeter->again = loop_timer_new(loop, start_greeter, greeter);
    return greeter;
}

void greeter_free(struct greeter *greeter)
{
    if (!greeter)
        return;
    greeter_stop(greeter);
    loop_timer_free(greeter->again);
    if (greeter->picture >= 0)
        close(greeter->picture);
    free(greeter);
}

void greeter_start(struct greeter *greeter, const char *display, const char *auth_file, int scale)
{
    greeter_stop(greeter);
    snprintf(greeter->scale, sizeof greeter->scale, "%d", scale);
    TEXT_PUT(greeter->display, display);
    TEXT_PUT(greeter->auth_file, auth_file);
    start_greeter(greeter);
}

void greeter_stop(struct greeter *greeter)
{
    loop_timer_stop(greeter->again);
    hang_up(greeter);
    child_free(take(greeter->child));
}

void greeter_say(struct greeter *greeter, const struct greeter_message *message)
{
    struct text line = {0};
    if (greeter->line < 0)
        return;
    greeter_line(&line, message);
    // The pair holds far more than one line: a greeter that leaves it full does not run any more.
    if (send(greeter->line, line.bytes, line.length, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)line.length)
        log_warn("greeter", "does not listen");
    greeter_line_drop(&line);
}

bool greeter_picture(const struct greeter *greeter, const struct greeter_message *drawn, unsigned char *bits,
                     struct notice_picture *picture)
{
    if (drawn->width > NOTICE_SIDE_MAX || drawn->height > NOTICE_SIDE_MAX)
        return false;
    *picture = (struct notice_picture){.width = (int)drawn->width, .height = (int)drawn->height, .bits = bits};
    if (greeter->picture < 0 || !notice_picture_fits(picture->width, picture->height))
        return false;
    size_t length = notice_picture_stride(picture->width) * (size_t)picture->height;
    return pread(greeter->picture, bits, length, 0) == (ssize_t)length;
}
