// SPDX-License-Identifier: EUPL-1.2
// The RDP client, upstream's xfreerdp3, in a sandbox that holds nothing but its X socket and the way to its host. Its
// arguments, the password among them, go through a pipe.
#pragma once
#include "broker/api/method.h"
#include "broker/base/child.h"
#include "client-agent/window_watch.h"

enum rdp_client_end {
    RDP_CLIENT_LOGGED_OFF,        // also when xrdp gave the session to another desk: it says the same for both
    RDP_CLIENT_REPLACED,          // taken over by another connection, as Windows hosts say it
    RDP_CLIENT_ENDED,             // ended by an administrator or a time limit of the host
    RDP_CLIENT_LOST,              // the connection broke and could not be mended
    RDP_CLIENT_REFUSED,           // the host did not accept the logon
    RDP_CLIENT_WRONG_CERTIFICATE, // another certificate than the pinned one, or no TLS; no password was sent
    RDP_CLIENT_FAILED,            // the program itself
};

enum rdp_client_end rdp_client_end_of(int status);

struct rdp_client_config {
    const char *program, *sandbox; // paths of xfreerdp3 and bwrap
    const char *start;             // library that is loaded into it; NULL: none
    const char *drives_dir;        // what a session sees as the desk's drives
    const char *sound_dir;         // the desk's sound devices
    const struct account *account; // NULL: runs as we do
};

struct rdp_client_task {
    const struct logon_answer *answer;
    const struct secret *password; // used when the answer holds none, or when it has to follow that one
    const char *display, *auth_file, *socket_path;
    struct window_watch_screen screen; // of that display
    struct desk_keyboard keyboard;     // likewise
};

struct rdp_client;

typedef void rdp_client_ended(void *arg, enum rdp_client_end end, int status);

struct rdp_client *rdp_client_start(struct loop *loop, const struct rdp_client_config *config,
                                    const struct rdp_client_task *task, rdp_client_ended *ended, void *arg,
                                    struct fault *why);
void rdp_client_stop(struct rdp_client *viewer); // `ended` still comes
void rdp_client_free(struct rdp_client *viewer); // also from `ended`; NULL allowed

// Draws each pixel of the session as several. Its window has the session's size all the same: somebody has to enlarge
// it.
bool rdp_client_enlarges(const struct rdp_client_task *task);

enum { RDP_CLIENT_INPUT_SIZE = 4096 };
// The arguments, one a line, for its standard input; `input` is the caller's to wipe. FAULT_INVALID when something in
// the answer would break out of its line or the certificate is not pinned.
bool rdp_client_input(const struct rdp_client_config *config, const struct rdp_client_task *task,
                      char input[RDP_CLIENT_INPUT_SIZE], struct fault *why) __attribute__((warn_unused_result));
