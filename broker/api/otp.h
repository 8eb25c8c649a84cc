// SPDX-License-Identifier: EUPL-1.2
// One-time passwords for session hosts. One says who may open which session where, with which fencing number and
// until when; the broker makes it, and a host believes it without asking. It goes where an RDP client puts its
// password, so its text is short: "P1." and 88 letters. Behind it may stand ":" and the typed password, for profiles
// whose sessions need that. That it works only once is the host's to keep: it remembers nonces and numbers.
//
// What it says is vouched for by HMAC-SHA-256 (RFC 2104) with a key that the broker and this one host share. The
// broker derives it from a secret of its own (HKDF-Expand, RFC 5869) for the host's id and the certificate it was
// enrolled with, so it keeps none of them. A host that renews its certificate keeps its key, so what was made before
// is good after; one that is enrolled anew gets another. Who has a host's key can make passwords for this host
// and no other, and those who can read it there, its administrators, open any session there without one. Host and
// user name are also among what is vouched for, and deriving and vouching begin with labels of their own.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

enum {
    OTP_TEXT_SIZE = 3 + 88 + 1,
    OTP_MS = 60 * 1000, // how long one is good for
    OTP_NONCE_SIZE = 17,
    OTP_KEY_TEXT_SIZE = 2 * 32 + 1, // hexadecimal
};

struct otp {
    char session[ID_SIZE]; // "tenant/s-<16 digits>-<8 digits>", hexadecimal
    char host[ID_SIZE];    // of the same tenant
    char user_name[USER_NAME_SIZE];
    int64_t fence;
    int64_t until_ms;           // wall clock of the broker; whole seconds
    char nonce[OTP_NONCE_SIZE]; // 16 hexadecimal digits
    bool sole;                  // the machine is for one person: whoever else has a session there has lost it
    bool running; // only for the desktop of the session that runs there already, by the user name it was opened with,
                  // which its person, or somebody else, may not bear any more
    bool unrecorded; // the journal came from a backup and does not know whose some desktops there are: one that runs
                     // under this user name and account is theirs
    bool password_follows;
};

// The broker's secret. Made (mode 0600) when there is none.
struct otp_maker;
struct otp_maker *otp_maker_open(const char *path, struct fault *why); // NULL with why
void otp_maker_free(struct otp_maker *maker);                          // NULL allowed
// The key of a host, as text, which is wiped after use. `enrolment` is what changes when the host is enrolled anew.
bool otp_maker_key(const struct otp_maker *maker, const char *host, const char *enrolment, char text[OTP_KEY_TEXT_SIZE])
    __attribute__((warn_unused_result));
// Sets `nonce` too. False when the session is not named as above.
bool otp_make(const struct otp_maker *maker, const char *enrolment, struct otp *otp, char text[OTP_TEXT_SIZE])
    __attribute__((warn_unused_result));

// Whether two sessions are of one person, by their ids.
bool otp_same_person(const char *session, const char *other);

// A host's key.
struct otp_key;
struct otp_key *otp_key_read(const char *text); // NULL when it is none
bool otp_key_equal(const struct otp_key *a, const struct otp_key *b);
void otp_key_free(struct otp_key *key); // NULL allowed
// Whether `password`, hostile, begins as one does; nothing is checked.
bool otp_is_one(const char *password);
// Reads and verifies one for this user name at this host. *rest: where the typed password begins, or the end. Whether
// it is too old, used or overtaken is not looked at.
bool otp_read(const struct otp_key *key, const char *password, const char *host, const char *user_name, struct otp *otp,
              const char **rest) __attribute__((warn_unused_result));
