// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/sessions.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-host/disconnect.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/user_names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 1000,
    LOOK_MS = 10 * 1000,
    ORPHAN_MS = 10 * 1000,   // nobody is connected and nobody can reconnect: how long until it is logged off
    NAMELESS_MS = 60 * 1000, // the directory does not say whose it is: how long until it is nobody's
    NAME_WAIT_MS = 2000,     // a logon waits no longer for the directory to say so
};

// What is known of one beyond the inventory.
struct watched_session {
    struct watched_session *next, **at;
    struct sessions *sessions;
    struct xrdp_session session;
    bool there;
    int64_t seen_ms;      // since when
    int64_t abandoned_ms; // since when it is an orphan that nobody sees; 0: it is not
    struct idle *idle;
    struct logoff *logoff;
};

struct clearing {
    struct clearing *next, **at;
    struct sessions *sessions;
    char user_name[128];
    bool sole;
    int64_t began_ms;
    sessions_done *done;
    void *arg;
    struct loop_timer *soon;
    bool failed;
};

struct sessions {
    struct loop *loop;
    loop_work *changed;
    void *arg;
    struct user_names *names;
    struct disconnects *disconnects;
    struct watched_session *watched;
    struct clearing *clearings;
    struct loop_timer *tick;
    int64_t looked_ms;
    struct inventory inventory;
    struct socket_display displays[SOCKETS_DISPLAYS_MAX];
    int display_count; // -1: not known
};

static bool is_same(const struct xrdp_session *a, const struct xrdp_session *b)
{
    return a->server.pid == b->server.pid && a->server.started == b->server.started;
}

// ---- keeping track

static void watched_session_free(struct watched_session *watched)
{
    assert(*watched->at == watched);
    *watched->at = watched->next;
    if (watched->next)
        watched->next->at = watched->at;
    idle_free(watched->idle);
    logoff_free(watched->logoff);
    free(watched);
}

static struct watched_session *find_watched(const struct sessions *sessions, const struct xrdp_session *session)
{
    struct watched_session *watched = sessions->watched;
    while (watched && !is_same(&watched->session, session))
        watched = watched->next;
    return watched;
}

static struct watched_session *add(struct sessions *sessions, const struct xrdp_session *session)
{
    struct watched_session *watched = mem_new(1, sizeof *watched), **last = &sessions->watched;
    while (*last)
        last = &(*last)->next;
    watched->at = last;
    *last = watched;
    watched->sessions = sessions;
    watched->seen_ms = clock_steady_ms();
    watched->idle = idle_new(sessions->loop, session);
    log_info("session", "display :%d appeared, uid %u", session->display, (unsigned)session->owner.uid);
    return watched;
}

static bool differs(const struct xrdp_session *a, const struct xrdp_session *b)
{
    return a->connected != b->connected || a->orphan != b->orphan || a->display != b->display;
}

static void watch_orphan(struct watched_session *watched)
{
    bool abandoned = watched->session.orphan && !watched->session.connected;
    if (abandoned && !watched->abandoned_ms)
        watched->abandoned_ms = clock_steady_ms();
    else if (!abandoned)
        watched->abandoned_ms = 0;
    if (!watched->abandoned_ms || watched->logoff || clock_steady_ms() - watched->abandoned_ms < ORPHAN_MS)
        return;
    log_warn("session", "display :%d: its session manager is gone and nobody can reconnect; logging it off",
             watched->session.display);
    sessions_end(watched->sessions, &watched->session);
}

static bool note(struct sessions *sessions, const struct xrdp_session *session)
{
    struct watched_session *watched = find_watched(sessions, session);
    bool is_new = !watched, other = watched && differs(&watched->session, session);
    if (is_new)
        watched = add(sessions, session);
    watched->session = *session;
    watched->there = true;
    return is_new || other;
}

// Whose server is gone goes when nothing of it is under way any more.
static bool sweep(struct sessions *sessions)
{
    bool changed = false;
    for (struct watched_session *watched = sessions->watched, *next; watched; watched = next) {
        next = watched->next;
        if (watched->there)
            continue;
        if (watched->session.server.pid)
            log_info("session", "display :%d gone", watched->session.display);
        changed = changed || watched->session.server.pid;
        watched->session.server.pid = 0;
        if (!idle_stop(watched->idle) || watched->logoff)
            continue;
        watched_session_free(watched);
    }
    return changed;
}

void sessions_look(struct sessions *sessions)
{
    bool changed = false;
    size_t displays = sessions->display_count > 0 ? (size_t)sessions->display_count : 0;
    sessions->looked_ms = clock_steady_ms();
    inventory_read(&sessions->inventory, "/proc", sessions->displays, displays);
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next)
        watched->there = false;
    for (size_t i = 0; i < sessions->inventory.count; i++)
        changed |= note(sessions, &sessions->inventory.rows[i]);
    changed |= sweep(sessions);
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next)
        if (watched->there)
            watch_orphan(watched);
    if (changed)
        sessions->changed(sessions->arg);
}

static bool sockets_changed(struct sessions *sessions)
{
    static struct socket_display now[SOCKETS_DISPLAYS_MAX];
    int count = sockets_displays(now, SOCKETS_DISPLAYS_MAX);
    assert(count <= SOCKETS_DISPLAYS_MAX);
    size_t size = count > 0 ? (size_t)count * sizeof *now : 0;
    bool same = count == sessions->display_count && memcmp(now, sessions->displays, size) == 0;
    sessions->display_count = count;
    memcpy(sessions->displays, now, size);
    return !same;
}

static void check_clearings(struct sessions *sessions)
{
    for (struct clearing *one = sessions->clearings; one; one = one->next)
        loop_timer_start(one->soon, 0);
}

static void tick(void *arg)
{
    struct sessions *sessions = arg;
    if (sockets_changed(sessions) || clock_steady_ms() - sessions->looked_ms >= LOOK_MS)
        sessions_look(sessions);
    check_clearings(sessions);
    loop_timer_start(sessions->tick, TICK_MS);
}

// ---- what runs

bool sessions_at(const struct sessions *sessions, size_t index, struct sessions_row *row)
{
    const struct watched_session *watched = sessions->watched;
    while (watched && (!watched->there || index--))
        watched = watched->next;
    if (!watched)
        return false;
    row->session = watched->session;
    row->idle_s = idle_s(watched->idle);
    row->ends = watched->logoff != NULL;
    assert(watched->session.server.pid); // who reads the rows signals it
    text_cut(row->user_name, sizeof row->user_name, user_names_of(sessions->names, watched->session.owner.uid));
    return true;
}

static bool awaits_name(const struct watched_session *watched)
{
    return watched->there && !*user_names_of(watched->sessions->names, watched->session.owner.uid) &&
           clock_steady_ms() - watched->seen_ms < NAMELESS_MS;
}

bool sessions_all_named(const struct sessions *sessions)
{
    for (const struct watched_session *watched = sessions->watched; watched; watched = watched->next)
        if (awaits_name(watched))
            return false;
    return true;
}

void sessions_ask_idle(struct sessions *sessions)
{
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next)
        if (watched->there && !watched->logoff)
            idle_ask(watched->idle);
}

bool sessions_connections_known(const struct sessions *sessions)
{
    return sessions->display_count >= 0;
}

// ---- what is done to them

static void clearing_over(struct clearing *clearing, bool fine)
{
    sessions_done *done = clearing->done;
    void *arg = clearing->arg;
    assert(*clearing->at == clearing);
    *clearing->at = clearing->next;
    if (clearing->next)
        clearing->next->at = clearing->at;
    loop_timer_free(clearing->soon);
    free(clearing);
    done(arg, fine);
}

// Who is in the way of a person who comes in, when it is known whose it is.
static bool is_in_the_way(const struct clearing *clearing, const struct watched_session *watched)
{
    const char *user_name = user_names_of(clearing->sessions->names, watched->session.owner.uid);
    bool theirs = text_same_name(user_name, strlen(user_name), clearing->user_name);
    return watched->there && ((theirs && watched->session.orphan) || (clearing->sole && !theirs));
}

static void ended(void *arg, bool gone)
{
    struct watched_session *watched = arg;
    struct sessions *sessions = watched->sessions;
    assert(watched->logoff);
    logoff_free(take(watched->logoff));
    for (struct clearing *one = sessions->clearings; one; one = one->next)
        one->failed = one->failed || (!gone && is_in_the_way(one, watched));
    sockets_changed(sessions);
    sessions_look(sessions);
    check_clearings(sessions);
}

static void end_session(struct watched_session *watched, const struct logoff_pace *pace)
{
    if (watched->logoff)
        logoff_hurry(watched->logoff, pace);
    else
        watched->logoff = logoff_new(watched->sessions->loop, &watched->session, pace, ended, watched);
}

void sessions_end(struct sessions *sessions, const struct xrdp_session *session)
{
    struct watched_session *watched = find_watched(sessions, session);
    if (watched && !watched->logoff)
        end_session(watched, &logoff_graceful);
}

void sessions_disconnect(struct sessions *sessions, const struct xrdp_session *session)
{
    char what[32];
    snprintf(what, sizeof what, "display :%d", session->display);
    if (session->connected)
        disconnects_add(sessions->disconnects, session->peer, what);
}

void sessions_refuse(struct sessions *sessions, uint16_t port)
{
    if (port)
        disconnects_add(sessions->disconnects, sockets_of_port("/proc", port), "rejected logon");
}

static void check_clearing(void *arg)
{
    struct clearing *clearing = arg;
    struct sessions *sessions = clearing->sessions;
    bool waiting = false, patient = clock_steady_ms() - clearing->began_ms < NAME_WAIT_MS;
    for (struct watched_session *watched = sessions->watched; watched && !clearing->failed; watched = watched->next) {
        // It may be their own, with all that they have open there.
        bool unknown = clearing->sole && awaits_name(watched);
        if (!unknown && is_in_the_way(clearing, watched))
            end_session(watched, &logoff_fast);
        else if (!unknown)
            continue;
        waiting = true;
        clearing->failed = unknown && !patient;
    }
    if (!waiting || clearing->failed)
        clearing_over(clearing, !clearing->failed);
}

void sessions_clear(struct sessions *sessions, const char *user_name, bool sole, sessions_done *done, void *arg)
{
    struct clearing *clearing = mem_new(1, sizeof *clearing);
    clearing->sessions = sessions;
    text_cut(clearing->user_name, sizeof clearing->user_name, user_name);
    clearing->sole = sole;
    clearing->began_ms = clock_steady_ms();
    clearing->done = done;
    clearing->arg = arg;
    clearing->next = sessions->clearings;
    clearing->at = &sessions->clearings;
    if (clearing->next)
        clearing->next->at = &clearing->next;
    sessions->clearings = clearing;
    clearing->soon = loop_timer_new(sessions->loop, check_clearing, clearing);
    sockets_changed(sessions);
    sessions_look(sessions);
    loop_timer_start(clearing->soon, 0);
}

// ---- the whole

static void named(void *arg)
{
    struct sessions *sessions = arg;
    sessions->changed(sessions->arg);
    check_clearings(sessions);
}

struct sessions *sessions_new(struct loop *loop, loop_work *changed, void *arg)
{
    struct sessions *sessions = mem_new(1, sizeof *sessions);
    sessions->loop = loop;
    sessions->changed = changed;
    sessions->arg = arg;
    sessions->names = user_names_new(loop, named, sessions);
    sessions->disconnects = disconnects_new(loop);
    sessions->tick = loop_timer_new(loop, tick, sessions);
    sessions->looked_ms = clock_steady_ms() - LOOK_MS;
    sockets_changed(sessions);
    loop_timer_start(sessions->tick, 0);
    return sessions;
}

void sessions_free(struct sessions *sessions)
{
    if (!sessions)
        return;
    loop_timer_free(sessions->tick);
    while (sessions->clearings) {
        struct clearing *one = sessions->clearings;
        sessions->clearings = one->next;
        loop_timer_free(one->soon);
        free(one);
    }
    while (sessions->watched)
        watched_session_free(sessions->watched);
    user_names_free(sessions->names);
    disconnects_free(sessions->disconnects);
    inventory_drop(&sessions->inventory);
    free(sessions);
}
