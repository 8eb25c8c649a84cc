// SPDX-License-Identifier: EUPL-1.2
// What is hashed, and how: the journal's chain and the checks of the other tables. SHA-256 throughout, numbers as
// 8 bytes, the highest first. One `struct digest` serves one thread and is used again and again: that is what makes
// checking a whole journal quick.
#pragma once
#include "broker/core/port.h"

enum { DIGEST_BYTES = STORE_HASH_BYTES, SALT_BYTES = 16 };

struct digest {
    struct evp_md_st *kind;
    struct evp_md_ctx_st *context;
};

void digest_init(struct digest *digest);
void digest_drop(struct digest *digest); // zeroes make it harmless

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, const void *bytes, size_t length);
void digest_add_number(struct digest *digest, uint64_t number);
void digest_end(struct digest *digest, unsigned char hash[DIGEST_BYTES]);

// SHA-256(salt, payload): the salt keeps an erased payload from being guessed by its hash.
void digest_payload(struct digest *digest, const unsigned char salt[SALT_BYTES], const void *payload, size_t length,
                    unsigned char hash[DIGEST_BYTES]);
// SHA-256(chain, seq, at_ms, payload hash): from the chain of the event before to this one's, in place.
void digest_link(struct digest *digest, unsigned char chain[DIGEST_BYTES], uint64_t seq, int64_t at_ms,
                 const unsigned char payload_hash[DIGEST_BYTES]);
// SHA-256(salt, id, key, user_name, name), each with its length before it.
void digest_person(struct digest *digest, const unsigned char salt[SALT_BYTES], const struct store_person *person,
                   unsigned char hash[DIGEST_BYTES]);
// SHA-256(seq, chain, bytes).
void digest_snapshot(struct digest *digest, uint64_t seq, const unsigned char chain[DIGEST_BYTES], const void *bytes,
                     size_t length, unsigned char hash[DIGEST_BYTES]);

// A sum over a set, whatever the order: rows come and go without the others being read again. Modulo 2^256.
void digest_sum_add(unsigned char sum[DIGEST_BYTES], const unsigned char hash[DIGEST_BYTES]);
void digest_sum_remove(unsigned char sum[DIGEST_BYTES], const unsigned char hash[DIGEST_BYTES]);

void number_put(unsigned char to[8], uint64_t number);
uint64_t number_get(const unsigned char from[8]);
