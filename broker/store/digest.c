// SPDX-License-Identifier: EUPL-1.2
#include "broker/store/digest.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

void digest_init(struct digest *digest)
{
    digest->kind = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    assert(digest->kind && digest->context);
    int right = EVP_DigestInit_ex2(digest->context, digest->kind, NULL);
    assert(right);
    (void)right;
}

void digest_drop(struct digest *digest)
{
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->kind);
    *digest = (struct digest){0};
}

void digest_begin(struct digest *digest)
{
    int right = EVP_DigestInit_ex2(digest->context, NULL, NULL);
    assert(right);
    (void)right;
}

void digest_add(struct digest *digest, const void *bytes, size_t length)
{
    int right = EVP_DigestUpdate(digest->context, bytes, length);
    assert(right);
    (void)right;
}

void digest_add_number(struct digest *digest, uint64_t number)
{
    unsigned char bytes[8];
    number_put(bytes, number);
    digest_add(digest, bytes, sizeof bytes);
}

void digest_end(struct digest *digest, unsigned char hash[DIGEST_BYTES])
{
    unsigned length = 0;
    int right = EVP_DigestFinal_ex(digest->context, hash, &length);
    assert(right && length == DIGEST_BYTES);
    (void)right;
}

void digest_payload(struct digest *digest, const unsigned char salt[SALT_BYTES], const void *payload, size_t length,
                    unsigned char hash[DIGEST_BYTES])
{
    digest_begin(digest);
    digest_add(digest, salt, SALT_BYTES);
    digest_add(digest, payload, length);
    digest_end(digest, hash);
}

void digest_link(struct digest *digest, unsigned char chain[DIGEST_BYTES], uint64_t seq, int64_t at_ms,
                 const unsigned char payload_hash[DIGEST_BYTES])
{
    unsigned char bytes[2 * DIGEST_BYTES + 16];
    memcpy(bytes, chain, DIGEST_BYTES);
    number_put(bytes + DIGEST_BYTES, seq);
    number_put(bytes + DIGEST_BYTES + 8, (uint64_t)at_ms);
    memcpy(bytes + DIGEST_BYTES + 16, payload_hash, DIGEST_BYTES);
    digest_begin(digest);
    digest_add(digest, bytes, sizeof bytes);
    digest_end(digest, chain);
}

static void add_text(struct digest *digest, const char *text)
{
    size_t length = strlen(text);
    digest_add_number(digest, length);
    digest_add(digest, text, length);
}

void digest_person(struct digest *digest, const unsigned char salt[SALT_BYTES], const struct store_person *person,
                   unsigned char hash[DIGEST_BYTES])
{
    digest_begin(digest);
    digest_add(digest, salt, SALT_BYTES);
    add_text(digest, person->id);
    add_text(digest, person->key);
    add_text(digest, person->user_name);
    add_text(digest, person->name);
    digest_end(digest, hash);
}

void digest_snapshot(struct digest *digest, uint64_t seq, const unsigned char chain[DIGEST_BYTES], const void *bytes,
                     size_t length, unsigned char hash[DIGEST_BYTES])
{
    digest_begin(digest);
    digest_add_number(digest, seq);
    digest_add(digest, chain, DIGEST_BYTES);
    digest_add(digest, bytes, length);
    digest_end(digest, hash);
}

void digest_sum_add(unsigned char sum[DIGEST_BYTES], const unsigned char hash[DIGEST_BYTES])
{
    unsigned carry = 0;
    for (int i = DIGEST_BYTES - 1; i >= 0; i--) {
        carry += (unsigned)sum[i] + hash[i];
        sum[i] = (unsigned char)carry;
        carry >>= 8;
    }
}

void digest_sum_remove(unsigned char sum[DIGEST_BYTES], const unsigned char hash[DIGEST_BYTES])
{
    int borrow = 0;
    for (int i = DIGEST_BYTES - 1; i >= 0; i--) {
        int left = sum[i] - hash[i] - borrow;
        sum[i] = (unsigned char)left;
        borrow = left < 0;
    }
}

void number_put(unsigned char to[8], uint64_t number)
{
    for (int i = 7; i >= 0; i--, number >>= 8)
        to[i] = (unsigned char)number;
}

uint64_t number_get(const unsigned char from[8])
{
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | from[i];
    return number;
}
