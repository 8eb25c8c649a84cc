// SPDX-License-Identifier: EUPL-1.2
// A session is logged off: its programs are asked to end while its screen is still there, then the window manager, and
// what is left is killed; then X server and channel server end and the session manager notices. Nothing else of the
// same person is touched, and the session manager itself never.
#pragma once
#include "broker/base/loop.h"
#include "broker/host-agent/inventory.h"

struct ending;

// How long each step may take.
struct ending_pace {
    int64_t programs_ms, leader_ms, killed_ms, server_ms;
};
extern const struct ending_pace ending_calm, ending_hurried;

// `gone`: the X server is no more. False: it did not even end by SIGKILL in time. May free the ending.
typedef void ending_done(void *arg, bool gone);

struct ending *ending_new(struct loop *loop, const struct desktop *session, const struct ending_pace *pace,
                          ending_done *done, void *arg);
// From now on at this pace.
void ending_hurry(struct ending *ending, const struct ending_pace *pace);
void ending_free(struct ending *ending); // leaves what is under way as it is; NULL allowed
