// SPDX-License-Identifier: EUPL-1.2
// A session is logged off: its programs are asked to end while its screen is still there, then the window manager, and
// what is left is killed; then X server and channel server end and the session manager notices. Nothing else of the
// same person is touched, and the session manager itself never.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/inventory.h"

struct logoff;

// How long each step may take.
struct logoff_pace {
    int64_t programs_ms, window_manager_ms, killed_ms, server_ms;
};
extern const struct logoff_pace logoff_graceful, logoff_fast;

// `gone`: the X server is no more. False: it did not even end by SIGKILL in time. May free the logoff.
typedef void logoff_done(void *arg, bool gone);

struct logoff *logoff_new(struct loop *loop, const struct xrdp_session *session, const struct logoff_pace *pace,
                          logoff_done *done, void *arg);
// From now on at this pace.
void logoff_hurry(struct logoff *logoff, const struct logoff_pace *pace);
void logoff_free(struct logoff *logoff); // leaves what is under way as it is; NULL allowed
