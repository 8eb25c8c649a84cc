// SPDX-License-Identifier: EUPL-1.2
// What only the owners of certain certificates can open: CMS AuthEnvelopedData (RFC 5083), AES-256-GCM, as DER;
// OpenSSL's "openssl cms -decrypt" opens it, too. Whether a certificate has expired does not matter here.
#pragma once
#include "broker/base/fault.h"
#include "broker/base/text.h"

struct recipients; // certificates
struct envelope_key;

enum { ENVELOPE_PLAIN_MAX = 4 * 1024 * 1024, ENVELOPE_MAX = ENVELOPE_PLAIN_MAX + 256 * 1024 };

// All certificates of a PEM file; FAULT_INVALID as well when one has a key that cannot open anything (Ed25519).
struct recipients *recipients_load(const char *path, struct fault *why);         // NULL with why
void recipients_free(struct recipients *recipients);                             // NULL allowed
void recipients_describe(const struct recipients *recipients, struct text *out); // a line for each: subject, SHA-256

// 1 to ENVELOPE_PLAIN_MAX bytes. `sealed` is empty before, and the caller's. Any thread.
bool envelope_seal(const struct recipients *recipients, const void *bytes, size_t length, struct text *sealed,
                   struct fault *why) __attribute__((warn_unused_result));
// Without the key nobody can tell more than this: it is one, and whole at its ends. Hostile.
bool envelope_check(const void *sealed, size_t length, struct fault *why) __attribute__((warn_unused_result));

// A fresh P-256 key and a certificate for it that nothing has to vouch for, in one file (PEM, 0600). FAULT_CONFLICT:
// there is a file already.
bool envelope_key_create(const char *path, const char *name, struct fault *why) __attribute__((warn_unused_result));
// The private key of a certificate, PEM. A passphrase is asked for at the terminal.
struct envelope_key *envelope_key_load(const char *path, struct fault *why); // NULL with why
void envelope_key_free(struct envelope_key *key);                            // NULL allowed
// Hostile. Nothing comes out that was altered. `plain` is empty before, the caller's, and to be wiped.
bool envelope_open(const struct envelope_key *key, const void *sealed, size_t length, struct text *plain,
                   struct fault *why) __attribute__((warn_unused_result));
