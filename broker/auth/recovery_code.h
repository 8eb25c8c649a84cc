// SPDX-License-Identifier: EUPL-1.2
// Codes on paper: for who has lost telephone or key, and the one that the help desk gives out to enrol the first.
// Random letters, 80 bits of them, so that a digest is all that needs to be kept, and the digest of one tells nothing.
#pragma once
#include "broker/base/text.h"

enum {
    RECOVERY_CODE_SIZE = 4 * 4 + 3 + 1, // "k7xw-2m9t-q0fe-z4hd"
    RECOVERY_DIGEST_SIZE = 2 * 32 + 1,
};

void recovery_code_new(char code[RECOVERY_CODE_SIZE]); // to be wiped
// Of a code as typed, hostile: capitals, spaces and dashes do not matter, and o, i and l are taken for the digits that
// they look like. `owner` is whose it is: the same code of somebody else has another digest. False: it cannot be one.
bool recovery_code_digest(char digest[RECOVERY_DIGEST_SIZE], const char *owner, const char *typed)
    __attribute__((warn_unused_result));
