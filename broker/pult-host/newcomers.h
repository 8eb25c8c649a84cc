// SPDX-License-Identifier: EUPL-1.2
// People whom the gate has let in, watched until their desktop is there and stays: to be let in is not to have a
// desktop. xrdp answers whoever gets none with a logon box of its own, or with a black screen; such a connection is
// ended.
#pragma once
#include "broker/api/host_link.h"
#include "broker/pult-host/sessions.h"

struct newcomers;

// `was_running`: the desktop was there before, and its programs run, whatever the outcome.
typedef void newcomers_told(void *arg, const struct admission *admission, enum desktop_outcome outcome,
                            bool was_running);

// A desktop must be there within `desktop_ms`. Each is told of once; one that was ready once more if it then ended at
// once; none of whom left before.
struct newcomers *newcomers_new(struct loop *loop, struct sessions *sessions, int64_t desktop_ms, newcomers_told *told,
                                void *arg);
void newcomers_free(struct newcomers *newcomers); // before the sessions; NULL allowed
// `connection` as in pam_protocol.h; `asker`: the process in which PAM runs. To be called before PAM gets its answer:
// the connection that tells the RDP server's process closes after it.
void newcomers_add(struct newcomers *newcomers, const struct admission *admission, uint64_t connection, pid_t asker);

// ---- how it is judged, apart from where it is seen

struct newcomer_facts {
    bool connection;           // the RDP server's process is there
    bool gives_up;             // it ends by itself when nothing comes of the logon (xrdp from 0.10 on)
    bool answered;             // the session manager has answered it
    enum session_start start;  // of a session that the session manager opens
    bool is_there;             // a session of theirs
    bool older;                // it was there before they came
    bool listens;              // its X server runs so far that the RDP server can connect
    bool connected;            // to this connection
    bool ends;                 // it is being logged off
    int64_t window_manager_ms; // how long its window manager has been there; -1: it is not
};

struct newcomer_progress {
    int64_t began_ms, quiet_ms; // quiet: since when nothing is under way, 0: it is
    bool no_account;            // the host does not know the person
    bool began, failed;         // the session manager has begun with a session; its X server has ended
    bool was_there, had_screen, ready;
};

enum newcomer_verdict {
    NEWCOMER_WAITS,
    NEWCOMER_READY,  // from now on; what is not found again is watched for some seconds more
    NEWCOMER_OVER,   // nothing more to be told
    NEWCOMER_FAILED, // *outcome says how
};

enum newcomer_verdict newcomer_judge(struct newcomer_progress *progress, const struct newcomer_facts *facts,
                                     int64_t desktop_ms, int64_t now_ms, enum desktop_outcome *outcome);
