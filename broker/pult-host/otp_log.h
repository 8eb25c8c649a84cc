// SPDX-License-Identifier: EUPL-1.2
// The gate's memory on disk: an accepted one-time password is on the disk (fsync) before anybody hears of it. Appended
// to and now and then written anew; what was half written when the power went is passed over. Writing happens in a
// thread, many entries at a time.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/used_otps.h"

struct otp_log;

// Fills `spent`, which outlives the ledger. NULL with a fault when the file can be neither read nor made.
struct otp_log *otp_log_open(struct loop *loop, const char *path, struct used_otps *used, struct fault *why);
void otp_log_free(struct otp_log *otp_log); // what is under way gets no answer; NULL allowed

typedef void otp_log_done(void *arg, bool kept);
// `done` comes later, once; false: it is not on the disk.
void otp_log_keep(struct otp_log *otp_log, const struct otp *otp, otp_log_done *done, void *arg);
// The last write failed, so nobody can be let in.
bool otp_log_is_broken(const struct otp_log *otp_log);
