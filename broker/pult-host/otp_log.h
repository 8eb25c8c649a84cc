// SPDX-License-Identifier: EUPL-1.2
// The used one-time passwords on disk: an accepted one is durable (fsync) before its answer leaves. A log that is
// appended to and rewritten when it has grown; a line cut short by a power failure is ignored. Writing happens in a
// thread, many entries at a time.
#pragma once
#include "broker/base/loop.h"
#include "broker/pult-host/used_otps.h"

struct otp_log;

// Fills `used` only. False with a fault when the file cannot be read; one that is not there is empty.
bool otp_log_read(const char *path, struct used_otps *used, struct fault *why) __attribute__((warn_unused_result));
// Fills `used`, which outlives the log. NULL with a fault when the file can be neither read nor made.
struct otp_log *otp_log_open(struct loop *loop, const char *path, struct used_otps *used, struct fault *why);
void otp_log_free(struct otp_log *otp_log); // what is under way gets no answer; NULL allowed

typedef void otp_log_done(void *arg, bool kept);
// `done` comes later, once; false: it is not on the disk.
void otp_log_keep(struct otp_log *otp_log, const char *nonce, const struct admission *admission, otp_log_done *done,
                  void *arg);
// The last write failed, so nobody can be admitted.
bool otp_log_is_broken(const struct otp_log *otp_log);
