// SPDX-License-Identifier: EUPL-1.2
// Codes that an app on a telephone shows (RFC 6238, as all of them do it: HMAC-SHA-1, six digits, 30 seconds).
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum {
    TOTP_SECRET_BYTES = 20,     // as RFC 4226 recommends
    TOTP_SECRET_TEXT_SIZE = 33, // base32 (RFC 4648, section 6)
    TOTP_DIGITS = 6,
    TOTP_STEP_MS = 30 * 1000,
    TOTP_SKEW = 1, // steps by which a telephone may be wrong, or a person late
    TOTP_URI_SIZE = 1024,
};

void totp_secret_new(unsigned char secret[TOTP_SECRET_BYTES]); // to be wiped, and what is made from it, too
void totp_secret_text(char text[TOTP_SECRET_TEXT_SIZE], const unsigned char secret[TOTP_SECRET_BYTES]);
// For the QR code that the app reads: "otpauth://totp/...". `issuer` and `account` are valid UTF-8, for people; a colon
// in them would end the issuer and becomes a space. False when they are too long.
bool totp_uri(char uri[TOTP_URI_SIZE], const char *issuer, const char *account,
              const unsigned char secret[TOTP_SECRET_BYTES]) __attribute__((warn_unused_result));
void totp_code(char code[TOTP_DIGITS + 1], const unsigned char secret[TOTP_SECRET_BYTES], int64_t step);
// Whether `typed` (hostile; spaces do not matter) is the code of a step about now that is behind *last_step, the last
// one that was used, which it becomes then: that has to be kept, for each code is good once. 0: none was.
bool totp_verify(const unsigned char secret[TOTP_SECRET_BYTES], const char *typed, int64_t wall_ms, int64_t *last_step)
    __attribute__((warn_unused_result));
