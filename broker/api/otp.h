// SPDX-License-Identifier: EUPL-1.2
// One-time passwords for session hosts. One says who may open which session where, with which fencing number and
// until when; the broker signs it (ECDSA P-256), and a host believes it without asking. It goes where an RDP client
// puts its password, so its text is short: "P1." and 131 letters. Behind it may stand ":" and the typed password, for
// profiles whose sessions need that. That it works only once is the host's to keep: it remembers nonces and numbers.
#pragma once
#include "broker/api/types.h"
#include "broker/base/fault.h"

enum {
    OTP_TEXT_SIZE = 3 + 131 + 1,
    OTP_MS = 60 * 1000, // how long one is good for
    OTP_NONCE_SIZE = 17,
    OTP_KEY_TEXT_SIZE = 2 * 91 + 1, // public key: SubjectPublicKeyInfo of P-256 (RFC 5480), hexadecimal
};

struct otp {
    char session[ID_SIZE]; // "tenant/s-<16 digits>-<8 digits>", hexadecimal
    char host[ID_SIZE];    // of the same tenant
    char login[LOGIN_SIZE];
    int64_t fence;
    int64_t until_ms;           // wall clock of the broker; whole seconds
    char nonce[OTP_NONCE_SIZE]; // 16 hexadecimal digits
    bool sole;                  // the machine is for one person: whoever else has a session there has lost it
    bool password_follows;
};

struct otp_key;

// The broker's key; made (mode 0600) when there is none.
struct otp_key *otp_key_open(const char *path, struct fault *why); // NULL with why
struct otp_key *otp_key_public(const char *text);                  // NULL when it is none; the text is hostile
void otp_key_text(const struct otp_key *key, char text[OTP_KEY_TEXT_SIZE]);
void otp_key_free(struct otp_key *key); // NULL allowed

// Sets `nonce` too. False when the session is not named as above.
bool otp_sign(const struct otp_key *key, struct otp *otp, char text[OTP_TEXT_SIZE]) __attribute__((warn_unused_result));
// Whether `password`, hostile, begins as one does; nothing is checked.
bool otp_is_one(const char *password);
// Reads and verifies one for this login at this host. *rest: where the typed password begins, or the end. Whether
// it is too old, used or overtaken is not looked at.
bool otp_read(const struct otp_key *key, const char *password, const char *host, const char *login, struct otp *otp,
              const char **rest) __attribute__((warn_unused_result));
