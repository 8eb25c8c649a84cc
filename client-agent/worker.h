// SPDX-License-Identifier: EUPL-1.2
// What blocks (name resolution, Kerberos) runs in a thread of libuv's pool and comes back to the loop.
#pragma once
#include "broker/base/loop.h"

// `work(arg)` runs in another thread and touches nothing but what `arg` holds; then `done(arg)` runs in the loop.
// There is no way to stop it: who does not want the answer any more says so in `arg` and lets `done` free it.
void worker_run(struct loop *loop, loop_work *work, loop_work *done, void *arg);
