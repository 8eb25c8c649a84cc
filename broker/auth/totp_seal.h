// SPDX-License-Identifier: EUPL-1.2
// Secrets of TOTP as the journal keeps them: whoever has a copy of it without the broker's key can make no codes.
// AES-256-GCM; whose secret it is belongs to what is vouched for.
#pragma once
#include "broker/auth/totp.h"

enum {
    TOTP_SEAL_KEY_BYTES = 32,
    TOTP_SEALED_BYTES = 12 + TOTP_SECRET_BYTES + 16, // nonce, secret, tag
    TOTP_SEALED_SIZE = TOTP_SEALED_BYTES / 3 * 4 + 1,
};

// `owner` is the factor's id. False: OpenSSL cannot do it.
bool totp_seal(char sealed[TOTP_SEALED_SIZE], const unsigned char key[TOTP_SEAL_KEY_BYTES], const char *owner,
               const unsigned char secret[TOTP_SECRET_BYTES]) __attribute__((warn_unused_result));
// The secret is to be wiped. False, and it is all zeros: another key, another owner, or altered.
bool totp_unseal(unsigned char secret[TOTP_SECRET_BYTES], const unsigned char key[TOTP_SEAL_KEY_BYTES],
                 const char *owner, const char *sealed) __attribute__((warn_unused_result));
