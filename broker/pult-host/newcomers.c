// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/newcomers.h"
#include "broker/base/clock.h"
#include "broker/base/log.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    STEP_MS = 20,        // at first: as long as a desktop that was found again may be late
    QUICK_MS = 3000,     // so long
    PROCESSES_MS = 200,  // all processes are looked at less often
    STEADY_MS = 250,     // a start script that fails is gone by then
    GONE_MS = 5000,      // a desktop that ends sooner was none
    QUIET_MS = 3000,     // the session manager has answered, and nothing comes of it
    NEWCOMERS_MAX = 256, // at once; beyond, the oldest is let be
};

// ---- the judgement

static bool is_under_way(const struct newcomer_facts *facts)
{
    return !facts->answered || facts->start != START_NONE || facts->connected || (facts->is_there && !facts->older);
}

static enum desktop_outcome outcome_of(const struct newcomer_progress *progress, const struct newcomer_facts *facts)
{
    if (progress->no_account)
        return DESKTOP_NO_ACCOUNT;
    if (facts->is_there && !facts->older)
        return DESKTOP_NO_WINDOW_MANAGER;
    if (progress->was_there) // and is not any more
        return progress->had_screen ? DESKTOP_NO_WINDOW_MANAGER : DESKTOP_NO_SCREEN;
    return progress->began ? DESKTOP_NO_SCREEN : DESKTOP_NO_SESSION;
}

// Leaves a desktop behind, or nothing at all. Where the RDP server gives up, that looks the same as a refusal: it is
// taken for one unless there is a new desktop.
static bool has_turned_away(const struct newcomer_progress *progress, const struct newcomer_facts *facts)
{
    if (facts->window_manager_ms >= 0)
        return !facts->gives_up || !facts->older;
    return !facts->gives_up && !is_under_way(facts) && !progress->was_there;
}

static bool has_given_up(const struct newcomer_progress *progress, const struct newcomer_facts *facts)
{
    return facts->gives_up && !facts->connection && !is_under_way(facts) && !progress->was_there;
}

static bool has_failed(const struct newcomer_progress *progress, const struct newcomer_facts *facts, int64_t desktop_ms,
                       int64_t now_ms, enum desktop_outcome *outcome)
{
    bool gone = progress->was_there && !facts->is_there;
    *outcome = outcome_of(progress, facts);
    // What has failed is waited for: the next attempt would be sent to it.
    return gone || (progress->failed && facts->start == START_NONE) || has_given_up(progress, facts) ||
           (progress->quiet_ms && now_ms - progress->quiet_ms >= QUIET_MS) || now_ms - progress->began_ms >= desktop_ms;
}

// It has been shown.
static enum newcomer_verdict judge_ready(const struct newcomer_facts *facts, enum desktop_outcome *outcome)
{
    *outcome = DESKTOP_ENDED;
    if (!facts->is_there || facts->window_manager_ms < 0)
        return NEWCOMER_FAILED;
    return facts->window_manager_ms >= GONE_MS ? NEWCOMER_OVER : NEWCOMER_WAITS;
}

enum newcomer_verdict newcomer_judge(struct newcomer_progress *progress, const struct newcomer_facts *facts,
                                     int64_t desktop_ms, int64_t now_ms, enum desktop_outcome *outcome)
{
    bool under_way = is_under_way(facts), is_new = facts->is_there && !facts->older;
    progress->began = progress->began || facts->start > START_LOGON || is_new;
    progress->failed = progress->failed || facts->start == START_FAILED;
    progress->was_there = progress->was_there || is_new;
    progress->had_screen = progress->had_screen || (is_new && (facts->listens || facts->connected));
    progress->quiet_ms = under_way ? 0 : progress->quiet_ms ? progress->quiet_ms : now_ms;
    if (facts->ends)
        return NEWCOMER_OVER;
    if (progress->ready)
        return judge_ready(facts, outcome);
    if (facts->connected && facts->window_manager_ms >= (facts->older ? 0 : STEADY_MS)) {
        progress->ready = true;
        return NEWCOMER_READY;
    }
    if (!facts->connection && has_turned_away(progress, facts))
        return NEWCOMER_OVER;
    return has_failed(progress, facts, desktop_ms, now_ms, outcome) ? NEWCOMER_FAILED : NEWCOMER_WAITS;
}

// ---- one who is watched

struct newcomer {
    struct newcomer *next;
    struct newcomers *newcomers;
    struct admission admission;
    struct newcomer_progress progress;
    uint64_t socket; // by which the RDP server's process asked
    bool gives_up;
    bool answered; // by the session manager; this and the next are looked at with the processes
    enum session_start start;
    struct process connection;             // the RDP server's; pid 0: not known
    uint64_t since;                        // ticks since boot
    struct process server, window_manager; // of what was ready
};

struct newcomers {
    struct loop *loop;
    struct sessions *sessions;
    int64_t desktop_ms;
    newcomers_told *told;
    void *arg;
    struct newcomer *first; // the oldest
    size_t count;
    struct loop_timer *step;
    int64_t looked_ms; // at all processes
};

static int64_t boot_time_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t age_ms(const struct process *process)
{
    int64_t age = boot_time_ms() - (int64_t)process->started * 1000 / sysconf(_SC_CLK_TCK);
    return age > 0 ? age : 0;
}

// What they have, as their connection shows it; else by whose it is, the newest.
static bool find_session(const struct newcomer *newcomer, struct sessions_row *found, bool *connected)
{
    struct sessions_row row;
    bool is_there = false;
    for (size_t i = 0; sessions_at(newcomer->newcomers->sessions, i, &row); i++) {
        bool theirs = row.session.owner.uid == newcomer->admission.uid;
        *connected =
            row.session.connected &&
            (newcomer->connection.pid ? sockets_holds("/proc", newcomer->connection.pid, row.session.peer) : theirs);
        if (*connected || theirs) {
            *found = row;
            is_there = true;
        }
        if (*connected)
            return true;
    }
    return is_there;
}

static bool is_same(const struct process *a, const struct process *b)
{
    return a->pid == b->pid && a->started == b->started;
}

// Once the session manager is gone nobody can tell which it is; it may go on all the same.
static const struct process *window_manager_of(const struct newcomer *newcomer, const struct sessions_row *row)
{
    const struct process *one = newcomer->progress.ready ? &newcomer->window_manager : &row->session.window_manager;
    return one->pid && process_lives("/proc", one) ? one : NULL;
}

static void gather_facts(const struct newcomer *newcomer, struct newcomer_facts *facts, struct sessions_row *row)
{
    *facts = (struct newcomer_facts){.connection = true, .window_manager_ms = -1};
    if (newcomer->connection.pid)
        facts->connection = process_lives("/proc", &newcomer->connection);
    facts->is_there = find_session(newcomer, row, &facts->connected);
    if (facts->is_there && newcomer->progress.ready && !is_same(&row->session.server, &newcomer->server))
        facts->is_there = false; // that is another
    facts->listens = facts->is_there && row->session.listens;
    facts->older = facts->is_there && row->session.server.started < newcomer->since;
    facts->ends = facts->is_there && row->ends;
    const struct process *window_manager = facts->is_there ? window_manager_of(newcomer, row) : NULL;
    if (window_manager)
        facts->window_manager_ms = age_ms(window_manager);
    facts->gives_up = newcomer->gives_up;
    facts->answered = newcomer->answered;
    facts->start = newcomer->start;
}

static void look_at_processes(struct newcomers *newcomers)
{
    newcomers->looked_ms = clock_steady_ms();
    sessions_look(newcomers->sessions);
    for (struct newcomer *one = newcomers->first; one; one = one->next) {
        one->answered = one->connection.pid && !sockets_holds("/proc", one->connection.pid, one->socket);
        one->start = inventory_start("/proc", one->admission.uid, one->since);
    }
}

static void drop_newcomer(struct newcomer *newcomer)
{
    struct newcomers *newcomers = newcomer->newcomers;
    struct newcomer **at = &newcomers->first;
    while (*at != newcomer)
        at = &(*at)->next;
    *at = newcomer->next;
    assert(newcomers->count > 0);
    newcomers->count--;
    free(newcomer);
}

static void tell(const struct newcomer *newcomer, enum desktop_outcome outcome, bool was_running)
{
    const struct newcomers *newcomers = newcomer->newcomers;
    if (outcome == DESKTOP_READY)
        log_info("session", "%s has a desktop (%lld ms)", newcomer->admission.user_name,
                 (long long)(clock_steady_ms() - newcomer->progress.began_ms));
    else
        log_warn("session", "%s was let in and has no desktop (%s)", newcomer->admission.user_name,
                 desktop_outcome_words[outcome]);
    newcomers->told(newcomers->arg, &newcomer->admission, outcome, was_running);
}

// A later logon of theirs began it, or its person was let in to it again and it is fit for use.
static bool is_of_later(const struct newcomer *newcomer, const struct newcomer_facts *facts,
                        const struct sessions_row *row)
{
    for (const struct newcomer *later = newcomer->next; later; later = later->next)
        if (later->admission.uid == row->session.owner.uid && row->session.server.started >= later->since)
            return true;
    bool elsewhere = row->session.connected && !facts->connected;
    bool newer = row->admission && row->admission->fence != newcomer->admission.fence;
    return facts->window_manager_ms >= 0 && (elsewhere || newer);
}

// What is left of a desktop that nobody ever saw is in the way of the next attempt.
static void fail(struct newcomer *newcomer, const struct newcomer_facts *facts, const struct sessions_row *row,
                 enum desktop_outcome outcome)
{
    struct sessions *sessions = newcomer->newcomers->sessions;
    tell(newcomer, outcome, facts->is_there && facts->older);
    if (facts->is_there && !facts->older && !is_of_later(newcomer, facts, row))
        sessions_end(sessions, &row->session, &logoff_fast);
    if (newcomer->connection.pid && facts->connection)
        sessions_cut(sessions, &newcomer->connection, "no desktop");
    drop_newcomer(newcomer);
}

static void look_at(struct newcomer *newcomer)
{
    struct newcomer_facts facts;
    struct sessions_row row = {.idle_s = 0};
    enum desktop_outcome outcome = DESKTOP_READY;
    gather_facts(newcomer, &facts, &row);
    switch (newcomer_judge(&newcomer->progress, &facts, newcomer->newcomers->desktop_ms, clock_steady_ms(), &outcome)) {
    case NEWCOMER_WAITS:
        return;
    case NEWCOMER_READY:
        newcomer->server = row.session.server;
        newcomer->window_manager = row.session.window_manager;
        tell(newcomer, DESKTOP_READY, facts.older);
        if (facts.older)
            drop_newcomer(newcomer);
        return;
    case NEWCOMER_OVER:
        drop_newcomer(newcomer);
        return;
    case NEWCOMER_FAILED:
        fail(newcomer, &facts, &row, outcome);
        return;
    }
}

static void take_step(void *arg)
{
    struct newcomers *newcomers = arg;
    int64_t now_ms = clock_steady_ms();
    bool quick = false;
    if (now_ms - newcomers->looked_ms >= PROCESSES_MS)
        look_at_processes(newcomers);
    else
        sessions_look_if_changed(newcomers->sessions);
    for (struct newcomer *newcomer = newcomers->first, *next; newcomer; newcomer = next) {
        next = newcomer->next;
        quick = quick || (!newcomer->progress.ready && now_ms - newcomer->progress.began_ms < QUICK_MS);
        look_at(newcomer);
    }
    if (newcomers->first)
        loop_timer_start(newcomers->step, quick ? STEP_MS : PROCESSES_MS);
}

// ---- the whole

// From xrdp 0.10 on a process of its own is begun for each logon, and goes on to open the session.
static bool read_sesexec(pid_t asker, struct process *sesexec)
{
    return asker && process_read("/proc", asker, sesexec) && text_starts(sesexec->name, "xrdp-sesexec");
}

void newcomers_add(struct newcomers *newcomers, const struct admission *admission, uint64_t connection, pid_t asker)
{
    struct newcomer *newcomer = mem_new(1, sizeof *newcomer), **last = &newcomers->first;
    struct process sesexec;
    pid_t pid = sockets_owner("/proc", "xrdp", connection);
    if (newcomers->count == NEWCOMERS_MAX)
        drop_newcomer(newcomers->first);
    while (*last)
        last = &(*last)->next;
    *last = newcomer;
    newcomers->count++;
    newcomer->newcomers = newcomers;
    newcomer->admission = *admission;
    newcomer->socket = connection;
    if (pid && !process_read("/proc", pid, &newcomer->connection))
        newcomer->connection.pid = 0;
    newcomer->gives_up = read_sesexec(asker, &sesexec);
    newcomer->since = newcomer->gives_up ? sesexec.started : (uint64_t)(boot_time_ms() * sysconf(_SC_CLK_TCK) / 1000);
    newcomer->progress.began_ms = clock_steady_ms();
    newcomer->progress.no_account = admission->uid == (uid_t)-1;
    loop_timer_start(newcomers->step, STEP_MS);
}

struct newcomers *newcomers_new(struct loop *loop, struct sessions *sessions, int64_t desktop_ms, newcomers_told *told,
                                void *arg)
{
    struct newcomers *newcomers = mem_new(1, sizeof *newcomers);
    newcomers->loop = loop;
    newcomers->sessions = sessions;
    newcomers->desktop_ms = desktop_ms;
    newcomers->told = told;
    newcomers->arg = arg;
    newcomers->step = loop_timer_new(loop, take_step, newcomers);
    return newcomers;
}

void newcomers_free(struct newcomers *newcomers)
{
    if (!newcomers)
        return;
    while (newcomers->first)
        drop_newcomer(newcomers->first);
    loop_timer_free(newcomers->step);
    free(newcomers);
}
