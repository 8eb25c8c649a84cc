// SPDX-License-Identifier: EUPL-1.2
// pult-greeter: asks for name and password and hands them to the agent, who holds the other end of descriptor 3. Knows
// neither keys nor the network. Its one argument is the language to begin with.
#include "broker/base/log.h"
#include "broker/base/secrecy.h"
#include "client-agent/greeter/window.h"

#include <fcntl.h>
#include <glib-unix.h>
#include <gtk/gtk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct greeter_program {
    GMainLoop *loop;
    struct window *face;
    struct greeter_reader reader;
};

static void send_message(struct greeter_program *program, const struct greeter_message *message)
{
    struct text line = {0};
    greeter_line(&line, message);
    if (send(GREETER_DESCRIPTOR, line.bytes, line.length, MSG_NOSIGNAL) != (ssize_t)line.length)
        g_main_loop_quit(program->loop);
    greeter_line_drop(&line);
}

// The form has checked that all fits.
static void send_secret(struct greeter_program *program, enum greeter_type type, const char *name, const char *password)
{
    struct greeter_message message = {.type = type};
    TEXT_PUT(message.name, name);
    TEXT_PUT(message.password, password);
    send_message(program, &message);
    explicit_bzero(&message, sizeof message);
}

static void log_on(void *arg, const char *name, const char *password)
{
    send_secret(arg, GREETER_LOG_ON, name, password);
}

static void new_password(void *arg, const char *password)
{
    send_secret(arg, GREETER_NEW_PASSWORD, "", password);
}

static void send_cancel(void *arg)
{
    struct greeter_message message = {.type = GREETER_CANCEL};
    send_message(arg, &message);
}

static void switch_language(void *arg, const char *language)
{
    struct greeter_message message = {.type = GREETER_LANGUAGE};
    TEXT_PUT(message.language, language);
    send_message(arg, &message);
}

static void tell_typing(void *arg)
{
    struct greeter_message message = {.type = GREETER_TYPING};
    send_message(arg, &message);
}

static void ask_jobs(void *arg, const char *name, const char *password)
{
    send_secret(arg, GREETER_ASK_JOBS, name, password);
}

static void release_job(void *arg, const char *job, const char *printer)
{
    struct greeter_message message = {.type = GREETER_RELEASE};
    TEXT_PUT(message.job, job);
    TEXT_PUT(message.printer, printer);
    send_message(arg, &message);
}

static void cancel_job(void *arg, const char *job)
{
    struct greeter_message message = {.type = GREETER_CANCEL_JOB};
    TEXT_PUT(message.job, job);
    send_message(arg, &message);
}

static void draw_notice(struct greeter_program *program, const struct greeter_message *message)
{
    struct greeter_message drawn = {.type = GREETER_DRAWN, .number = message->number};
    int width, height;
    window_draw(program->face, message, GREETER_PICTURE_DESCRIPTOR, &width, &height);
    drawn.width = width;
    drawn.height = height;
    send_message(program, &drawn);
}

static void message_heard(void *arg, const struct greeter_message *message)
{
    struct greeter_program *program = arg;
    if (message->type == GREETER_SHOW || message->type == GREETER_ASK_NEW || message->type == GREETER_BUSY ||
        message->type == GREETER_JOBS)
        window_follow(program->face, message);
    else if (message->type == GREETER_MARK)
        window_show_mark(program->face);
    else if (message->type == GREETER_DRAW)
        draw_notice(program, message);
}

static gboolean agent_readable(gint descriptor, GIOCondition condition, gpointer arg)
{
    struct greeter_program *program = arg;
    struct fault why = {0};
    (void)condition;
    if (greeter_read(&program->reader, descriptor, message_heard, program, &why))
        return G_SOURCE_CONTINUE;
    if (*why.text)
        log_error("greeter", "the agent: %s", why.text);
    g_main_loop_quit(program->loop);
    return G_SOURCE_REMOVE;
}

// No session bus, no settings, no GL: GTK would look for each of them, and for the first wait three seconds. Who wants
// a screen reader gives the agent the address of a bus.
static void settle_environment(void)
{
    setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:", 0);
    setenv("GSETTINGS_BACKEND", "memory", 1);
    setenv("GDK_BACKEND", "x11", 1);
    if (gtk_get_minor_version() < 14)
        setenv("GDK_DEBUG", "gl-disable", 1);
    else
        setenv("GDK_DISABLE", "gl,vulkan", 1);
    setenv("GSK_RENDERER", "cairo", 1);
    setenv("GTK_USE_PORTAL", "0", 1);
}

int main(int count, char **words)
{
    static const struct window_events events = {.log_on = log_on,
                                                .new_password = new_password,
                                                .cancel = send_cancel,
                                                .language = switch_language,
                                                .typing = tell_typing,
                                                .ask_jobs = ask_jobs,
                                                .release = release_job,
                                                .cancel_job = cancel_job};
    struct greeter_program program = {0};
    secrecy_keep();
    secrecy_wipe_freed();
    settle_environment();
    if (fcntl(GREETER_DESCRIPTOR, F_SETFL, O_NONBLOCK) != 0 || !gtk_init_check()) {
        fputs("pult-greeter is started by pult-agent, on an X server and with a socket as descriptor 3\n", stderr);
        return 2;
    }
    g_set_application_name("Pult");
    g_set_prgname("pult-greeter");
    program.loop = g_main_loop_new(NULL, FALSE);
    program.face = window_new(count > 1 ? words[1] : "de", &events, &program);
    g_unix_fd_add(GREETER_DESCRIPTOR, G_IO_IN | G_IO_HUP | G_IO_ERR, agent_readable, &program);
    g_main_loop_run(program.loop);
    window_free(program.face);
    g_main_loop_unref(program.loop);
    return 0;
}
