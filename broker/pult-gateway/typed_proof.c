// SPDX-License-Identifier: EUPL-1.2
#include "broker/pult-gateway/typed_proof.h"
#include "broker/base/mem.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

enum { LENGTHS = 8, TYPED_MAX = 2 * 512 };

static void digest_typed(unsigned char digest[TYPED_PROOF_BYTES], const unsigned char key[TYPED_PROOF_BYTES],
                         struct byte_span name, struct byte_span password)
{
    unsigned char typed[LENGTHS + 2 * TYPED_MAX];
    size_t length = LENGTHS + name.left + password.left;
    assert(name.left <= TYPED_MAX && password.left <= TYPED_MAX);
    byte_put_u32(typed, (uint32_t)name.left);
    byte_put_u32(typed + 4, (uint32_t)password.left);
    memcpy(typed + LENGTHS, name.at, name.left);
    memcpy(typed + LENGTHS + name.left, password.at, password.left);
    const unsigned char *made = HMAC(EVP_sha256(), key, TYPED_PROOF_BYTES, typed, length, digest, NULL);
    assert(made);
    explicit_bzero(typed, length);
}

void typed_proof_make(struct typed_proof *proof, struct byte_span name, struct byte_span password)
{
    int drawn = RAND_bytes(proof->key, sizeof proof->key);
    assert(drawn == 1);
    digest_typed(proof->digest, proof->key, name, password);
}

bool typed_proof_fits(const struct typed_proof *proof, struct byte_span name, struct byte_span password)
{
    unsigned char digest[TYPED_PROOF_BYTES];
    if (name.left > TYPED_MAX || password.left > TYPED_MAX)
        return false;
    digest_typed(digest, proof->key, name, password);
    return secret_equal(digest, proof->digest, sizeof digest);
}
