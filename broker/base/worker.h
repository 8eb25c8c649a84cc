// SPDX-License-Identifier: EUPL-1.2
// What blocks (name resolution, Kerberos) runs in a thread of its own and comes back to the loop. A thread cannot be
// stopped, but it can be left alone: it then ends whenever it ends, even after the loop.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/loop.h"

struct worker;

// `work(arg)` runs in another thread and touches nothing but what `arg` holds; then `done(arg)` runs in the loop.
// `drop(arg)` frees what `arg` holds when nobody needs it any more, in either thread. NULL with a fault, and `arg` not
// dropped, when there is no thread to be had.
struct worker *worker_new(struct loop *loop, loop_work *work, loop_work *done, loop_work *drop, void *arg,
                          struct fault *why);
// After `done`, or before it: then `done` does not come any more. Also from `done`. NULL allowed.
void worker_free(struct worker *worker);
