// SPDX-License-Identifier: EUPL-1.2
// The gate's memory on disk: an accepted one-time password is on the disk (fsync) before anybody hears of it. Appended
// to and now and then written anew; what was half written when the power went is passed over. Writing happens in a
// thread, many entries at a time.
#pragma once
#include "broker/base/loop.h"
#include "broker/host-agent/spent.h"

struct ledger;

// Fills `spent`, which outlives the ledger. NULL with a fault when the file can be neither read nor made.
struct ledger *ledger_open(struct loop *loop, const char *path, struct spent *spent, struct fault *why);
void ledger_free(struct ledger *ledger); // what is under way gets no answer; NULL allowed

typedef void ledger_done(void *arg, bool kept);
// `done` comes later, once; false: it is not on the disk.
void ledger_keep(struct ledger *ledger, const struct otp *otp, ledger_done *done, void *arg);
// The last write failed, so nobody can be let in.
bool ledger_is_broken(const struct ledger *ledger);
