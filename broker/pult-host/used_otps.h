// SPDX-License-Identifier: EUPL-1.2
// What this host remembers of the one-time passwords it accepted: nonces until they expire, and of each person the
// newest admission. Memory only; otp_log.h keeps it on disk.
#pragma once
#include "broker/api/otp.h"
#include "broker/base/text.h"

#include <sys/types.h>

enum {
    USED_OTPS_NONCES_MAX = 8192,
    USED_OTPS_PEOPLE_MAX = 10000, // beyond, the one seen longest ago is forgotten
};

// What let somebody in. It is what a desktop here is known by: session and uid say whose it is; the user name is what
// the session manager was told.
struct admission {
    char session[ID_SIZE];
    uid_t uid; // (uid_t)-1: the name was none of this host's
    char user_name[USER_NAME_SIZE];
    int64_t fence;
    int64_t until_ms; // of the one-time password
};

struct used_otps;

struct used_otps *used_otps_new(void);
void used_otps_free(struct used_otps *used);

bool used_otps_used(const struct used_otps *used, const char *nonce);
// From now on it is used. False when too many are remembered: then nobody may be admitted.
bool used_otps_use(struct used_otps *used, const char *nonce, int64_t until_ms) __attribute__((warn_unused_result));
// Drops nonces that had expired at `now_ms`.
void used_otps_forget(struct used_otps *used, int64_t now_ms);
// The newest that let this account in; NULL: none.
const struct admission *used_otps_of_uid(const struct used_otps *used, uid_t uid);
// The fencing number of the newest that let in this person, or somebody by this user name; 0: none.
int64_t used_otps_newest(const struct used_otps *used, const char *session, const char *user_name);
// From the one added last on; NULL: there are no more.
const struct admission *used_otps_last(const struct used_otps *used, size_t index);
int64_t used_otps_highest(const struct used_otps *used); // fencing number of anybody; 0: none
// The person's newest, unless there is a newer one.
void used_otps_accept(struct used_otps *used, const struct admission *admission);

// The lines of the log that say so. False when the session or the user name is no word or line of text.
bool used_otps_print_one(const char *nonce, const struct admission *admission, struct text *text)
    __attribute__((warn_unused_result));
// All that is still needed, as lines.
void used_otps_print(const struct used_otps *used, struct text *text);
// Notes what a line (without its end) says; it comes from a disk and may be anything.
bool used_otps_read_line(struct used_otps *used, const char *line, size_t length) __attribute__((warn_unused_result));
