// SPDX-License-Identifier: EUPL-1.2
// What is read out of X.509 certificates and their files (PEM). No passphrase is ever asked for.
#pragma once
#include "broker/base/fault.h"

#include <openssl/ssl.h>
#include <stdint.h>

enum { CERTIFICATE_DIGEST_BYTES = 32 };

// When somebody has to be told that one expires.
#define CERTIFICATE_SOON_MS (INT64_C(30) * 24 * 60 * 60 * 1000)

// SHA-256 of its DER.
void certificate_digest(const X509 *certificate, unsigned char digest[CERTIFICATE_DIGEST_BYTES]);
int64_t certificate_from_ms(const X509 *certificate); // wall clock; 0: its date cannot be read
int64_t certificate_until_ms(const X509 *certificate);
// Whether a CA's is one that it has made itself in the place of another: same key, same name, a later end.
bool certificate_renews(const X509 *newer, const X509 *older);

// The first one of a file; the caller frees it. NULL with FAULT_ABSENT (no such file) or FAULT_INVALID.
X509 *certificate_read(const char *path, struct fault *why);
// As PEM, for everybody to read, in place of what is there.
bool certificate_write(const char *path, const X509 *certificate, struct fault *why)
    __attribute__((warn_unused_result));
// All of a file, at least one; the caller frees them. NULL as above.
STACK_OF(X509) * certificate_read_all(const char *path, struct fault *why);
bool certificate_file_digest(const char *path, unsigned char digest[CERTIFICATE_DIGEST_BYTES], struct fault *why)
    __attribute__((warn_unused_result));
// Whether the first one of a file is for this name or address.
bool certificate_file_names(const char *path, const char *name);
// An IP address, which a certificate has in another place than a name.
bool certificate_name_is_address(const char *name);
// SHA-256, hexadecimal, of the CA that the last one of a file is, behind another: what a server shows with its own.
// False, and `digest` empty, when it is none.
bool certificate_file_authority(const char *path, char digest[2 * CERTIFICATE_DIGEST_BYTES + 1]);
// Whether the certificate of one file stands in another, which may hold many. Also true when either cannot be read.
bool certificate_file_holds(const char *many_path, const char *one_path);
// The first date on which a certificate of the file expires; 0 with why when there is none in it.
int64_t certificate_file_until_ms(const char *path, struct fault *why);

// What a server shows: its certificate, those above it, and its key.
struct certificate_pair {
    X509 *leaf;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    int64_t from_ms, until_ms; // of the leaf
};

// FAULT_INVALID: a file holds none, or key and certificate do not belong together.
bool certificate_pair_read(struct certificate_pair *pair, const char *certificate_file, const char *key_file,
                           struct fault *why) __attribute__((warn_unused_result));
void certificate_pair_drop(struct certificate_pair *pair);
// What the context shows from its next connection on, all of it or nothing. The kind of key must stay, for a context
// shows one of each kind.
bool certificate_pair_use(const struct certificate_pair *pair, SSL_CTX *context, struct fault *why)
    __attribute__((warn_unused_result));
