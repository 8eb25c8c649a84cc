// SPDX-License-Identifier: EUPL-1.2
// The sessions that run here, watched, and what can be done to them. A look at the kernel's list of sockets every
// second, at all processes when that has changed and every ten.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"
#include "broker/pult-host/logoff.h"
#include "broker/pult-host/used_otps.h"

struct sessions;

struct sessions_row {
    struct xrdp_session session;
    const struct admission *admission; // what let it in; NULL: nothing of ours
    char user_name[USER_NAME_SIZE];    // for show, as the directory has it now
    // By which user name alone the session manager finds it again; "": by any of its person's, or by none.
    char found_as[USER_NAME_SIZE];
    int64_t idle_s;
    bool ends; // is being logged off
};

struct sessions_events {
    loop_work *changed; // one came, went, was connected or let go, or got its name
    // It is ended, since its user name or its account has let in somebody else.
    void (*replaced)(void *arg, const struct admission *admission);
};

// A new one was let in by the newest that `used`, borrowed, knows of its account.
struct sessions *sessions_new(struct loop *loop, const struct used_otps *used, const struct sessions_events *events,
                              void *arg);
void sessions_free(struct sessions *sessions); // NULL allowed
// From now on each new one has its layout kept by this program, see layout_keeper.h; it must outlive them.
void sessions_keep_layouts(struct sessions *sessions, const char *program);

void sessions_look(struct sessions *sessions);            // at all, now
void sessions_look_if_changed(struct sessions *sessions); // at all, if the kernel's list of sockets has changed
// False when there is none of this index. A row is good until the next look.
bool sessions_at(const struct sessions *sessions, size_t index, struct sessions_row *row);
void sessions_ask_idle(struct sessions *sessions);
bool sessions_connections_known(const struct sessions *sessions);

void sessions_end(struct sessions *sessions, const struct xrdp_session *session, const struct logoff_pace *pace);
// Ends the connection to it; the session stays.
void sessions_disconnect(struct sessions *sessions, const struct xrdp_session *session);
// Ends this process of the RDP server's; `what` is for the log.
void sessions_cut(struct sessions *sessions, const struct process *process, const char *what);
// Ends the RDP server's process that asked the session manager by this connection, see pam_protocol.h.
void sessions_refuse(struct sessions *sessions, uint64_t connection);

// Before somebody is let in. `admission->uid`, the account of their user name, becomes that of their desktop if it runs
// here. NULL, or why they cannot come to a desktop.
const char *sessions_settle(struct sessions *sessions, const struct otp *otp, struct admission *admission);
// Then, without waiting in between. Their desktop is known by this from now on. Ended quickly is one of theirs that
// nobody can return to, one of somebody else with the same account or under the same user name (the session manager
// would show it to them) and, where the machine is for one, everybody else's. `done` comes later, once; false:
// something did not end.
typedef void sessions_done(void *arg, bool fine);
void sessions_clear(struct sessions *sessions, const struct otp *otp, const struct admission *admission,
                    sessions_done *done, void *arg);
