// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/displays.h"
#include "broker/base/child.h"
#include "broker/base/file.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WAIT_FIRST_MS = 500, WAIT_MOST_MS = 30000 };

struct slot {
    struct displays *screens;
    enum display_kind kind;
    struct x_server *server;
    bool ready;
    struct loop_timer *again;
    int64_t wait_ms;
};

struct displays {
    struct loop *loop;
    struct displays_config config;
    char run_dir[SERVER_PATH_SIZE];
    struct slot slots[DISPLAY_KIND_COUNT];
    enum display_kind shown;
    bool shows_any;
    struct child *switcher;
    struct displays_events events;
    void *arg;
};

static const char *const slot_names[DISPLAY_KIND_COUNT] = {
    [DISPLAY_GREETER] = "greeter", [DISPLAY_RDP_CLIENT] = "viewer"};

// ---- bringing one before the person

static void switch_ended(void *arg, int status)
{
    struct displays *screens = arg;
    if (status != 0)
        log_warn("screen", "the switch-command ended with %d", status);
    child_free(take(screens->switcher));
}

static void run_switch_command(struct displays *screens)
{
    static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
    const char *words[SERVER_WORDS_MAX];
    char room[1024];
    struct fault why = {0};
    int terminal = screens->config.first_vt + (int)screens->shown;
    if (!*screens->config.switch_command)
        return;
    if (!x_server_words(screens->config.switch_command, terminal, room, sizeof room, words))
        return;
    child_free(take(screens->switcher));
    struct child_plan plan = {.arguments = words, .environment = environment, .input = -1, .output = -1};
    screens->switcher = child_start(screens->loop, &plan, switch_ended, screens, &why);
    if (!screens->switcher)
        log_error("screen", "%s", why.text);
}

static void write_note(const struct displays *screens, const char *name, const char *line)
{
    char path[SERVER_PATH_SIZE + 32];
    struct fault why = {0};
    snprintf(path, sizeof path, "%s/%s", screens->run_dir, name);
    if (!file_replace_volatile(path, 0644, line, strlen(line), &why))
        log_error("screen", "%s", why.text);
}

// A note of an agent that was killed names a display that may be somebody else's by now.
static void remove_note(const struct displays *screens, const char *name)
{
    char path[SERVER_PATH_SIZE + 32];
    snprintf(path, sizeof path, "%s/%s", screens->run_dir, name);
    unlink(path);
}

static void bring_forward(struct displays *screens)
{
    const struct x_server *server = displays_server(screens, screens->shown);
    char line[SERVER_PATH_SIZE + DISPLAY_SIZE + 4];
    if (!server || !screens->shows_any)
        return;
    snprintf(line, sizeof line, "%s\n", x_server_auth_file(server));
    write_note(screens, "screen.auth", line);
    snprintf(line, sizeof line, "%s %s\n", x_server_display(server), x_server_auth_file(server));
    write_note(screens, "screen", line);
    run_switch_command(screens);
}

// ---- their lives

static void start_server(void *arg);

static void start_later(struct slot *slot)
{
    loop_timer_start(slot->again, slot->wait_ms);
    slot->wait_ms = slot->wait_ms * 2 > WAIT_MOST_MS ? WAIT_MOST_MS : slot->wait_ms * 2;
}

static void server_ready(void *arg)
{
    struct slot *slot = arg;
    struct displays *screens = slot->screens;
    slot->ready = true;
    slot->wait_ms = WAIT_FIRST_MS;
    // Also for the other one: an X server takes the person's terminal when it starts.
    bring_forward(screens);
    screens->events.ready(screens->arg, slot->kind);
}

static void server_ended(void *arg)
{
    struct slot *slot = arg;
    bool was_ready = slot->ready;
    slot->ready = false;
    x_server_free(take(slot->server));
    start_later(slot);
    if (was_ready)
        slot->screens->events.ended(slot->screens->arg, slot->kind);
}

static void start_server(void *arg)
{
    static const struct x_server_events events = {.ready = server_ready, .ended = server_ended};
    struct slot *slot = arg;
    struct displays *screens = slot->screens;
    char auth_file[SERVER_PATH_SIZE];
    struct fault why = {0};
    snprintf(auth_file, sizeof auth_file, "%.100s/cookie.%s", screens->run_dir, slot_names[slot->kind]);
    struct x_server_config config = {
        .command = screens->config.commands[slot->kind],
        .auth_file = auth_file,
        .terminal = screens->config.first_vt + (int)slot->kind,
        .client = screens->config.clients[slot->kind],
    };
    slot->server = x_server_new(screens->loop, &config, &events, slot, &why);
    if (!slot->server) {
        log_error("screen", "%s", why.text);
        start_later(slot);
    }
}

struct displays *displays_new(struct loop *loop, const struct displays_config *config,
                              const struct displays_events *events, void *arg)
{
    struct displays *screens = mem_new(1, sizeof *screens);
    screens->loop = loop;
    screens->config = *config;
    screens->events = *events;
    screens->arg = arg;
    TEXT_PUT(screens->run_dir, config->run_dir);
    remove_note(screens, "screen");
    remove_note(screens, "screen.auth");
    for (enum display_kind kind = 0; kind < DISPLAY_KIND_COUNT; kind++) {
        struct slot *slot = &screens->slots[kind];
        slot->screens = screens;
        slot->kind = kind;
        slot->wait_ms = WAIT_FIRST_MS;
        slot->again = loop_timer_new(loop, start_server, slot);
        start_server(slot);
    }
    return screens;
}

void displays_free(struct displays *screens)
{
    if (!screens)
        return;
    remove_note(screens, "screen");
    remove_note(screens, "screen.auth");
    for (enum display_kind kind = 0; kind < DISPLAY_KIND_COUNT; kind++) {
        loop_timer_free(screens->slots[kind].again);
        x_server_free(screens->slots[kind].server);
    }
    child_free(screens->switcher);
    free(screens);
}

const struct x_server *displays_server(const struct displays *screens, enum display_kind kind)
{
    return screens->slots[kind].ready ? screens->slots[kind].server : NULL;
}

void displays_renew(struct displays *screens, enum display_kind kind)
{
    struct slot *slot = &screens->slots[kind];
    if (!slot->server)
        return;
    slot->ready = false;
    x_server_free(take(slot->server));
    start_server(slot);
}

void displays_show(struct displays *screens, enum display_kind kind)
{
    screens->shown = kind;
    screens->shows_any = true;
    bring_forward(screens);
}
