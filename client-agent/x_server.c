// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/x_server.h"
#include "broker/base/child.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READY_MS = 30000 };

struct x_server {
    struct loop *loop;
    struct child *child;
    int said; // the server writes the number of its display here
    struct loop_watch *said_watch;
    struct loop_timer *patience;
    char display[DISPLAY_SIZE];
    char auth_file[SERVER_PATH_SIZE];
    unsigned char cookie[COOKIE_SIZE];
    int terminal;
    struct x_server_events events;
    void *arg;
};

// ---- the cookie, in the format of libXau: family "any", no address, no number, so that one file serves both ends

static size_t put_counted(unsigned char *to, const void *bytes, size_t length)
{
    to[0] = (unsigned char)(length >> 8);
    to[1] = (unsigned char)length;
    memcpy(to + 2, bytes, length);
    return 2 + length;
}

static bool write_cookie(struct x_server *server, uid_t client, struct fault *why)
{
    static const char protocol[] = "MIT-MAGIC-COOKIE-1";
    unsigned char entry[64] = {0xff, 0xff};
    size_t length = 2;
    if (getrandom(server->cookie, COOKIE_SIZE, 0) != COOKIE_SIZE)
        return fault_set(why, FAULT_BROKEN, "no random numbers available");
    length += put_counted(entry + length, "", 0);
    length += put_counted(entry + length, "", 0);
    length += put_counted(entry + length, protocol, sizeof protocol - 1);
    length += put_counted(entry + length, server->cookie, COOKIE_SIZE);
    bool written = file_replace_volatile(server->auth_file, 0600, entry, length, why);
    explicit_bzero(entry, sizeof entry);
    if (written && chown(server->auth_file, client, (gid_t)-1) != 0)
        written = fault_set(why, FAULT_BROKEN, "%s: %s", server->auth_file, strerror(errno));
    return written;
}

// ---- the command

static size_t put_word(char *to, size_t left, const char *word, size_t length, int terminal)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 12 < left; i++) {
        if (word[i] == '%' && i + 1 < length && word[i + 1] == 'v') {
            used += (size_t)snprintf(to + used, left - used, "%d", terminal);
            i++;
        } else {
            to[used++] = word[i];
        }
    }
    to[used++] = 0;
    return used;
}

bool x_server_words(const char *command, int terminal, char *room, size_t size, const char *words[SERVER_WORDS_MAX])
{
    size_t count = 0, used = 0;
    for (const char *at = command + strspn(command, " "); *at; at += strspn(at, " ")) {
        size_t length = strcspn(at, " ");
        if (count + 1 >= SERVER_WORDS_MAX || size - used < length + 16)
            return false;
        words[count++] = room + used;
        used += put_word(room + used, size - used, at, length, terminal);
        at += length;
    }
    words[count] = NULL;
    return count > 0;
}

// ---- life

static void server_gone(struct x_server *server)
{
    loop_timer_stop(server->patience);
    server->events.ended(server->arg);
}

static void server_ended(void *arg, int status)
{
    struct x_server *server = arg;
    log_warn("screen", "the X server %s ended with %d", server->display, status);
    server_gone(server);
}

static void not_ready(void *arg)
{
    log_warn("screen", "an X server did not become ready");
    server_gone(arg);
}

static void server_says(void *arg, bool readable, bool writable)
{
    struct x_server *server = arg;
    char number[16] = "";
    int64_t display;
    (void)readable;
    (void)writable;
    ssize_t got = read(server->said, number, sizeof number - 1);
    loop_watch_free(take(server->said_watch));
    if (got > 0)
        number[strcspn(number, "\n")] = 0;
    // An end without a number is the end of the server, which is told by itself.
    if (got <= 0 || !text_number(number, 0, 99999, &display))
        return;
    snprintf(server->display, sizeof server->display, ":%lld", (long long)display);
    loop_timer_stop(server->patience);
    server->events.ready(server->arg);
}

static struct child *start_x_server(struct x_server *server, const char *command, int said, struct fault *why)
{
    static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL};
    static const char *const added[] = {"-displayfd", "3", "-auth"};
    const char *words[SERVER_WORDS_MAX + 4];
    char room[1024];
    if (!x_server_words(command, server->terminal, room, sizeof room, words)) {
        fault_set(why, FAULT_INVALID, "\"%.200s\" is not a command for an X server", command);
        return NULL;
    }
    size_t count = 0;
    while (words[count])
        count++;
    for (size_t i = 0; i < sizeof added / sizeof *added; i++)
        words[count++] = added[i];
    words[count++] = server->auth_file;
    words[count] = NULL;
    struct child_plan plan = {
        .arguments = words, .environment = environment, .input = -1, .output = -1, .pass = {said}, .pass_count = 1};
    return child_start(server->loop, &plan, server_ended, server, why);
}

static bool open_server(struct x_server *server, const struct x_server_config *config, struct fault *why)
{
    int pipe_ends[2];
    if (!write_cookie(server, config->client, why))
        return false;
    if (pipe2(pipe_ends, O_CLOEXEC) != 0)
        return fault_set(why, FAULT_UNAVAILABLE, "cannot create a pipe: %s", strerror(errno));
    server->said = pipe_ends[0];
    server->child = start_x_server(server, config->command, pipe_ends[1], why);
    close(pipe_ends[1]);
    if (!server->child)
        return false;
    server->said_watch = loop_watch_new(server->loop, server->said, server_says, server);
    loop_watch_set(server->said_watch, true, false);
    loop_timer_start(server->patience, READY_MS);
    return true;
}

struct x_server *x_server_new(struct loop *loop, const struct x_server_config *config,
                              const struct x_server_events *events, void *arg, struct fault *why)
{
    struct x_server *server = mem_new(1, sizeof *server);
    server->loop = loop;
    server->said = -1;
    server->terminal = config->terminal;
    server->events = *events;
    server->arg = arg;
    server->patience = loop_timer_new(loop, not_ready, server);
    TEXT_PUT(server->auth_file, config->auth_file);
    if (!open_server(server, config, why)) {
        x_server_free(server);
        return NULL;
    }
    return server;
}

void x_server_free(struct x_server *server)
{
    if (!server)
        return;
    child_free(server->child);
    loop_watch_free(server->said_watch);
    if (server->said >= 0)
        close(server->said);
    loop_timer_free(server->patience);
    unlink(server->auth_file);
    explicit_bzero(server->cookie, sizeof server->cookie);
    free(server);
}

const char *x_server_display(const struct x_server *server)
{
    return server->display;
}

const char *x_server_auth_file(const struct x_server *server)
{
    return server->auth_file;
}

const unsigned char *x_server_cookie(const struct x_server *server)
{
    return server->cookie;
}

int x_server_terminal(const struct x_server *server)
{
    return server->terminal;
}
