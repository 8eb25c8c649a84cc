// SPDX-License-Identifier: EUPL-1.2
// What a browser says of a passkey. The first byte says which part of it is the input, the rest is as it should be:
// data of one that is enrolled or used (without the digest of the site, which nobody would guess), or client data.
#include "broker/auth/passkey.h"
#include "broker/auth/cbor_bounds.h"
#include "tests/fuzz/fuzz.h"

#include <assert.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

#define SITE "gw.pult.example"
#define CLIENT_DATA                                                                                                    \
    "{\"type\":\"webauthn.%s\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"origin\":\"https:/"     \
    "/" SITE "\"}"

static const unsigned char challenge[PASSKEY_CHALLENGE_BYTES];
static const struct passkey_question question = {SITE, "https://" SITE, challenge};

// A key that everybody knows, the base point of P-256; the signature is well formed, and no more.
static const struct passkey kept = {
    .id = "AQ",
    .key = "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==",
    .algorithm = -7,
};
static const unsigned char signature[] = {0x30, 6, 2, 1, 1, 2, 1, 1};

static void try_both(const char *client_data, size_t client_length, const uint8_t *data, size_t size)
{
    const struct passkey_answer answer = {.client_data = {(const unsigned char *)client_data, client_length},
                                          .authenticator_data = {data, size},
                                          .signature = {signature, sizeof signature}};
    struct passkey enrolled, used = kept;
    struct fault why;
    if (passkey_enrol(&enrolled, &question, &answer, &why)) {
        assert(enrolled.id[0] && enrolled.key[0] && enrolled.count >= 0);
        assert(enrolled.algorithm == -7 || enrolled.algorithm == -8 || enrolled.algorithm == -257);
    } else {
        assert(!enrolled.id[0] && !enrolled.key[0]);
    }
    bool verified = passkey_verify(&used, &question, &answer, &why);
    assert(!verified && used.count == kept.count); // no key signs everything
    (void)verified;
}

static void try_data(const char *purpose, const uint8_t *data, size_t size)
{
    unsigned char whole[PASSKEY_DATA_MAX + 1 + SHA256_DIGEST_LENGTH];
    char client_data[256];
    size_t length = size < PASSKEY_DATA_MAX ? size : PASSKEY_DATA_MAX;
    SHA256((const unsigned char *)SITE, strlen(SITE), whole);
    memcpy(whole + SHA256_DIGEST_LENGTH, data, length);
    int client_length = snprintf(client_data, sizeof client_data, CLIENT_DATA, purpose);
    try_both(client_data, (size_t)client_length, whole, SHA256_DIGEST_LENGTH + length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    size_t item = cbor_bounds_item(data + 1, size - 1);
    assert(item < size && (!item || cbor_bounds_item(data + 1, item) == item));
    (void)item;
    switch (data[0]) {
    case 'c':
        try_data("create", data + 1, size - 1);
        break;
    case 'g':
        try_data("get", data + 1, size - 1);
        break;
    default:
        try_both((const char *)data + 1, size - 1, data, 0);
    }
    return 0;
}
