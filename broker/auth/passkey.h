// SPDX-License-Identifier: EUPL-1.2
// Passkeys (Web Authentication, level 2): what a browser sends when one is enrolled and when one is used, read and
// verified. Home of libfido2. An attestation is neither asked for nor looked at: which make of key somebody has is
// theirs to choose.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PASSKEY_CHALLENGE_BYTES = 32,
    PASSKEY_DATA_MAX = 4096, // bytes of each thing that a browser sends
    PASSKEY_ID_MAX = 512,    // bytes; the standard allows twice as many
    PASSKEY_KEY_MAX = 259,   // bytes: RSA, a modulus of 2,048 bits and its exponent
    PASSKEY_ID_SIZE = (PASSKEY_ID_MAX + 2) / 3 * 4 + 1,
    PASSKEY_KEY_SIZE = (PASSKEY_KEY_MAX + 2) / 3 * 4 + 1,
};

struct passkey {
    char id[PASSKEY_ID_SIZE];   // base64url without padding, as browsers write it
    char key[PASSKEY_KEY_SIZE]; // the public one, base64
    int64_t algorithm;          // of COSE (RFC 8152)
    int64_t count;              // what its counter said last; 0: it has none
};

// What the browser was asked, and by whom.
struct passkey_question {
    const char *site;               // "gw.pult.example"
    const char *origin;             // "https://gw.pult.example"
    const unsigned char *challenge; // PASSKEY_CHALLENGE_BYTES random ones, used once
};

struct passkey_bytes {
    const unsigned char *at;
    size_t length;
};

// What it answers, hostile.
struct passkey_answer {
    struct passkey_bytes client_data;        // clientDataJSON
    struct passkey_bytes authenticator_data; // not the attestationObject around it
    struct passkey_bytes signature;          // not when one is enrolled
};

// FAULT_INVALID: it is not well formed. FAULT_DENIED: it is, but answers another question, or nobody touched the key.
bool passkey_enrol(struct passkey *passkey, const struct passkey_question *question,
                   const struct passkey_answer *answer, struct fault *why) __attribute__((warn_unused_result));
// The same; and FAULT_DENIED when another key has signed, or the counter says that this one was copied. When all is
// well the counter has moved on, which has to be kept.
bool passkey_verify(struct passkey *passkey, const struct passkey_question *question,
                    const struct passkey_answer *answer, struct fault *why) __attribute__((warn_unused_result));
