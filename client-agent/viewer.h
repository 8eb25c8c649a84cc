// SPDX-License-Identifier: EUPL-1.2
// The RDP client, upstream's xfreerdp3, in a sandbox that holds nothing but its X socket and the way to its host. Its
// arguments, the password among them, go through a pipe.
#pragma once
#include "broker/api/method.h"
#include "broker/base/child.h"

enum viewer_end {
    VIEWER_LOGGED_OFF, // also when xrdp gave the session to another desk: it says the same for both
    VIEWER_REPLACED,   // taken over by another connection, as Windows hosts say it
    VIEWER_ENDED,      // ended by an administrator or a time limit of the host
    VIEWER_LOST,       // the connection broke and could not be mended
    VIEWER_REFUSED,    // the host did not accept the log-on
    VIEWER_FALSE_HOST, // another certificate than the pinned one, or no TLS; no password was sent
    VIEWER_FAILED,     // the program itself
};

enum viewer_end viewer_end_of(int status);

struct viewer_config {
    const char *program, *sandbox; // paths of xfreerdp3 and bwrap
    const char *start;             // library that is loaded into it; NULL: none
    const char *drives_dir;        // what a session sees as the desk's drives
    const struct account *account; // NULL: runs as we do
};

struct viewer_task {
    const struct logon_answer *answer;
    const struct secret *password; // used when the answer holds none, or when it has to follow that one
    const char *display, *auth_file, *socket_path;
};

struct viewer;

typedef void viewer_ended(void *arg, enum viewer_end end, int status);

struct viewer *viewer_start(struct loop *loop, const struct viewer_config *config, const struct viewer_task *task,
                            viewer_ended *ended, void *arg, struct fault *why);
void viewer_stop(struct viewer *viewer); // `ended` still comes
void viewer_free(struct viewer *viewer); // also from `ended`; NULL allowed

enum { VIEWER_INPUT_SIZE = 4096 };
// The arguments, one a line, for its standard input; `input` is the caller's to wipe. FAULT_INVALID when something in
// the answer would break out of its line or the certificate is not pinned.
bool viewer_input(const struct viewer_config *config, const struct viewer_task *task, char input[VIEWER_INPUT_SIZE],
                  struct fault *why) __attribute__((warn_unused_result));
