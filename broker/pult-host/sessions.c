// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/sessions.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"
#include "broker/pult-host/disconnect.h"
#include "broker/pult-host/idle.h"
#include "broker/pult-host/layout_keeper.h"
#include "broker/pult-host/user_names.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TICK_MS = 1000,
    LOOK_MS = 10 * 1000,
    CLEARING_MS = 50,      // how often it is looked whether who was in the way has gone
    CHANNELS_MS = 1000,    // how long a channel server may go on without its X server
    ORPHAN_MS = 10 * 1000, // nobody is connected and nobody can reconnect: how long until it is logged off
};

// What is known of one beyond the inventory.
struct watched_session {
    struct watched_session *next, **at;
    struct sessions *sessions;
    struct xrdp_session session;
    struct admission admission; // without a session: nothing of ours let it in
    bool there;
    int64_t gone_ms;      // since when it is not there; 0: it is
    int64_t abandoned_ms; // since when it is an orphan that nobody sees; 0: it is not
    struct idle *idle;
    struct layout_keeper *layout; // NULL: none
    struct logoff *logoff;
};

struct clearing {
    struct clearing *next, **at;
    struct sessions *sessions;
    struct xrdp_session *in_the_way;
    size_t count, capacity;
    sessions_done *done;
    void *arg;
    struct loop_timer *soon;
    bool failed;
};

struct sessions {
    struct loop *loop;
    const struct used_otps *used;
    struct sessions_events events;
    void *arg;
    const char *keyboard_program; // NULL: layouts are not kept
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
    layout_keeper_free(watched->layout);
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
    const struct admission *newest = used_otps_of_uid(sessions->used, session->owner.uid);
    if (newest)
        watched->admission = *newest;
    watched->idle = idle_new(sessions->loop, session);
    if (sessions->keyboard_program)
        watched->layout = layout_keeper_new(sessions->loop, sessions->keyboard_program, session);
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
    sessions_end(watched->sessions, &watched->session, &logoff_graceful);
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

// Nobody comes to it any more, but the session manager believes so until it has noticed.
static bool is_still_managed(const struct watched_session *watched)
{
    const struct process *sesexec = &watched->session.sesexec;
    struct process now;
    return !watched->session.orphan && sesexec->pid && process_read("/proc", sesexec->pid, &now) &&
           now.started == sesexec->started;
}

// What looks at it as the person may hang, as their files can make it; nobody waits for that.
static bool is_left_alone(struct watched_session *watched)
{
    bool reads = !idle_stop(watched->idle), keeps = watched->layout && !layout_keeper_stop(watched->layout);
    return !reads && !keeps;
}

// xrdp from 0.10 on has a session until its channel server has ended, too, and that may take its time: until then its
// person would be sent to a desktop that is gone.
static void end_channel_server(const struct watched_session *watched)
{
    struct process_list all = {0};
    process_list_read(&all, "/proc");
    for (size_t i = 0; i < all.count; i++)
        if (all.rows[i].parent == watched->session.sesexec.pid && text_equal(all.rows[i].name, "xrdp-chansrv"))
            process_signal(&all.rows[i], SIGKILL);
    process_list_drop(&all);
}

static bool waits_for_channel_server(const struct watched_session *watched)
{
    return !watched->there && watched->session.by_account && !watched->logoff && is_still_managed(watched) &&
           clock_steady_ms() - watched->gone_ms >= CHANNELS_MS;
}

static bool end_channel_servers(struct sessions *sessions)
{
    bool some = false;
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next)
        if (waits_for_channel_server(watched)) {
            end_channel_server(watched);
            some = true;
        }
    return some;
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
        watched->gone_ms = watched->gone_ms ? watched->gone_ms : clock_steady_ms();
        if (!is_left_alone(watched) || watched->logoff || is_still_managed(watched))
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
        sessions->events.changed(sessions->arg);
}

static bool is_same_list(const struct socket_display *a, const struct socket_display *b, int count)
{
    for (int i = 0; i < count; i++)
        if (a[i].display != b[i].display || a[i].uid != b[i].uid || a[i].connected != b[i].connected ||
            a[i].peer != b[i].peer)
            return false;
    return true;
}

static bool sockets_changed(struct sessions *sessions)
{
    static struct socket_display now[SOCKETS_DISPLAYS_MAX];
    int count = sockets_displays(now, SOCKETS_DISPLAYS_MAX);
    assert(count <= SOCKETS_DISPLAYS_MAX);
    size_t size = count > 0 ? (size_t)count * sizeof *now : 0;
    bool same = count == sessions->display_count && is_same_list(now, sessions->displays, count);
    sessions->display_count = count;
    memcpy(sessions->displays, now, size);
    return !same;
}

void sessions_look_if_changed(struct sessions *sessions)
{
    if (sockets_changed(sessions))
        sessions_look(sessions);
}

static void check_clearings(struct sessions *sessions)
{
    for (struct clearing *one = sessions->clearings; one; one = one->next)
        loop_timer_start(one->soon, 0);
}

static void tick(void *arg)
{
    struct sessions *sessions = arg;
    bool ends = end_channel_servers(sessions);
    if (sockets_changed(sessions) || ends || clock_steady_ms() - sessions->looked_ms >= LOOK_MS)
        sessions_look(sessions);
    check_clearings(sessions);
    loop_timer_start(sessions->tick, TICK_MS);
}

// ---- what runs

// xrdp before 0.10 looks for the user name it was told when it made the session, letter by letter, and for nothing
// else; later ones look for the account.
static const char *name_of_manager(const struct watched_session *watched)
{
    if (watched->session.by_account)
        return "";
    return *watched->admission.session ? watched->admission.user_name : watched->session.user_name;
}

bool sessions_at(const struct sessions *sessions, size_t index, struct sessions_row *row)
{
    const struct watched_session *watched = sessions->watched;
    while (watched && (!watched->there || index--))
        watched = watched->next;
    if (!watched)
        return false;
    const char *user_name = user_names_of(sessions->names, watched->session.owner.uid);
    row->session = watched->session;
    row->admission = *watched->admission.session ? &watched->admission : NULL;
    row->idle_s = idle_s(watched->idle);
    row->ends = watched->logoff != NULL;
    assert(watched->session.server.pid); // who reads the rows signals it
    TEXT_PUT(row->user_name, *user_name ? user_name : watched->admission.user_name);
    TEXT_PUT(row->found_as, watched->session.orphan ? "" : name_of_manager(watched));
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

// ---- whose they are

// The session manager shows it to who comes with this name or, if it is a later one, with this account.
static bool is_found_by(const struct watched_session *watched, const char *user_name, uid_t uid)
{
    return watched->session.by_account ? watched->session.owner.uid == uid
                                       : text_equal(name_of_manager(watched), user_name);
}

// Opened for the same session; or for another of the same person, who comes to it whatever the broker believes. One
// that was opened without us, or that the broker's journal has lost, is its account's.
static bool is_theirs(const struct watched_session *watched, const struct otp *otp, const struct admission *admission)
{
    const char *session = watched->admission.session;
    return text_equal(session, admission->session) ||
           (watched->session.owner.uid == admission->uid &&
            is_found_by(watched, admission->user_name, admission->uid) &&
            (!*session || otp->unrecorded || otp_same_person(session, admission->session)));
}

static const struct watched_session *find_opened(const struct sessions *sessions, const char *session)
{
    const struct watched_session *watched = sessions->watched;
    while (watched && !(watched->there && !watched->session.orphan && text_equal(watched->admission.session, session)))
        watched = watched->next;
    return watched;
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
    free(clearing->in_the_way);
    free(clearing);
    done(arg, fine);
}

static bool is_same_process(const struct process *a, const struct process *b)
{
    return a->pid == b->pid && a->started == b->started;
}

// Until its X server has gone; xrdp from 0.10 on lets nobody else come until its own process has, too.
static bool is_in_the_way(const struct clearing *clearing, const struct watched_session *watched)
{
    for (size_t i = 0; i < clearing->count; i++) {
        const struct xrdp_session *one = &clearing->in_the_way[i];
        if (watched->there && is_same(one, &watched->session))
            return true;
        if (watched->session.by_account && is_same_process(&one->sesexec, &watched->session.sesexec) &&
            is_still_managed(watched))
            return true;
    }
    return false;
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
    if (watched->layout)
        layout_keeper_stop(watched->layout);
    if (watched->logoff)
        logoff_hurry(watched->logoff, pace);
    else
        watched->logoff = logoff_new(watched->sessions->loop, &watched->session, pace, ended, watched);
}

static void make_way(struct watched_session *watched, const struct admission *newer)
{
    const struct admission *former = &watched->admission;
    if (*former->session && !otp_same_person(former->session, newer->session) && !watched->logoff) {
        log_warn("session", "display :%d of %s: ending it, its user name \"%s\" or uid %u is %s's now",
                 watched->session.display, former->session, former->user_name, (unsigned)former->uid, newer->session);
        watched->sessions->events.replaced(watched->sessions->arg, former);
    }
    end_session(watched, &logoff_fast);
}

void sessions_end(struct sessions *sessions, const struct xrdp_session *session, const struct logoff_pace *pace)
{
    struct watched_session *watched = find_watched(sessions, session);
    if (watched && !watched->logoff)
        end_session(watched, pace);
}

void sessions_disconnect(struct sessions *sessions, const struct xrdp_session *session)
{
    char what[32];
    snprintf(what, sizeof what, "display :%d", session->display);
    if (session->connected)
        disconnects_add(sessions->disconnects, session->peer, what);
}

void sessions_cut(struct sessions *sessions, const struct process *process, const char *what)
{
    disconnects_add_process(sessions->disconnects, process, what);
}

void sessions_refuse(struct sessions *sessions, uint64_t connection)
{
    if (connection)
        disconnects_add(sessions->disconnects, connection, "rejected logon");
}

// ---- who comes in

// xrdp's session manager has one until it has noticed the end of its own process for it, and up to 0.9 it notices
// nothing while somebody is being let in: who is in the way there has to be gone before.
static const char *why_manager_errs(struct sessions *sessions, const struct otp *otp, const struct admission *admission)
{
    const char *why = NULL;
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next) {
        if (watched->session.orphan || watched->session.by_account ||
            !is_found_by(watched, admission->user_name, admission->uid))
            continue;
        if (!watched->there && !is_still_managed(watched))
            continue;
        if (watched->there && is_theirs(watched, otp, admission))
            continue;
        why = "a desktop that was opened under this user name has to end first";
        if (watched->there)
            make_way(watched, admission);
    }
    return why;
}

const char *sessions_settle(struct sessions *sessions, const struct otp *otp, struct admission *admission)
{
    sockets_changed(sessions);
    sessions_look(sessions);
    const struct watched_session *found = find_opened(sessions, otp->session);
    if (!found && otp->running)
        return "the desktop that it is for does not run here any more";
    // A second desktop would come of it.
    if (found && !is_found_by(found, otp->user_name, found->session.owner.uid))
        return "the desktop that it is for was opened under another user name";
    if (found)
        admission->uid = found->session.owner.uid;
    return why_manager_errs(sessions, otp, admission);
}

static void check_clearing(void *arg)
{
    struct clearing *clearing = arg;
    bool waiting = false;
    for (struct watched_session *watched = clearing->sessions->watched; watched; watched = watched->next)
        waiting = waiting || is_in_the_way(clearing, watched);
    if (!waiting || clearing->failed) {
        clearing_over(clearing, !clearing->failed);
        return;
    }
    loop_timer_start(clearing->soon, CLEARING_MS);
    sessions_look_if_changed(clearing->sessions);
}

static void wait_for_end(struct clearing *clearing, struct watched_session *watched, const struct admission *newer)
{
    mem_reserve(&clearing->in_the_way, &clearing->capacity, clearing->count + 1, sizeof *clearing->in_the_way);
    clearing->in_the_way[clearing->count++] = watched->session;
    if (watched->there)
        make_way(watched, newer);
}

// Somebody else's that they would be sent to or whose account they have, or there is room for one only.
static bool has_to_end(const struct watched_session *watched, const struct otp *otp, const struct admission *admission)
{
    if (!watched->there) // and its session manager's process lingers
        return watched->session.by_account && watched->session.owner.uid == admission->uid && is_still_managed(watched);
    if (is_theirs(watched, otp, admission))
        return watched->session.orphan;
    return otp->sole || watched->session.owner.uid == admission->uid ||
           is_found_by(watched, admission->user_name, admission->uid);
}

void sessions_clear(struct sessions *sessions, const struct otp *otp, const struct admission *admission,
                    sessions_done *done, void *arg)
{
    struct clearing *clearing = mem_new(1, sizeof *clearing);
    clearing->sessions = sessions;
    clearing->done = done;
    clearing->arg = arg;
    clearing->next = sessions->clearings;
    clearing->at = &sessions->clearings;
    if (clearing->next)
        clearing->next->at = &clearing->next;
    sessions->clearings = clearing;
    clearing->soon = loop_timer_new(sessions->loop, check_clearing, clearing);
    for (struct watched_session *watched = sessions->watched; watched; watched = watched->next) {
        if (has_to_end(watched, otp, admission))
            wait_for_end(clearing, watched, admission);
        else if (watched->there && is_theirs(watched, otp, admission))
            watched->admission = *admission;
    }
    loop_timer_start(clearing->soon, 0);
}

// ---- the whole

static void named(void *arg)
{
    struct sessions *sessions = arg;
    sessions->events.changed(sessions->arg);
}

struct sessions *sessions_new(struct loop *loop, const struct used_otps *used, const struct sessions_events *events,
                              void *arg)
{
    struct sessions *sessions = mem_new(1, sizeof *sessions);
    sessions->loop = loop;
    sessions->used = used;
    sessions->events = *events;
    sessions->arg = arg;
    sessions->names = user_names_new(loop, named, sessions);
    sessions->disconnects = disconnects_new(loop);
    sessions->tick = loop_timer_new(loop, tick, sessions);
    sessions->looked_ms = clock_steady_ms() - LOOK_MS;
    sockets_changed(sessions);
    loop_timer_start(sessions->tick, 0);
    return sessions;
}

void sessions_keep_layouts(struct sessions *sessions, const char *program)
{
    sessions->keyboard_program = program;
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
        free(one->in_the_way);
        free(one);
    }
    while (sessions->watched)
        watched_session_free(sessions->watched);
    user_names_free(sessions->names);
    disconnects_free(sessions->disconnects);
    inventory_drop(&sessions->inventory);
    free(sessions);
}
