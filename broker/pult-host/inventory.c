// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-host/inventory.h"
#include "broker/base/mem.h"
#include "broker/base/text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 8192, ENVIRONMENT_MAX = 64 * 1024, DEPTH_MAX = 64 };

static const char channel_server[] = "xrdp-chansrv";

// ---- time

// When the machine started, wall clock.
static int64_t boot_ms(const char *root)
{
    char path[128], line[256];
    int64_t seconds = 0;
    snprintf(path, sizeof path, "%s/stat", root);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = 0;
        if (text_starts(line, "btime ") && text_number(line + 6, 0, INT32_MAX, &seconds))
            break;
    }
    if (file)
        fclose(file);
    return seconds * 1000;
}

// ---- X servers

// 0.9: a fork of the session manager keeps the session; from 0.10 on a program of its own.
static bool is_sesexec(const char *name)
{
    return text_starts(name, "xrdp-sesexec");
}

static bool is_session_manager(const char *name)
{
    return text_starts(name, "xrdp-sesman") || is_sesexec(name);
}

static bool is_of_root(const char *root, pid_t pid)
{
    struct process_owner owner;
    return process_owner(root, pid, &owner) && owner.uid == 0;
}

static const struct process *sesexec_of(const struct process_list *all, const char *root, const struct process *server)
{
    const struct process *parent = process_find(all, server->parent);
    return parent && is_session_manager(parent->name) && is_of_root(root, parent->pid) ? parent : NULL;
}

static bool is_orphaned(const struct process_list *all, const struct process *sesexec)
{
    if (!sesexec)
        return true;
    if (is_sesexec(sesexec->name)) // from 0.10 on it ends with its session manager
        return false;
    const struct process *manager = process_find(all, sesexec->parent);
    return !manager || !is_session_manager(manager->name);
}

static void read_cookies(struct xrdp_session *session, const char *root, const char *arguments, size_t length)
{
    char folder[PATH_MAX], link[128];
    const char *auth = NULL;
    for (const char *at = arguments; at < arguments + length && !auth; at += strlen(at) + 1)
        if (text_equal(at, "-auth") && at + 6 < arguments + length)
            auth = at + 6;
    session->cookies[0] = 0;
    if (!auth)
        return;
    snprintf(link, sizeof link, "%s/%d/cwd", root, (int)session->server.pid);
    ssize_t size = auth[0] == '/' ? 0 : readlink(link, folder, sizeof folder - 1);
    folder[size > 0 ? size : 0] = 0;
    int printed = snprintf(session->cookies, sizeof session->cookies, "%s%s%s", folder, size > 0 ? "/" : "", auth);
    if (size < 0 || printed >= (int)sizeof session->cookies)
        session->cookies[0] = 0;
}

static void read_user_name(struct xrdp_session *session, const char *root)
{
    static __thread char environment[ENVIRONMENT_MAX];
    size_t length = process_file(root, session->server.pid, "environ", environment, sizeof environment);
    const char *user_name = process_word(environment, length, "USER=");
    text_cut(session->user_name, sizeof session->user_name, user_name ? user_name : "");
}

// Display and file of cookies by its arguments; false when it is not one of xrdp's.
static bool read_server(struct xrdp_session *session, const char *root)
{
    char arguments[ARGUMENTS_MAX];
    int64_t display = 0;
    size_t length = process_file(root, session->server.pid, "cmdline", arguments, sizeof arguments);
    const char *number = process_word(arguments, length, ":");
    if (!number || !text_number(number, 0, 65535, &display))
        return false;
    session->display = (int)display;
    read_cookies(session, root, arguments, length);
    read_user_name(session, root);
    return session->sesexec.pid || process_word(arguments, length, "xrdp/xorg.conf");
}

static void find_window_manager(struct xrdp_session *session, const struct process_list *all)
{
    for (size_t i = 0; session->sesexec.pid && i < all->count; i++) {
        const struct process *one = &all->rows[i];
        if (one->parent == session->sesexec.pid && one->pid != session->server.pid &&
            !text_equal(one->name, channel_server) && !is_session_manager(one->name) &&
            (!session->window_manager.pid || one->started < session->window_manager.started))
            session->window_manager = *one;
    }
}

static void find_connection(struct xrdp_session *session, const struct socket_display *displays, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (displays[i].display == session->display && displays[i].uid == session->owner.uid) {
            session->listens = true;
            session->connected = displays[i].connected;
            session->peer = displays[i].peer;
        }
}

static bool is_server(const char *name)
{
    return text_equal(name, "Xorg") || text_equal(name, "Xvnc");
}

static int by_start(const void *a, const void *b)
{
    const struct xrdp_session *left = a, *right = b;
    if (left->server.started != right->server.started)
        return left->server.started < right->server.started ? -1 : 1;
    return left->server.pid - right->server.pid;
}

struct look {
    const char *root;
    const struct socket_display *displays;
    size_t display_count;
    int64_t started_ms; // the machine, wall clock
    struct process_list all;
};

static bool has_room(const struct inventory *inventory, uid_t uid)
{
    size_t theirs = 0;
    for (size_t i = 0; i < inventory->count; i++)
        theirs += inventory->rows[i].owner.uid == uid;
    return inventory->count < INVENTORY_MAX && theirs < INVENTORY_EACH;
}

static void add_server(struct inventory *inventory, const struct look *look, const struct process *server,
                       const struct process *sesexec)
{
    struct xrdp_session session = {.server = *server};
    if (sesexec)
        session.sesexec = *sesexec;
    // An X server of root is none of a person.
    if (!process_owner(look->root, server->pid, &session.owner) || session.owner.uid == 0 ||
        !has_room(inventory, session.owner.uid) || !read_server(&session, look->root))
        return;
    session.orphan = is_orphaned(&look->all, sesexec);
    session.by_account = sesexec && is_sesexec(sesexec->name);
    session.since_ms = look->started_ms + (int64_t)server->started * 1000 / sysconf(_SC_CLK_TCK);
    find_window_manager(&session, &look->all);
    find_connection(&session, look->displays, look->display_count);
    mem_reserve(&inventory->rows, &inventory->capacity, inventory->count + 1, sizeof *inventory->rows);
    inventory->rows[inventory->count++] = session;
}

static void add_servers(struct inventory *inventory, const struct look *look, bool managed)
{
    for (size_t i = 0; i < look->all.count; i++) {
        const struct process *server = &look->all.rows[i];
        if (!is_server(server->name) || server->state == 'Z')
            continue;
        const struct process *sesexec = sesexec_of(&look->all, look->root, server);
        if (managed == (sesexec != NULL))
            add_server(inventory, look, server, sesexec);
    }
}

void inventory_read(struct inventory *inventory, const char *root, const struct socket_display *displays, size_t count)
{
    struct look look = {.root = root, .displays = displays, .display_count = count, .started_ms = boot_ms(root)};
    inventory->count = 0;
    process_list_read(&look.all, root);
    // Anybody may start what looks like an orphan: it takes no place from what the session manager has.
    add_servers(inventory, &look, true);
    add_servers(inventory, &look, false);
    if (inventory->count)
        qsort(inventory->rows, inventory->count, sizeof *inventory->rows, by_start);
    process_list_drop(&look.all);
}

void inventory_drop(struct inventory *inventory)
{
    free(inventory->rows);
    *inventory = (struct inventory){0};
}

// ---- one that is being opened

// The session manager's process for one session: its child, where that waits for the X server to start the window
// manager there is a child of this one, too.
static bool opens_session(const struct process_list *all, const char *root, const struct process *process)
{
    const struct process *manager = process_find(all, process->parent);
    const struct process *above = manager ? process_find(all, manager->parent) : NULL;
    return is_session_manager(process->name) && manager && is_session_manager(manager->name) &&
           !(above && is_session_manager(above->name)) && process->state != 'Z' && is_of_root(root, process->pid);
}

// Until the X server answers, xrdp keeps what has ended of it as well as what waits for it, both the person's. What PAM
// has run on the way there is root's and, until it becomes another program, looks like the session manager.
static enum session_start start_of(const struct process_list *all, const char *root, const struct process *sesexec,
                                   uid_t uid)
{
    struct process_owner owner;
    bool is_open = false;
    for (size_t i = 0; i < all->count; i++) {
        const struct process *one = &all->rows[i];
        if (one->parent != sesexec->pid || !process_owner(root, one->pid, &owner) || owner.uid == 0)
            continue;
        if (uid != (uid_t)-1 && owner.uid != uid)
            return START_NONE;
        if (is_server(one->name))
            return one->state == 'Z' && uid != (uid_t)-1 ? START_FAILED : START_UNDER_WAY;
        is_open = true;
    }
    return is_open ? START_UNDER_WAY : START_LOGON;
}

enum session_start inventory_start(const char *root, uid_t uid, uint64_t since)
{
    struct process_list all = {0};
    enum session_start furthest = START_NONE;
    process_list_read(&all, root);
    for (size_t i = 0; i < all.count; i++) {
        if (all.rows[i].started < since || !opens_session(&all, root, &all.rows[i]))
            continue;
        enum session_start start = start_of(&all, root, &all.rows[i], uid);
        furthest = start > furthest ? start : furthest;
    }
    process_list_drop(&all);
    return furthest;
}

// ---- the programs of one

static bool descends(const struct process_list *all, const struct process *process, pid_t ancestor)
{
    for (int depth = 0; process && ancestor && depth < DEPTH_MAX; depth++) {
        if (process->parent == ancestor)
            return true;
        process = process_find(all, process->parent);
    }
    return false;
}

static bool shows_itself_there(const char *root, pid_t pid, int display)
{
    static __thread char environment[ENVIRONMENT_MAX];
    char wanted[16];
    size_t length = process_file(root, pid, "environ", environment, sizeof environment);
    snprintf(wanted, sizeof wanted, ":%d", display);
    const char *value = process_word(environment, length, "DISPLAY=");
    if (value && text_starts(value, "localhost"))
        return false; // forwarded from elsewhere
    const char *rest = value && text_starts(value, wanted) ? value + strlen(wanted) : "?";
    return *rest == 0 || *rest == '.';
}

static enum program_kind kind_of(const struct xrdp_session *session, const struct process *process)
{
    if (process->pid == session->server.pid || text_equal(process->name, channel_server))
        return PROGRAM_PLUMBING;
    return process->pid == session->window_manager.pid ? PROGRAM_WINDOW_MANAGER : PROGRAM_OTHER;
}

void inventory_programs(struct program_list *list, const char *root, const struct xrdp_session *session)
{
    struct process_list all = {0};
    list->count = 0;
    process_list_read(&all, root);
    for (size_t i = 0; i < all.count; i++) {
        const struct process *one = &all.rows[i];
        struct process_owner owner;
        // Whose it is comes first: nothing of anybody else's is ever touched.
        if (one->state == 'Z' || !process_owner(root, one->pid, &owner) || owner.uid != session->owner.uid)
            continue;
        if (one->pid != session->server.pid && !descends(&all, one, session->sesexec.pid) &&
            !shows_itself_there(root, one->pid, session->display))
            continue;
        mem_reserve(&list->rows, &list->capacity, list->count + 1, sizeof *list->rows);
        list->rows[list->count++] = (struct session_program){.process = *one, .kind = kind_of(session, one)};
    }
    process_list_drop(&all);
}

void inventory_programs_drop(struct program_list *list)
{
    free(list->rows);
    *list = (struct program_list){0};
}
