// SPDX-License-Identifier: EUPL-1.2
// The sessions that run here, watched, and what can be done to them. A look at the kernel's list of sockets every
// second, at all processes when that has changed and every ten.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"
#include "broker/pult-host/logoff.h"

struct sessions;

struct sessions_row {
    struct xrdp_session session;
    char user_name[128]; // "" as long as the directory has not said
    int64_t idle_s;
    bool ends; // is being logged off
};

// `changed`: one came, went, was connected or let go, or got its name.
struct sessions *sessions_new(struct loop *loop, loop_work *changed, void *arg);
void sessions_free(struct sessions *sessions); // NULL allowed

void sessions_look(struct sessions *sessions); // at all, now
// False when there is none of this index. A row is good until the next look.
bool sessions_at(const struct sessions *sessions, size_t index, struct sessions_row *row);
// False while the directory has still to say whose one is: then they are not all known. After a minute it is nobody's.
bool sessions_all_named(const struct sessions *sessions);
void sessions_ask_idle(struct sessions *sessions);
bool sessions_connections_known(const struct sessions *sessions);

// Logs it off in its own time.
void sessions_end(struct sessions *sessions, const struct xrdp_session *session);
// Ends the connection to it; the session stays.
void sessions_disconnect(struct sessions *sessions, const struct xrdp_session *session);
// Ends the RDP server's process that asked the session manager from this port, see pam_protocol.h.
void sessions_refuse(struct sessions *sessions, uint16_t port);

// Ends quickly what may not run when this user comes in: a session of theirs that nobody can return to and, if
// `sole`, everybody else's. `done` comes later, once; false: something did not end.
typedef void sessions_done(void *arg, bool fine);
void sessions_clear(struct sessions *sessions, const char *user_name, bool sole, sessions_done *done, void *arg);
