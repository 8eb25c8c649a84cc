// SPDX-License-Identifier: EUPL-1.2
// A look at a tenant's directory, step by step, on connections of its own and in a thread of its own: what works, and
// what to do where something does not.
#pragma once
#include "broker/base/loop.h"
#include "broker/core/port.h"

struct checkup;

// `name`: whom to look for, as typed; "": anybody. `done` comes later, once. NULL, and no `done`, when there is no
// thread to be had.
struct checkup *checkup_new(struct loop *loop, const struct tenant *tenant, const char *credentials_dir,
                            const char *name, int64_t wait_ms, examine_done *done, void *arg);
// In `done`, or before: then it does not come.
void checkup_free(struct checkup *checkup);
