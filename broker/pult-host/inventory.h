// SPDX-License-Identifier: EUPL-1.2
// Which xrdp sessions run here, by the processes that are there; neither the session manager nor its log is asked, so
// a restart of it changes nothing. One pass over /proc, no waiting.
#pragma once
#include "broker/api/types.h"
#include "broker/pult-host/process.h"
#include "broker/pult-host/sockets.h"

enum { INVENTORY_PATH_SIZE = 256, INVENTORY_MAX = 1000, INVENTORY_EACH = 16 }; // of all people, and of one

struct xrdp_session {
    struct process server;         // the X server
    struct process sesexec;        // the session manager's process for it; pid 0: gone
    struct process window_manager; // window manager or session script; pid 0: gone
    struct process_owner owner;
    int display;
    bool orphan;     // its session manager is gone, so nobody can come back to it
    bool by_account; // its session manager looks for it by account; else by the user name that it was told
    bool listens;    // its X server has come so far that the RDP server can connect
    bool connected;
    uint32_t peer;                     // inode of the RDP server's socket, when connected
    int64_t since_ms;                  // wall clock
    char user_name[USER_NAME_SIZE];    // by its environment: theirs to choose
    char cookies[INVENTORY_PATH_SIZE]; // the X server's file of cookies; the person's, so only read as the person
};

struct inventory {
    struct xrdp_session *rows; // by start, then pid
    size_t count, capacity;
};

// `displays` as from sockets_displays.
void inventory_read(struct inventory *inventory, const char *root, const struct socket_display *displays, size_t count);
void inventory_drop(struct inventory *inventory);

// How far the session manager has come with a session that it opens.
enum session_start {
    START_NONE,
    START_LOGON, // a process that may be for a session or for a logon only; of the latter kind is a helper of PAM, too
    START_UNDER_WAY, // the session is open: something of it runs as the person
    START_FAILED,    // its X server has ended
};

// Of those that began at `since` (ticks since boot) or later, for this uid; (uid_t)-1: for anybody. Where nothing runs
// as a person yet, it may be anybody's.
enum session_start inventory_start(const char *root, uid_t uid, uint64_t since);

enum program_kind { PROGRAM_OTHER, PROGRAM_WINDOW_MANAGER, PROGRAM_PLUMBING };

struct session_program {
    struct process process;
    enum program_kind kind; // plumbing: X server and channel server, which end with the session
};

struct program_list {
    struct session_program *rows;
    size_t count, capacity;
};

// All processes of the person that belong to this session: descendants of its sesexec and whoever has its display in
// the environment.
void inventory_programs(struct program_list *list, const char *root, const struct xrdp_session *session);
void inventory_programs_drop(struct program_list *list);
