// SPDX-License-Identifier: EUPL-1.2
#include "client-agent/session_view.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/net/dial.h"
#include "client-agent/relay.h"
#include "client-agent/window_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A break that is mended within BLINK_MS is not worth a word. A line that breaks TRIES_MAX times before anything is
// shown is none. The viewer says which locks are on when it gets the keyboard; what it says before the session's X
// server is connected is lost, and nobody tells when that is: it is said again in growing steps.
enum {
    BLINK_MS = 1000,
    TRIES_MAX = 5,
    REDIAL_MS = 1000, // through a gateway
    LOCKS_FIRST_MS = 500,
    LOCKS_MOST_MS = 16000,
    LOCKS_RETRY_MS = 300
};

struct session_view {
    struct loop *loop;
    struct session_view_config config;
    struct displays *screens;
    struct logon_answer answer;
    struct secret password;
    char socket_path[SERVER_PATH_SIZE];
    struct relay *relay;
    struct rdp_client *viewer;
    struct window_watch *window;
    struct window_watch_screen screen; // that the viewer has
    struct loop_timer *patience;       // until it is shown
    struct loop_timer *soon;           // for an end that is known already
    struct loop_timer *trust;          // until an unannounced desktop counts as one
    struct loop_timer *blink;          // for a break that may be short
    struct loop_timer *reading;        // while the greeter has something to be read
    struct loop_timer *redial;         // until the host is dialled again, with a fresh password and token
    struct loop_timer *locks;          // caps lock and its like are to be said again
    int64_t locks_ms;
    bool one_time;             // each password opens the session once
    bool wanted;               // a viewer is to be started when there is an X server for it
    bool window_up, announced; // the viewer's window is there; and the desktop, as the broker says, or as is presumed
    bool reads, held;          // the person is reading; the desktop is there meanwhile
    int tries;                 // since it was last shown
    bool shown, broken, used, over;
    bool stalled; // broken, but perhaps only for a while: the connection stands, the viewer goes on
    enum session_view_end end;
    session_view_told *told;
    void *arg;
};

static const enum session_view_end end_by_viewer[] = {
    [RDP_CLIENT_LOGGED_OFF] = VIEW_LOGGED_OFF, [RDP_CLIENT_REPLACED] = VIEW_REPLACED,
    [RDP_CLIENT_ENDED] = VIEW_ENDED_BY_HOST,   [RDP_CLIENT_LOST] = VIEW_LOST,
    [RDP_CLIENT_REFUSED] = VIEW_REFUSED,       [RDP_CLIENT_WRONG_CERTIFICATE] = VIEW_WRONG_CERTIFICATE,
    [RDP_CLIENT_FAILED] = VIEW_FAILED,
};

static void forget_secrets(struct session_view *view)
{
    explicit_bzero(view->answer.one_time_password, sizeof view->answer.one_time_password);
    if (view->over || !view->one_time || !view->answer.password_follows)
        secret_drop(&view->password);
}

static void tell_end(void *arg)
{
    struct session_view *view = arg;
    view->told(view->arg, VIEW_ENDED, view->end);
}

// The first reason counts: what follows from it, such as the death of the viewer, does not.
static void end_with(struct session_view *view, enum session_view_end end)
{
    if (view->over)
        return;
    view->over = true;
    view->end = end;
    loop_timer_stop(view->trust);
    loop_timer_stop(view->blink);
    loop_timer_stop(view->reading);
    loop_timer_stop(view->redial);
    loop_timer_stop(view->locks);
    forget_secrets(view);
    loop_timer_start(view->soon, 0);
}

// ---- what the parts tell

// Everything goes but the X server: it is the same person's, and the next viewer is there sooner.
static void wait_for_password(void *arg)
{
    struct session_view *view = arg;
    rdp_client_free(take(view->viewer));
    relay_free(take(view->relay));
    loop_timer_stop(view->patience);
    loop_timer_stop(view->trust);
    loop_timer_stop(view->redial);
    view->broken = true;
    view->window_up = view->announced = false;
    view->stalled = false;
    displays_show(view->screens, DISPLAY_GREETER);
    view->told(view->arg, VIEW_WAITS, 0);
}

static void use_small_packets(struct session_view *view, const char *because)
{
    log_warn("viewer", "%s: %s; small packets for an hour", view->answer.session, because);
    *view->config.small_until_ms = clock_steady_ms() + SMALL_PACKETS_MS;
}

static void rdp_client_is_over(void *arg, enum rdp_client_end ended, int status)
{
    struct session_view *view = arg;
    enum session_view_end end = end_by_viewer[ended];
    log_info("viewer", "%s: ended with %d%s", view->answer.session, status, view->shown ? "" : " before it was shown");
    // It gave up a host whose kernel answers: perhaps what is large does not get through.
    if (end == VIEW_LOST && !view->stalled && !relay_host_ended(view->relay))
        use_small_packets(view, "gave up a host that had not ended the connection");
    // xfreerdp3 also says so when it loses its X server.
    if (end == VIEW_ENDED_BY_HOST && !relay_host_ended(view->relay))
        end = VIEW_FAILED;
    // A host that says good-bye before there was a desktop did not let the person in, or had none for them.
    if ((end == VIEW_LOGGED_OFF || end == VIEW_ENDED_BY_HOST) && !view->shown && view->answer.announced)
        end = VIEW_NO_DESKTOP;
    if (end == VIEW_LOGGED_OFF && (!view->shown || (view->one_time && view->broken)))
        end = VIEW_REFUSED;
    if (end == VIEW_LOST && view->one_time && view->shown && !view->over && ++view->tries <= TRIES_MAX)
        wait_for_password(view);
    else
        end_with(view, end);
}

static void say_locks(void *arg)
{
    struct session_view *view = arg;
    if (!view->window)
        return;
    if (!window_watch_refocus(view->window)) {
        loop_timer_start(view->locks, LOCKS_RETRY_MS);
        return;
    }
    view->locks_ms *= 2;
    if (view->locks_ms <= LOCKS_MOST_MS)
        loop_timer_start(view->locks, view->locks_ms);
}

static void show_desktop(struct session_view *view)
{
    enum session_view_event event = view->shown ? VIEW_MENDED : VIEW_SHOWN;
    view->shown = true;
    view->held = view->broken = false;
    view->tries = 0;
    view->locks_ms = LOCKS_FIRST_MS / 2;
    say_locks(view);
    displays_show(view->screens, DISPLAY_RDP_CLIENT);
    view->told(view->arg, event, 0);
}

static void has_read(void *arg)
{
    struct session_view *view = arg;
    view->reads = false;
    if (view->held)
        show_desktop(view);
}

// What a host shows to whom it has no desktop for is nothing to type a password into.
static void show_when_announced(struct session_view *view)
{
    if (!view->window_up || !view->announced)
        return;
    loop_timer_stop(view->patience);
    if (view->reads)
        view->held = true;
    else
        show_desktop(view);
}

static bool is_awaited(const struct session_view *view)
{
    return !view->over && (!view->shown || (view->broken && !view->stalled && view->one_time && view->viewer));
}

static void window_appeared(void *arg)
{
    struct session_view *view = arg;
    if (!is_awaited(view) || view->window_up)
        return;
    view->window_up = true;
    loop_timer_start(view->patience, view->config.announce_ms);
    if (!view->answer.announced && view->one_time)
        loop_timer_start(view->trust, view->config.refusal_ms);
    else if (!view->answer.announced)
        view->announced = true;
    show_when_announced(view);
}

void session_view_announce(struct session_view *view)
{
    if (!is_awaited(view))
        return;
    view->announced = true;
    show_when_announced(view);
}

// Nobody tells, and the host has not ended the connection of somebody it did not let in: it is the desktop.
static void is_trusted(void *arg)
{
    session_view_announce(arg);
}

static void lock_pressed(void *arg)
{
    struct session_view *view = arg;
    if (!view->over)
        view->told(view->arg, VIEW_LOCK, 0);
}

static void jobs_pressed(void *arg)
{
    struct session_view *view = arg;
    if (!view->over)
        view->told(view->arg, VIEW_JOBS, 0);
}

static void notice_clicked(void *arg)
{
    struct session_view *view = arg;
    if (!view->over)
        view->config.clicked(view->arg);
}

// ---- the viewer

static bool watch_screen(struct session_view *view, const struct x_server *server, struct fault *why)
{
    static const struct window_watch_events events = {
        .shown = window_appeared, .lock = lock_pressed, .jobs = jobs_pressed, .clicked = notice_clicked};
    if (!view->window)
        view->window =
            window_watch_new(view->loop, x_server_display(server), x_server_cookie(server), &events, view, why);
    view->used = true;
    return view->window != NULL;
}

static bool start_viewer(struct session_view *view, const struct x_server *server, struct fault *why)
{
    struct rdp_client_task task = {
        .answer = &view->answer,
        .password = &view->password,
        .display = x_server_display(server),
        .auth_file = x_server_auth_file(server),
        .socket_path = view->socket_path,
    };
    if (!watch_screen(view, server, why))
        return false;
    window_watch_screen(view->window, &task.screen);
    view->screen = task.screen;
    window_watch_keyboard(view->window, &task.keyboard);
    if (rdp_client_enlarges(&task))
        window_watch_fill(view->window);
    view->viewer = rdp_client_start(view->loop, &view->config.viewer, &task, rdp_client_is_over, view, why);
    forget_secrets(view);
    return view->viewer != NULL;
}

static void start_when_ready(struct session_view *view)
{
    struct fault why = {0};
    const struct x_server *server = displays_server(view->screens, DISPLAY_RDP_CLIENT);
    if (!view->wanted || view->over || !server)
        return;
    view->wanted = false;
    if (start_viewer(view, server, &why))
        return;
    log_error("viewer", "%s", why.text);
    end_with(view, VIEW_FAILED);
}

// ---- the line

static void is_broken(void *arg)
{
    struct session_view *view = arg;
    view->broken = true;
    displays_show(view->screens, DISPLAY_GREETER);
    view->told(view->arg, VIEW_BROKEN, 0);
}

static void is_up(struct session_view *view)
{
    loop_timer_stop(view->blink);
    if (!view->broken)
        return;
    view->broken = view->stalled = false;
    displays_show(view->screens, DISPLAY_RDP_CLIENT);
    view->told(view->arg, VIEW_MENDED, 0);
}

static void stall(struct session_view *view)
{
    if (!view->shown || view->broken)
        return;
    loop_timer_stop(view->blink);
    view->stalled = true;
    is_broken(view);
}

// The desk bounds how long this goes on. A typed password the viewer no longer has.
static void host_is_unreachable(struct session_view *view)
{
    if (view->shown && view->one_time)
        loop_timer_start(view->redial, REDIAL_MS);
    else
        end_with(view, view->shown ? VIEW_LOST : VIEW_UNREACHABLE);
}

static void relay_changed(void *arg, enum relay_event event)
{
    struct session_view *view = arg;
    if (view->over)
        return;
    switch (event) {
    case RELAY_REACHED:
        view->wanted = !view->viewer;
        start_when_ready(view);
        return;
    case RELAY_SILENT:
        stall(view);
        return;
    case RELAY_PACKETS_LOST:
        use_small_packets(view, "large packets are lost");
        if (!view->shown)
            end_with(view, VIEW_PACKETS_LOST);
        return;
    case RELAY_HEARD:
        if (view->stalled)
            is_up(view);
        return;
    case RELAY_UP:
        if (!view->one_time)
            is_up(view);
        return;
    case RELAY_MENDING:
        if (view->shown && !view->broken && !view->one_time)
            loop_timer_start(view->blink, BLINK_MS);
        return;
    case RELAY_UNREACHABLE:
        host_is_unreachable(view);
        return;
    case RELAY_GIVEN_UP:
        end_with(view, VIEW_LOST);
        return;
    }
}

static void out_of_patience(void *arg)
{
    struct session_view *view = arg;
    log_warn("viewer", "%s: %s", view->answer.session,
             view->window_up ? "no desktop was announced" : "no window has appeared");
    end_with(view, view->window_up ? VIEW_NO_DESKTOP : VIEW_FAILED);
}

// ---- starting

static bool start_relay(struct session_view *view, struct fault *why)
{
    const struct account *account = view->config.viewer.account;
    struct relay_config config = {
        .socket_path = view->socket_path,
        .viewer = account ? account->uid : (uid_t)-1,
        .address = view->answer.address,
        .port = (int)view->answer.port,
        .dial_ms = view->config.dial_ms,
        .give_up_ms = view->config.give_up_ms,
        .small_packets = clock_steady_ms() < *view->config.small_until_ms,
        .was_up = view->shown,
        .gateway = view->config.gateway,
        .channel = view->answer.channel,
    };
    view->relay = relay_new(view->loop, &config, relay_changed, view, why);
    explicit_bzero(view->answer.channel, sizeof view->answer.channel); // it is good for once
    return view->relay != NULL;
}

void session_view_unplugged(struct session_view *view)
{
    if (!view->over && view->relay)
        relay_presume_silent(view->relay);
}

void session_view_screen_ready(struct session_view *view)
{
    start_when_ready(view);
}

void session_view_screen_ended(struct session_view *view)
{
    if (view->viewer)
        end_with(view, VIEW_FAILED);
    else
        window_watch_free(take(view->window));
}

void session_view_resume(struct session_view *view, const char *one_time_password, const char *channel)
{
    struct fault why = {0};
    if (view->over || view->relay || !view->broken)
        return;
    TEXT_PUT(view->answer.one_time_password, one_time_password);
    TEXT_PUT(view->answer.channel, channel);
    loop_timer_start(view->patience, view->config.give_up_ms + view->config.show_ms);
    if (start_relay(view, &why))
        return;
    log_error("viewer", "%s", why.text);
    end_with(view, VIEW_FAILED);
}

struct session_view *session_view_new(struct loop *loop, const struct session_view_config *config,
                                      struct displays *screens, const struct logon_answer *answer,
                                      const struct secret *password, session_view_told *told, void *arg)
{
    struct session_view *view = mem_new(1, sizeof *view);
    struct fault why = {0};
    view->loop = loop;
    view->config = *config;
    view->screens = screens;
    view->answer = *answer;
    view->password = *password;
    view->one_time = *answer->one_time_password;
    view->told = told;
    view->arg = arg;
    view->patience = loop_timer_new(loop, out_of_patience, view);
    view->soon = loop_timer_new(loop, tell_end, view);
    view->trust = loop_timer_new(loop, is_trusted, view);
    view->blink = loop_timer_new(loop, is_broken, view);
    view->reading = loop_timer_new(loop, has_read, view);
    view->redial = loop_timer_new(loop, wait_for_password, view);
    view->locks = loop_timer_new(loop, say_locks, view);
    loop_timer_start(view->patience, config->show_ms);
    view->reads = *answer->abandoned_host;
    if (view->reads)
        loop_timer_start(view->reading, config->read_ms);
    snprintf(view->socket_path, sizeof view->socket_path, "%.90s/viewer/host.sock", config->run_dir);
    view->wanted = true;
    if (start_relay(view, &why)) {
        start_when_ready(view);
    } else {
        log_error("viewer", "%s", why.text);
        end_with(view, VIEW_FAILED);
    }
    return view;
}

static bool is_before_person(const struct session_view *view)
{
    return !view->over && view->shown && !view->broken && !view->held;
}

void session_view_cover(struct session_view *view, bool by_greeter)
{
    if (!is_before_person(view))
        return;
    displays_show(view->screens, by_greeter ? DISPLAY_GREETER : DISPLAY_RDP_CLIENT);
    if (by_greeter)
        return;
    view->locks_ms = LOCKS_FIRST_MS / 2;
    say_locks(view);
}

bool session_view_notice(struct session_view *view, const struct notice_picture *picture)
{
    return is_before_person(view) && view->window && window_watch_notice(view->window, &view->screen, picture);
}

void session_view_hide_notice(struct session_view *view)
{
    if (view->window)
        window_watch_hide_notice(view->window);
}

void session_view_close(struct session_view *view)
{
    end_with(view, VIEW_CLOSED);
}

void session_view_free(struct session_view *view)
{
    if (!view)
        return;
    window_watch_free(view->window);
    rdp_client_free(view->viewer);
    relay_free(view->relay);
    loop_timer_free(view->patience);
    loop_timer_free(view->soon);
    loop_timer_free(view->trust);
    loop_timer_free(view->blink);
    loop_timer_free(view->reading);
    loop_timer_free(view->redial);
    loop_timer_free(view->locks);
    view->over = true;
    forget_secrets(view);
    // Shown first, so that the person does not look at a dying screen.
    displays_show(view->screens, DISPLAY_GREETER);
    if (view->used)
        displays_renew(view->screens, DISPLAY_RDP_CLIENT);
    free(view);
}
