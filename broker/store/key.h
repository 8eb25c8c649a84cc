// SPDX-License-Identifier: EUPL-1.2
// The key that signs the journal's head: ECDSA P-256, a PEM file (PKCS #8) of mode 0600, so that its public half can be
// given to a log host with ordinary tools.
#pragma once
#include "broker/base/fault.h"

#include <stddef.h>

enum { KEY_SIGNATURE_MAX = 72 }; // DER

struct key;

bool key_create(const char *path, struct fault *why) __attribute__((warn_unused_result));
// Refuses a key whose two halves do not belong together.
bool key_load(const char *path, struct key **key, struct fault *why) __attribute__((warn_unused_result));
void key_free(struct key *key); // NULL allowed

// `hash` is a SHA-256. Returns the signature's length.
size_t key_sign(struct key *key, const unsigned char hash[32], unsigned char signature[KEY_SIGNATURE_MAX]);
bool key_verify(struct key *key, const unsigned char hash[32], const unsigned char *signature, size_t length);
