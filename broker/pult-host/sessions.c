// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/sessions.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-host/disconnect.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/user_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 1000,
    LOOK_MS = 10 * 1000,
    ORPHAN_MS = 10 * 1000,   // nobody sees it and nobody can: how long until it is logged off
    NAMELESS_MS = 60 * 1000, // the directory does not say whose it is: how long until it is nobody's
    NAME_WAIT_MS = 2000,     // who comes in waits no longer for the directory to say so
};

// What is known of one beyond the inventory.
struct kept {
    struct kept *next, **at;
    struct sessions *sessions;
    struct xrdp_session session;
    bool there;
    int64_t seen_ms;   // since when
    int64_t lonely_ms; // since when it is an orphan that nobody sees; 0: it is not
    struct idle *idle;
    struct logoff *logoff;
};

struct clearing {
    struct clearing *next, **at;
    struct sessions *sessions;
    char login[128];
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
    struct kept *kept;
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

static void kept_free(struct kept *kept)
{
    *kept->at = kept->next;
    if (kept->next)
        kept->next->at = kept->at;
    idle_free(kept->idle);
    logoff_free(kept->logoff);
    free(kept);
}

static struct kept *find(const struct sessions *sessions, const struct xrdp_session *session)
{
    struct kept *kept = sessions->kept;
    while (kept && !is_same(&kept->session, session))
        kept = kept->next;
    return kept;
}

static struct kept *add(struct sessions *sessions, const struct xrdp_session *session)
{
    struct kept *kept = mem_new(1, sizeof *kept), **last = &sessions->kept;
    while (*last)
        last = &(*last)->next;
    kept->at = last;
    *last = kept;
    kept->sessions = sessions;
    kept->seen_ms = clock_steady_ms();
    kept->idle = idle_new(sessions->loop, session);
    log_info("session", "display :%d of uid %u is there", session->display, (unsigned)session->owner.uid);
    return kept;
}

static bool differs(const struct xrdp_session *a, const struct xrdp_session *b)
{
    return a->connected != b->connected || a->orphan != b->orphan || a->display != b->display;
}

static void watch_orphan(struct kept *kept)
{
    bool lonely = kept->session.orphan && !kept->session.connected;
    if (lonely && !kept->lonely_ms)
        kept->lonely_ms = clock_steady_ms();
    else if (!lonely)
        kept->lonely_ms = 0;
    if (!kept->lonely_ms || kept->logoff || clock_steady_ms() - kept->lonely_ms < ORPHAN_MS)
        return;
    log_warn("session", "display :%d: its session manager is gone and nobody can return to it", kept->session.display);
    sessions_end(kept->sessions, &kept->session);
}

static bool note(struct sessions *sessions, const struct xrdp_session *session)
{
    struct kept *kept = find(sessions, session);
    bool is_new = !kept, other = kept && differs(&kept->session, session);
    if (is_new)
        kept = add(sessions, session);
    kept->session = *session;
    kept->there = true;
    return is_new || other;
}

// Whose server is gone goes when nothing of it is under way any more.
static bool sweep(struct sessions *sessions)
{
    bool changed = false;
    for (struct kept *kept = sessions->kept, *next; kept; kept = next) {
        next = kept->next;
        if (kept->there)
            continue;
        if (kept->session.server.pid)
            log_info("session", "display :%d is gone", kept->session.display);
        changed = changed || kept->session.server.pid;
        kept->session.server.pid = 0;
        if (idle_stop(kept->idle) && !kept->logoff)
            kept_free(kept);
    }
    return changed;
}

void sessions_look(struct sessions *sessions)
{
    bool changed = false;
    size_t displays = sessions->display_count > 0 ? (size_t)sessions->display_count : 0;
    sessions->looked_ms = clock_steady_ms();
    inventory_read(&sessions->inventory, "/proc", sessions->displays, displays);
    for (struct kept *kept = sessions->kept; kept; kept = kept->next)
        kept->there = false;
    for (size_t i = 0; i < sessions->inventory.count; i++)
        changed |= note(sessions, &sessions->inventory.rows[i]);
    changed |= sweep(sessions);
    for (struct kept *kept = sessions->kept; kept; kept = kept->next)
        if (kept->there)
            watch_orphan(kept);
    if (changed)
        sessions->changed(sessions->arg);
}

static bool sockets_changed(struct sessions *sessions)
{
    static struct socket_display now[SOCKETS_DISPLAYS_MAX];
    int count = sockets_displays(now, SOCKETS_DISPLAYS_MAX);
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
    const struct kept *kept = sessions->kept;
    while (kept && (!kept->there || index--))
        kept = kept->next;
    if (!kept)
        return false;
    row->session = kept->session;
    row->idle_s = idle_s(kept->idle);
    row->ends = kept->logoff != NULL;
    text_cut(row->login, sizeof row->login, user_names_of(sessions->names, kept->session.owner.uid));
    return true;
}

static bool awaits_name(const struct kept *kept)
{
    return kept->there && !*user_names_of(kept->sessions->names, kept->session.owner.uid) &&
           clock_steady_ms() - kept->seen_ms < NAMELESS_MS;
}

bool sessions_all_named(const struct sessions *sessions)
{
    for (const struct kept *kept = sessions->kept; kept; kept = kept->next)
        if (awaits_name(kept))
            return false;
    return true;
}

void sessions_ask_idle(struct sessions *sessions)
{
    for (struct kept *kept = sessions->kept; kept; kept = kept->next)
        if (kept->there && !kept->logoff)
            idle_ask(kept->idle);
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
    *clearing->at = clearing->next;
    if (clearing->next)
        clearing->next->at = clearing->at;
    loop_timer_free(clearing->soon);
    free(clearing);
    done(arg, fine);
}

// Who is in the way of a person who comes in, when it is known whose it is.
static bool is_in_the_way(const struct clearing *clearing, const struct kept *kept)
{
    const char *login = user_names_of(clearing->sessions->names, kept->session.owner.uid);
    bool theirs = text_equal(login, clearing->login);
    return kept->there && ((theirs && kept->session.orphan) || (clearing->sole && !theirs));
}

static void ended(void *arg, bool gone)
{
    struct kept *kept = arg;
    struct sessions *sessions = kept->sessions;
    logoff_free(take(kept->logoff));
    for (struct clearing *one = sessions->clearings; one; one = one->next)
        one->failed = one->failed || (!gone && is_in_the_way(one, kept));
    sockets_changed(sessions);
    sessions_look(sessions);
    check_clearings(sessions);
}

static void end(struct kept *kept, const struct logoff_pace *pace)
{
    if (kept->logoff)
        logoff_hurry(kept->logoff, pace);
    else
        kept->logoff = logoff_new(kept->sessions->loop, &kept->session, pace, ended, kept);
}

void sessions_end(struct sessions *sessions, const struct xrdp_session *session)
{
    struct kept *kept = find(sessions, session);
    if (kept && !kept->logoff)
        end(kept, &logoff_graceful);
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
        disconnects_add(sessions->disconnects, sockets_of_port("/proc", port), "a refused log-on");
}

static void check_clearing(void *arg)
{
    struct clearing *clearing = arg;
    struct sessions *sessions = clearing->sessions;
    bool waiting = false, patient = clock_steady_ms() - clearing->began_ms < NAME_WAIT_MS;
    for (struct kept *kept = sessions->kept; kept && !clearing->failed; kept = kept->next) {
        // It may be their own, with all that they have open there.
        bool unknown = clearing->sole && awaits_name(kept);
        if (!unknown && is_in_the_way(clearing, kept))
            end(kept, &logoff_fast);
        else if (!unknown)
            continue;
        waiting = true;
        clearing->failed = unknown && !patient;
    }
    if (!waiting || clearing->failed)
        clearing_over(clearing, !clearing->failed);
}

void sessions_clear(struct sessions *sessions, const char *login, bool sole, sessions_done *done, void *arg)
{
    struct clearing *clearing = mem_new(1, sizeof *clearing);
    clearing->sessions = sessions;
    text_cut(clearing->login, sizeof clearing->login, login);
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
    while (sessions->kept)
        kept_free(sessions->kept);
    user_names_free(sessions->names);
    disconnects_free(sessions->disconnects);
    inventory_drop(&sessions->inventory);
    free(sessions);
}
