// SPDX-License-Identifier: EUPL-1.2
// Name and password that somebody typed, not kept, and known when they come again.
#pragma once
#include "broker/pult-gateway/byte_span.h"

enum { TYPED_PROOF_BYTES = 32 };

struct typed_proof {
    unsigned char key[TYPED_PROOF_BYTES], digest[TYPED_PROOF_BYTES]; // a key for each; HMAC-SHA256
};

// Both as the client wrote them.
void typed_proof_make(struct typed_proof *proof, struct byte_span name, struct byte_span password);
bool typed_proof_fits(const struct typed_proof *proof, struct byte_span name, struct byte_span password);
