// SPDX-License-Identifier: EUPL-1.2
// What passkeys are asked to sign. Nothing is kept of a question until it was answered rightly: it proves by itself
// that it is ours, of which page, and how old. Times are steady.
#pragma once
#include "broker/api/types.h"
#include "broker/base/sorted_table.h"

enum {
    CHALLENGE_BYTES = 32,
    CHALLENGE_SIZE = 2 * CHALLENGE_BYTES + 1, // hexadecimal
    CHALLENGE_RANDOM_BYTES = 8,
    CHALLENGE_MS = 5 * 60 * 1000,
};

struct challenges {
    unsigned char key[32]; // random
    struct sorted_table taken;
};

void challenges_fini(struct challenges *challenges);
// `holder`: the digest of a cookie of the page that asks.
void challenge_make(const struct challenges *challenges, const char *holder,
                    const unsigned char random[CHALLENGE_RANDOM_BYTES], int64_t now_ms, char text[CHALLENGE_SIZE]);
// Whether that page asked so, lately, and nobody has answered it yet. The text is hostile.
bool challenge_is_open(const struct challenges *challenges, const char *holder, const char *text, int64_t now_ms,
                       unsigned char bytes[CHALLENGE_BYTES]) __attribute__((warn_unused_result));
// One that is open was answered rightly.
void challenge_take(struct challenges *challenges, const unsigned char bytes[CHALLENGE_BYTES], int64_t now_ms);
