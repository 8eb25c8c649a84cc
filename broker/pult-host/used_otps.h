// SPDX-License-Identifier: EUPL-1.2
// What this host remembers of the one-time passwords it accepted: nonces until they expire, and of each user name the
// newest session with its fencing number. Memory only; otp_log.h keeps it on disk.
#pragma once
#include "broker/api/otp.h"
#include "broker/base/text.h"

enum {
    USED_OTPS_NONCES_MAX = 8192,
    USED_OTPS_USERS_MAX = 10000, // beyond, the one seen longest ago is forgotten
};

struct used_otps_user {
    char user_name[USER_NAME_SIZE];
    char session[ID_SIZE];
    int64_t fence;
    int64_t until_ms; // of the newest one-time password
};

struct used_otps;

struct used_otps *used_otps_new(void);
void used_otps_free(struct used_otps *used);

bool used_otps_used(const struct used_otps *used, const char *nonce);
// From now on it is used. False when too many are remembered: then nobody may be admitted.
bool used_otps_use(struct used_otps *used, const char *nonce, int64_t until_ms) __attribute__((warn_unused_result));
// Drops nonces that had expired at `now_ms`.
void used_otps_forget(struct used_otps *used, int64_t now_ms);
// NULL when nobody of this user name was here.
const struct used_otps_user *used_otps_user(const struct used_otps *used, const char *user_name);
int64_t used_otps_highest(const struct used_otps *used); // fencing number of anybody; 0: none
// The user name's newest, unless there is a newer one.
void used_otps_accept(struct used_otps *used, const struct otp *otp);

// The lines of the log that say so. False when the session or the user name is no word or line of text.
bool used_otps_print_one(const struct otp *otp, struct text *text) __attribute__((warn_unused_result));
// All that is still needed, as lines.
void used_otps_print(const struct used_otps *used, struct text *text);
// Notes what a line (without its end) says; it comes from a disk and may be anything.
bool used_otps_read_line(struct used_otps *used, const char *line, size_t length) __attribute__((warn_unused_result));
